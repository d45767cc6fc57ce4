"""Use cases of the books: what points will cost, how they came and went in a month, and closing a month."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.books import closings
from hub.books.closings import Closing
from hub.books.model import InFuture, Liability, Line, Month, MonthNotOver, NotActive, OutOfTurn, RollForward
from hub.kit.money import Money
from hub.ledger import flows, flushing, model, outstanding
from hub.ledger.flows import Flow
from hub.ledger.outstanding import Outstanding
from hub.programs import service as programs
from hub.programs.model import Program, WalletKind

SETTLED: Final = timedelta(hours=1)
"""After so long nothing is on its way to the ledger any more under a time of booking of then."""

_NOTHING: Final = Outstanding()


@dataclass(frozen=True, slots=True)
class Closed:
    """A month that is closed; `new` is False where it was already."""

    closing: Closing
    new: bool


async def liability(program: str, at: datetime | None, *, now: datetime) -> list[Liability]:
    """Tell what the points of a program's spendable wallets will cost, by wallet.

    Args:
        program: its name.
        at: by the postings that hold by then, and by the version that was active then. None: now, by the purses.
        now: the time.

    Raises:
        NotActive: there was no such program.
        InFuture: it is not so late yet.
    """
    if at is not None and at > now:
        raise InFuture(at)
    found = await _program(program, at or now)
    if at is None:
        points = await outstanding.standing(program, now)
    else:
        await flushing.flush_all(now=now)
        points = await outstanding.replayed(program, at)
    wallets = [it for it in found.wallets.values() if it.kind is WalletKind.SPENDABLE]
    return [_liability(found, it.name, points.get(it.name, _NOTHING)) for it in wallets]


def _liability(program: Program, wallet: str, points: Outstanding) -> Liability:
    cost = program.wallets[wallet].cost
    if cost is None:
        return Liability(wallet, points)
    full, expected = (Money(it(points.spendable), program.currency) for it in (cost.full, cost.expected))
    return Liability(wallet, points, f"{cost.breakage:f}", full, expected)


async def roll_forward(program: str, month: Month, *, now: datetime) -> RollForward:
    """Tell how the points of a program came and went in a month, also while it lasts.

    Raises:
        NotActive: there is no such program.
    """
    found = await _program(program, now)
    await flushing.flush_all(now=now)
    closed = await closings.load(program)
    by_month = {it.month: it for it in closed}
    closing = by_month.get(month)
    # A program may change its zone: a month that is closed stays what it was.
    before = next((it for it in closed if it.month.next == month), None)
    since = before.until if before else month.begins(found.zone)
    until = closing.until if closing else month.next.begins(found.zone)
    added = await flows.flows(program, since, until, [it.fixed for it in closed])
    return RollForward(program, month, since, until, closing.closed_at if closing else None, _lines(added, found.brand))


def _lines(added: Iterable[Flow], brand: str) -> tuple[Line, ...]:
    sums: defaultdict[tuple[str, str], Counter[tuple[str, bool]]] = defaultdict(Counter)
    for it in added:
        sums[it.currency, it.brand or brand][it.account, it.before] += it.points
    return tuple(_line(wallet, of, sums[wallet, of]) for wallet, of in sorted(sums))


def _line(wallet: str, brand: str, points: Counter[tuple[str, bool]]) -> Line:
    own = (model.WALLET, model.HELD)
    opening = sum(points[account, True] for account in own)
    return Line(
        wallet=wallet,
        brand=brand,
        opening=opening,
        earned=-points[model.ISSUED, False],
        taken_back=points[model.REVERSED, False],
        spent=points[model.SPENT, False],
        expired=points[model.EXPIRED, False],
        adjusted=-points[model.ADJUSTED, False],
        exchanged=-points[model.EXCHANGED, False],
        moved=-points[model.TRANSFERRED, False],
        closing=opening + sum(points[account, False] for account in own),
    )


async def close(program: str, month: Month, *, by: str, now: datetime) -> Closed:
    """Close a month of a program: from now on it stays as it is. Closing it again answers the same.

    What is told of it later counts in the month in which it is booked.

    Raises:
        NotActive: there is no such program.
        MonthNotOver: it lasts, or has ended less than `SETTLED` ago.
        OutOfTurn: it is not the one after the month that was closed last.
    """
    zone = (await _program(program, now)).zone
    while True:
        closed = await closings.load(program)
        if (done := next((it for it in closed if it.month == month), None)) is not None:
            return Closed(done, new=False)
        last = closed[-1] if closed else None
        if last and last.month.next != month:
            raise OutOfTurn(month, last.month.next)
        until = month.next.begins(zone)
        if until + SETTLED > now:
            raise MonthNotOver(month, until + SETTLED)
        closing = Closing(program, len(closed) + 1, month, until, now - SETTLED, now, by)
        if await closings.insert(closing):
            return Closed(closing, new=True)


async def _program(name: str, at: datetime) -> Program:
    """Give the version of a program that was active at a time."""
    for version, program in (await programs.current()).at(at).items():
        if version.name == name:
            return program
    raise NotActive(name)
