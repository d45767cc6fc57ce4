"""Rules that pick customers, and who is in a segment at any moment."""
