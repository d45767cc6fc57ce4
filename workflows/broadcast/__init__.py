"""Broadcasts: one workflow drives one broadcast from its start until nothing of it waits any more."""
