"""The type checker of rankings: which numbers can be ranked, and where all customers are asked about."""

from collections.abc import Iterator
from typing import Final

from hub.conditions.model import Ranked
from hub.conditions.shapes import RANKING, SEGMENT, BadName, Names, Scope, shape_of

_NAMES_OF_A_NUMBER: Final = 2
"""Of one that a rollup keeps for a lifetime; that of a window has one more."""


def faults(part: Ranked, scope: Scope) -> Iterator[tuple[str, str]]:
    """Say why customers cannot be ranked by a number, or not here: code and sentence."""
    numbers = scope.get(RANKING)
    if not isinstance(numbers, Names):
        hint = ' Publish it as a segment, and ask for that one: `segment("NAME")`.' if SEGMENT in scope else ""
        yield "unknown_name", f"`{part.end}` is about all customers, and here one is asked about.{hint}"
        return
    try:
        shape_of(part.path, scope)
    except BadName as error:
        yield error.fault, error.message
        return
    is_of_rollup = isinstance(scope[part.path[0]], Names) and len(part.path) == _NAMES_OF_A_NUMBER
    if not is_of_rollup or part.path[1] not in numbers.known:
        said, listed = ".".join(part.path), ", ".join(numbers.known)
        yield "wrong_type", f"`{said}` is not ranked: `{part.end}` takes {listed} of a rollup, of its whole lifetime."
