"""Segments: rules that pick profiles."""
