"""The one condition language: grammar, types against the catalogue, and evaluation on a value."""
