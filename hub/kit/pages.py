"""Pages of a list that is sorted by a time and an id, newest first, with opaque cursors that survive new rows.

A page is found by the place where it begins, never by counting what stands before it.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, Self, TypeVar
from uuid import UUID

from hub.kit.errors import HubError

MOST: Final = 100
DEFAULT: Final = 20

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BYTES: Final = struct.Struct(">q16s")

T = TypeVar("T")
S = TypeVar("S")


class BadPage(HubError):
    """What was asked for is no page: the sentence names the argument."""

    code = "BAD_USER_INPUT"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands in its list. `at` has milliseconds, as MongoDB keeps them."""

    at: datetime
    id: UUID

    @property
    def cursor(self) -> str:
        """The place as clients see it: they keep it and do not look inside."""
        milliseconds = (self.at - _EPOCH) // timedelta(milliseconds=1)
        return base64.urlsafe_b64encode(_BYTES.pack(milliseconds, self.id.bytes)).decode()

    @classmethod
    def of(cls, cursor: str) -> Self:
        """Read a cursor.

        Raises:
            BadPage: it was not made here.
        """
        try:
            milliseconds, id_ = _BYTES.unpack(base64.b64decode(cursor, altchars=b"-_", validate=True))
            return cls(_EPOCH + timedelta(milliseconds=milliseconds), UUID(bytes=id_))
        except (binascii.Error, struct.error, ValueError, OverflowError):
            raise BadPage("A cursor is taken from an earlier answer, and this one is not.") from None


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows are wanted: `limit` of those between two places, the first of them or the `last`."""

    limit: int = DEFAULT
    after: Place | None = None
    before: Place | None = None
    last: bool = False


def span(first: int | None, after: str | None, last: int | None, before: str | None) -> Span:
    """Read the arguments of a connection, as the Relay specification names them.

    Raises:
        BadPage: they contradict each other, or one of them cannot be used.
    """
    if first is not None and last is not None:
        raise BadPage("Ask for the `first` or for the `last`, not for both.")
    limit = first if first is not None else last if last is not None else DEFAULT
    if not 0 <= limit <= MOST:
        raise BadPage(f"A page has at most {MOST} rows: `first` and `last` are 0 to {MOST}.")
    return Span(
        limit,
        after=None if after is None else Place.of(after),
        before=None if before is None else Place.of(before),
        last=last is not None,
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in the order of the list, each with its place, and whether there are others around them."""

    rows: tuple[tuple[Place, T], ...]
    has_next: bool
    has_previous: bool

    @classmethod
    def cut(cls, wanted: Span, found: list[tuple[Place, T]]) -> Self:
        """Make the page of rows that were read in the direction of `wanted`, one more than its limit if there are."""
        more = len(found) > wanted.limit
        kept = found[: wanted.limit]
        if wanted.last:
            # A cursor was taken from a row, so that one at least stands on its other side.
            return cls(tuple(reversed(kept)), has_next=wanted.before is not None, has_previous=more)
        return cls(tuple(kept), has_next=more, has_previous=wanted.after is not None)

    @classmethod
    def merged(cls, wanted: Span, parts: "Sequence[Page[T]]") -> Self:
        """Make one page of the same page of several lists, as if they had been one. No two rows may have one id."""
        rows = sorted((row for part in parts for row in part.rows), key=lambda row: row[0], reverse=not wanted.last)
        page = cls.cut(wanted, rows)
        has_next, has_previous = any(it.has_next for it in parts), any(it.has_previous for it in parts)
        return cls(page.rows, page.has_next or has_next, page.has_previous or has_previous)

    def each(self, make: Callable[[T], S]) -> "Page[S]":
        """Make something else of every row."""
        return Page(tuple((place, make(row)) for place, row in self.rows), self.has_next, self.has_previous)
