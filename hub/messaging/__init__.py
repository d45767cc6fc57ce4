"""Messages: one attempt to tell one profile one thing, written once, sent effectively once."""
