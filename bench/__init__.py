"""Benchmarks: ratios against the best that a good engineer would write in an hour, measured in the same run."""
