"""Which tier a member has reached, since when, and until when it stays."""
