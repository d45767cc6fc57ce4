"""One folder per outside system. Knows `hub` only."""
