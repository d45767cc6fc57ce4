"""The night of loyalty programs: one workflow that sleeps until the next one begins."""
