"""Temporal: the workflows that drive cohorts of runs. Knows `hub` only."""
