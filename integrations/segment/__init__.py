"""Events in, by the Segment tracking spec: every existing SDK can send."""
