"""The log: what happened, immutable, in the words of the Segment spec."""
