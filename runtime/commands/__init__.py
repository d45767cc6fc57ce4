"""The verbs of `hub`, a file for each noun: its `app` is found by `runtime.cli`.

A file imports only what is cheap at its head and the rest inside its verbs, so that `hub --help` answers at once.
"""
