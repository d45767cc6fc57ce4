"""Rollups: what a profile's events add up to, which shop it prefers, and at which stage of its life it is."""
