"""The points ledger: every movement of points is a keyed posting that sums to zero and is never changed."""
