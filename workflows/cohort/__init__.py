"""Cohorts: one workflow drives all live runs of one journey version."""
