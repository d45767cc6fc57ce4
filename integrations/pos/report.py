"""What a till is answered: that a message is kept, and how its store's day compares with what the hub has."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from hub.kit.money import Money
from hub.tills import closing, days
from hub.tills.closing import LineKind


class Kept(msgspec.Struct, frozen=True):
    """A message that is kept for good. `applied` says whether all that follows from it is done."""

    id: UUID
    applied: bool


class Amounts(msgspec.Struct, frozen=True):
    """An amount of one currency, as a decimal text."""

    currency: str
    amount: str


class Sums(msgspec.Struct, frozen=True):
    """How many there are, and what they come to."""

    count: int
    amounts: Sequence[Amounts]


class Both(msgspec.Struct, frozen=True):
    """What the tills say, null where they say nothing, and what the hub has."""

    tills: Sums | None
    hub: Sums


class Difference(msgspec.Struct, frozen=True):
    """Something of which tills and hub have not the same: a line by its name, or all of its kind without an `id`."""

    what: LineKind
    id: str | None
    tills: Sums
    hub: Sums


class Report(msgspec.Struct, frozen=True):
    """A day of a store. `differences` are of what the tills have said, and of nothing else."""

    store: str
    day: date
    since: datetime
    until: datetime
    orders: Both
    refunds: Both
    vouchers: Both
    joins: Both
    differences: Sequence[Difference]


def of(found: days.Report) -> dict[str, Any]:
    """Show a day."""
    day = found.day
    report = Report(
        store=day.store,
        day=day.day,
        since=day.since,
        until=day.until,
        orders=_both(found, LineKind.ORDER),
        refunds=_both(found, LineKind.REFUND),
        vouchers=_both(found, LineKind.VOUCHER),
        joins=_both(found, LineKind.JOIN),
        differences=[Difference(it.what, it.id, _sums(it.tills), _sums(it.hub)) for it in found.differences],
    )
    shown: dict[str, Any] = msgspec.to_builtins(report)
    return shown


def _both(found: days.Report, what: LineKind) -> Both:
    said = found.closing.said(what) if found.closing else None
    return Both(_sums(said) if said else None, _sums(found.hub[what]))


def _sums(sums: closing.Sums) -> Sums:
    amounts = [Amounts(code, str(Money(minor, code).amount)) for code, minor in sums.by_currency.items()]
    return Sums(sums.count, amounts)
