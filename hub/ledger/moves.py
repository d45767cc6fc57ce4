"""Moves: what a posting asks of a purse. `ledger.applied` says what becomes of it.

`origin` is what a move is about, and how it is found again: that of an order's earning, of its reversal.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from hub.ledger.model import Draw


class Reach(StrEnum):
    """How far points are taken back whose lot no longer holds them.

    `ONLY_PENDING`: not even all of the lot, only if it is pending still. `WITHIN_BALANCE`: what else can be spent goes,
    and the rest is forgiven. `NEGATIVE`: the rest is owed.
    """

    ONLY_PENDING = "only_pending"
    WITHIN_BALANCE = "within_balance"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Earn:
    """Make a lot. It pays what is owed as soon as it is usable."""

    currency: str
    points: int
    origin: str
    usable_at: datetime | None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """Take points for good, those first that expire first."""

    currency: str
    points: int
    origin: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Lock points, those first that expire first. The hold's id is `model.hold_id` of the posting and the move."""

    currency: str
    points: int
    origin: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Capture:
    """Take held points for good."""

    currency: str
    hold: UUID


@dataclass(frozen=True, slots=True)
class Release:
    """Put held points back into the lots they came from."""

    currency: str
    hold: UUID


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Take back earned points: from the lots of their origin, then as far as `reach` says.

    What was taken is in the entries of the account `reversed`.
    """

    currency: str
    points: int
    origin: str
    reach: Reach


@dataclass(frozen=True, slots=True)
class Restore:
    """Give spent points back into the lots they came from. `ledger.taken` tells what may be restored."""

    currency: str
    draws: tuple[Draw, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Expire:
    """Let go of what has expired."""

    currency: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Let a lot expire at another time. None: never."""

    currency: str
    lot: UUID
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reinstate:
    """Give expired points back, to expire at another time. `ledger.expired` tells what may be reinstated."""

    currency: str
    draws: tuple[Draw, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Activate:
    """Let the pending lots of an origin be usable from a time on."""

    currency: str
    origin: str
    usable_at: datetime


class Rounding(StrEnum):
    """What becomes of a part of a point."""

    DOWN = "down"
    NEAREST = "nearest"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Rate:
    """At which points of one currency become points of another: for every `takes` of the one, `gives` of the other."""

    takes: int
    gives: int
    rounding: Rounding

    def of(self, points: int) -> int:
        """Convert points. A half is rounded up."""
        whole, part = divmod(points * self.gives, self.takes)
        match self.rounding:
            case Rounding.UP:
                return whole + (part > 0)
            case Rounding.NEAREST:
                return whole + (2 * part >= self.takes)
        return whole


@dataclass(frozen=True, slots=True)
class Exchange:
    """Turn points of a currency into a new lot of another one of the same purse."""

    source: str
    target: str
    points: int
    rate: Rate
    origin: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Adjust:
    """Give points by hand, or take them (`points` below zero, as many as can be spent)."""

    currency: str
    points: int
    origin: str
    expires_at: datetime | None = None


Move: TypeAlias = (
    Earn
    | Spend
    | Reserve
    | Capture
    | Release
    | TakeBack
    | Restore
    | Expire
    | Extend
    | Reinstate
    | Activate
    | Adjust
    | Exchange
)
