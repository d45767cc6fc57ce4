"""Profiles: one customer, found by identifiers, with traits."""
