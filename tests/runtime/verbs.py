"""What a test of a verb is given."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Verb: TypeAlias = Callable[..., Awaitable[Any]]
"""Runs `hub WORD ...` on the database of the test, and gives what it prints: text, or with `--json` what that says."""
