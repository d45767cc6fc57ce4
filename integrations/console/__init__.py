"""A harmless sender for a developer's machine: messages go into an inbox that a person can open and read."""
