"""Who is a member of which program, since when, and how they came to be."""
