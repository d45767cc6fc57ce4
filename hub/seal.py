"""The one gate through which rows with personal data are written and read, and the list of where such data lies.

Every document declares in its `Settings.personal` what it holds of a person. Export and erasure walk these
declarations, so that a new collection cannot be forgotten. Today the gate lets everything through as it is; a later one
encrypts the named fields under a key per person, and erasing becomes the destruction of that key (docs/adr/0012).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import beanie

Row = dict[str, Any]


class Erasure(StrEnum):
    """What becomes of a row when the person it is about is erased."""

    DELETE = "delete"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Personal:
    """What a collection holds of a person.

    Attributes:
        owner: the field that names the profile; `_id` where the row is the profile's own, `key` where it names one of
            the profile's messages; None where it is not known, and the rows are found by the names they hold.
        fields: those that hold personal data. Erasure takes them away; an export shows the whole row.
        erase: `DELETE` removes the row. `BLANK` keeps it without its personal fields, where others count it.
        until_owned: the field that names the profiles a row comes from while its owner is not known.
        named: those of the fields that hold an address. The rows are found by it as well: they may be from before
            anybody knew whose it is.
    """

    owner: str | None
    fields: tuple[str, ...]
    erase: Erasure = Erasure.DELETE
    named: tuple[str, ...] = ()
    until_owned: str | None = None


class Gate(Protocol):
    """How one personal value is sealed and opened."""

    def shut(self, value: Any) -> Any:
        """Seal a value."""

    def open(self, value: Any) -> Any:
        """Open a sealed value."""


class _Standing:
    """Which gate stands: None lets everything through as it is."""

    gate: Gate | None = None


def personal_of(document: type[beanie.Document]) -> Personal | None:
    """Tell what a document holds of a person; None where it holds nothing.

    Raises:
        AttributeError: it does not say. Every document has to.
    """
    personal: Personal | None = document.Settings.personal
    return personal


def shut(document: type[beanie.Document], row: Row) -> Row:
    """Seal the personal fields of a row, or of the changes of one, before it is written."""
    gate = _Standing.gate
    return row if gate is None else _passed(gate.shut, document, row)


def opened(document: type[beanie.Document], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Open the personal fields of a row that was read, or of those of its fields that were."""
    gate = _Standing.gate
    return row if gate is None else _passed(gate.open, document, row)


def _passed(through: Callable[[Any], Any], document: type[beanie.Document], row: Mapping[str, Any]) -> Row:
    personal = personal_of(document)
    held = [name for name in personal.fields if row.get(name) is not None] if personal else []
    return {**row, **{name: _each(through, row[name]) for name in held}}


def _each(through: Callable[[Any], Any], value: Any) -> Any:
    # A list element by element, so that more can be pushed to it.
    return [through(it) for it in value] if isinstance(value, list) else through(value)


@contextmanager
def standing(gate: Gate) -> Iterator[None]:
    """Put up a gate for as long as the block lasts."""
    before, _Standing.gate = _Standing.gate, gate
    try:
        yield
    finally:
        _Standing.gate = before
