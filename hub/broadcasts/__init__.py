"""Broadcasts: one message to everybody who is in a segment, at a time, at a pace, and to nobody twice."""
