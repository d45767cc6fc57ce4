"""Decisions: a recorded yes or no with its reason, so that "why did she not get it" is a query."""
