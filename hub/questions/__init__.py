"""Questions that a shop asks its customers, and their answers."""
