"""Bulk: files of profiles, events, orders and consents on their way into the hub, and out of it."""
