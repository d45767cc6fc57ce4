"""The words that the day's generator, its oracle and its player share: phases, waits and the lines of the file.

The journey of the day waits an hour before its reminder and another hour before its last word. A test cannot: it plays
every customer's morning, noon and night together, phase by phase, and so keeps each event on its side of each wait.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]
"""One call of the Segment tracking spec, as it goes over the wire."""

WAIT = timedelta(hours=1)
"""From the checkout to the reminder."""

SECOND_WAIT = timedelta(hours=1)
"""From the reminder to the last word."""


class Phase(StrEnum):
    """Where an event stands between a customer's checkout and the two waits that begin there, in order."""

    BROWSE = "browse"
    CHECKOUT = "checkout"
    SIGN_IN = "sign_in"
    RETURN = "return"
    REMINDED = "reminded"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file. `kind` is the customer's, and explains a failure; nobody computes with it."""

    kind: str
    phase: Phase
    message: Message


def write(path: Path, lines: Iterable[Line]) -> None:
    """Write JSON Lines, byte for byte the same for the same lines."""
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            row = {"kind": line.kind, "phase": line.phase, "message": line.message}
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


def read(path: Path) -> Iterator[Line]:
    """Read what `write` wrote."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            row = json.loads(text)
            yield Line(kind=row["kind"], phase=Phase(row["phase"]), message=row["message"])
