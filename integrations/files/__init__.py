"""Files of rows: CSV, JSON Lines and Parquet, read and written as a stream."""
