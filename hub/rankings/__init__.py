"""Who is at the top or the bottom of all customers by a number that a rollup keeps."""
