"""Closing a store's day: what its tills say of it is kept, and held against what the hub has whenever somebody asks."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final, TypeAlias

from hub.access.model import Caller, Limited
from hub.commerce import orders, stores
from hub.kit.errors import HubError
from hub.kit.local_time import instant, zone_of
from hub.membership import store as membership
from hub.membership.model import Way
from hub.tills import closing, store
from hub.tills.calls import source_of
from hub.tills.closing import (
    ClosedCount,
    ClosedReceipt,
    ClosedRefund,
    ClosedSums,
    ClosedVoucher,
    Closing,
    Day,
    DayClosed,
    Difference,
    Line,
    LineKind,
    Sums,
)
from hub.tills.model import MessageRefused
from hub.tills.properties import money_of
from hub.tills.service import store_of
from hub.vouchers import store as vouchers

ClosedLine: TypeAlias = ClosedReceipt | ClosedRefund | ClosedVoucher
LONGEST: Final = timedelta(hours=48)


class NoSuchDay(HubError):
    """Nobody can tell when a day of this store begins."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("The time zone of this store is not known: import the store, or have its tills close the day.")


@dataclass(frozen=True, slots=True)
class Report:
    """A day as the hub has it, and as the tills of the store say, if they have said something."""

    day: Day
    closing: Closing | None
    hub: Mapping[LineKind, Sums]
    differences: Sequence[Difference]


async def close(caller: Caller, said: DayClosed) -> Report:
    """Keep what the tills of a store say of a day, unless they have said something later, and tell how it compares.

    Raises:
        MessageRefused: it cannot be used; nothing is kept.
    """
    place = store_of(caller, said.store)
    lines: dict[LineKind, list[Line]] = {}
    sums: dict[LineKind, Sums] = {}
    closed: Mapping[LineKind, Sequence[ClosedLine] | ClosedSums | ClosedCount | None] = {
        LineKind.ORDER: said.orders,
        LineKind.REFUND: said.refunds,
        LineKind.VOUCHER: said.vouchers,
        LineKind.JOIN: said.joins,
    }
    for what, them in closed.items():
        if isinstance(them, ClosedCount):
            sums[what] = Sums(them.count)
        elif isinstance(them, ClosedSums):
            total = money_of(them.total, said.currency, f"{what}s.total")
            sums[what] = Sums(them.count, {total.currency: total.minor} if them.count else {})
        elif them is not None:
            lines[what] = [_line(f"{what}s[{at}]", it, said.currency, place) for at, it in enumerate(them)]
    kept = await store.keep(Closing(await _day(place, said), said.at.astimezone(UTC), lines, sums))
    return await _report(kept.day, kept)


async def report(caller: Caller, store_id: str, day: date) -> Report:
    """Tell what the hub has of a store's day, and where its tills say otherwise.

    Raises:
        Limited: the store is not one of the caller's.
        NoSuchDay: nobody can tell when the day begins.
    """
    if not caller.sees_store(store_id):
        raise Limited
    kept = await store.load(store_id, day)
    found = kept.day if kept else await _of_zone(store_id, day)
    if found is None:
        raise NoSuchDay
    return await _report(found, kept)


async def _report(day: Day, kept: Closing | None) -> Report:
    found = {
        LineKind.ORDER: [
            Line(LineKind.ORDER, it.order_id, it.gross)
            for it in await orders.receipts(source_of(day.store), day.since, day.until)
        ],
        LineKind.REFUND: [it async for it in _refunds(day)],
        LineKind.VOUCHER: [
            Line(LineKind.VOUCHER, it.order.order_id, None)
            for it in await vouchers.of_store(day.store, day.since, day.until)
            if it.order is not None
        ],
        LineKind.JOIN: [Line(LineKind.JOIN, "", None)]
        * await membership.joined_in(day.store, Way.STORE, day.since, day.until),
    }
    differing = closing.differences(kept, found) if kept else []
    return Report(day, kept, {what: closing.summed(lines) for what, lines in found.items()}, differing)


async def _refunds(day: Day) -> AsyncIterator[Line]:
    for order in await orders.refunded_in(day.store, day.since, day.until):
        for refund in order.refunds.values():
            if refund.store_id == day.store and day.since <= refund.at < day.until:
                name = _name(order.source, order.order_id, refund.refund_id, day.store)
                yield Line(LineKind.REFUND, name, order.given_back(refund))


def _line(path: str, it: ClosedLine, currency: str, place: str) -> Line:
    if isinstance(it, ClosedVoucher):
        return Line(LineKind.VOUCHER, it.order_id, None)
    amount = money_of(it.total, currency, f"{path}.total")
    if isinstance(it, ClosedReceipt):
        return Line(LineKind.ORDER, it.order_id, amount)
    source = it.order_source or source_of(it.order_store or place)
    return Line(LineKind.REFUND, _name(source, it.order_id, it.refund_id, place), amount)


def _name(source: str, order_id: str, refund_id: str, place: str) -> str:
    """Name a refund of the day: by its order, and by the source of that where another store or shop has sold it."""
    return "/".join([*([source] if source != source_of(place) else []), order_id, refund_id])


async def _day(place: str, said: DayClosed) -> Day:
    if said.since is not None and said.until is not None:
        since, until = said.since.astimezone(UTC), said.until.astimezone(UTC)
        if not timedelta() < until - since <= LONGEST:
            raise MessageRefused("until", "`until` is after `since`, by 48 hours at most.")
        return Day(place, said.day, since, until)
    found = await _of_zone(place, said.day)
    if found is None:
        raise MessageRefused("since", "Send `since` and `until`: the time zone of this store is not known.")
    return found


async def _of_zone(place: str, day: date) -> Day | None:
    known = (await stores.load([place])).get(place)
    zone = zone_of(known.opening.zone) if known else None
    return Day(place, day, instant(day, 0, zone), instant(day + timedelta(days=1), 0, zone)) if zone else None
