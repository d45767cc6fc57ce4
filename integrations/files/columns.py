"""Columns: how what is nested lies in the columns of a table, and back.

A column is named by its path and, where it is no text, its kind behind a colon: `address.city`, `vip:boolean`,
`visits:number`, `tags:json`. A table knows only texts, and a guess would make a number of a postal code.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, Self

import orjson

from hub.bulk.rows import BadRow

_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet takes for the beginning of a formula, also in full width; and behind apostrophes of the text."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
_YES_AND_NO: Final = {"true": True, "false": False}


class ColumnKind(StrEnum):
    """What stands in a column that is no text."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"


_KINDS: Final = frozenset(kind.value for kind in ColumnKind)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column's values lie in a row, and what they are; None is text."""

    path: tuple[str, ...]
    kind: ColumnKind | None = None

    @classmethod
    def of(cls, header: str) -> Self:
        """Read the name of a column."""
        name, colon, kind = header.strip().rpartition(":")
        if colon and kind in _KINDS:
            return cls(tuple(name.split(".")), ColumnKind(kind))
        return cls(tuple(header.strip().split(".")))

    @property
    def header(self) -> str:
        """The name of the column."""
        name = ".".join(self.path)
        return f"{name}:{self.kind}" if self.kind else name

    def read(self, text: str) -> Any:
        """Read a cell. An empty one is None.

        Raises:
            BadRow: it is not of the column's kind.
        """
        if not text:
            return None
        try:
            match self.kind:
                case None:
                    return bare(text)
                case ColumnKind.BOOLEAN:
                    return _YES_AND_NO[text.strip().lower()]
                case ColumnKind.NUMBER:
                    number = orjson.loads(text.strip())
                    if isinstance(number, int | float) and not isinstance(number, bool):
                        return number
                case ColumnKind.JSON:
                    return orjson.loads(text)
        except (KeyError, orjson.JSONDecodeError):
            pass
        raise BadRow("bad_cell", f"The column `{self.header}` holds something that is no {self.kind}.")

    def write(self, value: Any) -> str:
        """Write a cell."""
        if value is None:
            return ""
        if self.kind is None and not isinstance(value, bool | int | float | list | dict):
            return harmless(written(value))
        return orjson.dumps(value, default=str).decode()


def nested(columns: Sequence[Column], values: Sequence[Any]) -> dict[str, Any]:
    """Make a row of the values of its columns, one for each. What is None is left out.

    Raises:
        BadRow: one column says that a name is a value, and another that it has parts.
    """
    row: dict[str, Any] = {}
    for column, value in zip(columns, values, strict=True):
        if value is None:
            continue
        *outer, last = column.path
        inside = row
        for name in outer:
            inside = inside.setdefault(name, {})
            if not isinstance(inside, dict):
                raise BadRow("bad_column", f"The column `{column.header}` lies inside a column that is a value.")
        inside[last] = value
    return row


def flat(row: Mapping[str, Any], within: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give each value of a row with its path. A list is a value."""
    for name, value in row.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, (*within, name))
        else:
            yield (*within, name), value


def written(value: Any) -> str:
    """Write a value that is text, or a time, as text."""
    return value.isoformat() if isinstance(value, date) else str(value)


def harmless(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: an apostrophe before it makes it what it is.

    What is only a number stays: a phone number begins with a plus.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def bare(text: str) -> str:
    """Take away the apostrophe that `harmless` has put before a text."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text
