"""The `hub` command, embedded servers and the wiring of adapters. Knows every room."""
