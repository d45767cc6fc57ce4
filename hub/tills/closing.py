"""A store's day: what its tills say it comes to, what the hub has of it, and where the two differ."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hub.kit.money import Money
from hub.tills.model import Amount, Currency, Id, Moment

MOST_OF_A_DAY: Final = 10_000


class ClosedReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A receipt as the till's own journal has it: its newest version."""

    order_id: Id
    total: Amount


class ClosedRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A refund as the till's own journal has it, made in this store. The order is named as in the refund itself."""

    refund_id: Id
    order_id: Id
    total: Amount
    order_store: Id | None = None
    order_source: Id | None = None


class ClosedSums(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many there were, and what they come to, where a till keeps no list."""

    count: Annotated[int, Meta(ge=0, le=10**9)]
    total: Amount


class ClosedVoucher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a receipt took a voucher. Its code is not said: it is somebody's."""

    order_id: Id


class ClosedCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many there were, where that is all that a till knows."""

    count: Annotated[int, Meta(ge=0, le=10**9)]


class DayClosed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the tills of a store say of a day, all together: lists, or only the sums, or nothing.

    The day is that of the store's time zone, unless `since` and `until` say otherwise. The one closed last stands.
    """

    day: Annotated[date, Meta(description="The date of the day.")]
    at: Moment
    currency: Currency
    orders: Annotated[Sequence[ClosedReceipt], Meta(max_length=MOST_OF_A_DAY)] | ClosedSums | None = None
    refunds: Annotated[Sequence[ClosedRefund], Meta(max_length=MOST_OF_A_DAY)] | ClosedSums | None = None
    vouchers: Annotated[Sequence[ClosedVoucher], Meta(max_length=MOST_OF_A_DAY)] | ClosedCount | None = None
    joins: ClosedCount | None = None
    since: Moment | None = None
    until: Moment | None = None
    store: Id | None = None


class LineKind(StrEnum):
    """What a line of a day is of."""

    ORDER = "order"
    REFUND = "refund"
    VOUCHER = "voucher"
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a store, from a moment until before another one."""

    store: str
    day: date
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A receipt, refund or voucher by its name, and what it comes to; None where nobody knows, or it has no amount."""

    what: LineKind
    id: str
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Sums:
    """How many lines there are, and what those of each currency come to, in minor units."""

    count: int = 0
    by_currency: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closing:
    """What the tills of a store say of a day. Of what they do not list only the sums are compared, if they say any."""

    day: Day
    closed_at: datetime
    lines: Mapping[LineKind, Sequence[Line]]
    sums: Mapping[LineKind, Sums]

    def said(self, what: LineKind) -> Sums | None:
        """Give the sums of what they list, else those that they say; None where they say nothing of it."""
        return summed(self.lines[what]) if what in self.lines else self.sums.get(what)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of which tills and hub have not the same: a line by its name, or all of its kind where `id` is None."""

    what: LineKind
    id: str | None
    tills: Sums
    hub: Sums


def summed(lines: Iterable[Line]) -> Sums:
    """Add lines up. One that nobody knows the amount of is counted, and adds nothing."""
    counted, by_currency = 0, Counter[str]()
    for line in lines:
        counted += 1
        if line.amount is not None:
            by_currency[line.amount.currency] += line.amount.minor
    return Sums(counted, dict(sorted(by_currency.items())))


def differences(closing: Closing, kept: Mapping[LineKind, Sequence[Line]]) -> list[Difference]:
    """Say where the hub has something else than the tills of a store, line by line where they list them."""
    return [it for what in LineKind for it in _differences(closing, what, kept.get(what, ()))]


def _differences(closing: Closing, what: LineKind, kept: Sequence[Line]) -> Iterator[Difference]:
    if what in closing.lines:
        tills, hub = _by_name(closing.lines[what]), _by_name(kept)
        for name in sorted(tills.keys() | hub.keys()):
            pair = summed(tills.get(name, ())), summed(hub.get(name, ()))
            if pair[0] != pair[1]:
                yield Difference(what, name, *pair)
    elif (said := closing.sums.get(what)) is not None and said != (found := summed(kept)):
        yield Difference(what, None, said, found)


def _by_name(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.id, []).append(line)
    return found
