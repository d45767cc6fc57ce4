"""The rules of the ledger: moves become entries that sum to zero, and wallets that agree with them.

Values in, values out. Whoever computes a reversal asks `taken`, `expired` and `booked` of the past postings.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from hub.ledger import errors, model
from hub.ledger.model import Draw, Entry, Hold, Kind, Past, Purse, Terms, Wallet
from hub.ledger.moves import (
    Activate,
    Adjust,
    Capture,
    Earn,
    Exchange,
    Expire,
    Extend,
    Move,
    Reach,
    Reinstate,
    Release,
    Reserve,
    Restore,
    Spend,
    TakeBack,
)
from hub.ledger.page import Page, Way, in_ms, positive


def applied(
    purse: Purse, moves: Sequence[Move], posting: UUID, *, now: datetime
) -> tuple[Mapping[str, Wallet], tuple[Entry, ...]]:
    """Do the moves of a posting, in their order.

    Args:
        purse: as it is.
        moves: what is asked.
        posting: the posting's id, of which those of its lots and holds are made.
        now: when it holds.

    Returns:
        The wallets that were touched, as they are then, and the entries. Per currency these sum to zero.

    Raises:
        InsufficientPoints, NoSuchHold, HoldOver, NoSuchLot: nothing moves.
        ValueError: a move makes no sense, such as one of no points.
    """
    page = Page(purse, posting, in_ms(now))
    for number, move in enumerate(moves):
        _do(page, move, number)
    return page.full()


def _do(page: Page, move: Move, number: int) -> None:
    match move:
        case Earn():
            _give(page, Way(move.currency, model.ISSUED, move.origin, Kind.EARN), move, number)
        case Spend():
            draws = page.take_all(move.currency, move.points)
            page.out(Way(move.currency, model.SPENT, move.origin, Kind.SPEND), draws)
        case Reserve():
            _reserve(page, move, number)
        case Capture():
            _capture(page, move)
        case Release():
            hold = _held(page, move)
            page.hold(move.currency, drop=hold)
            page.put(Way(move.currency, model.HELD, hold.origin, Kind.RELEASE), hold.draws)
        case Restore():
            page.put(Way(move.currency, model.SPENT, move.origin, Kind.RESTORE), move.draws)
        case Adjust():
            _adjust(page, move, number)
        case Exchange():
            give(page, move)
            get(page, move, number)
        case _:
            _change(page, move)


def _change(page: Page, move: TakeBack | Expire | Extend | Reinstate | Activate) -> None:
    match move:
        case TakeBack():
            _take_back(page, move)
        case Expire():
            _expire(page, move)
        case Extend():
            _extend(page, move)
        case Reinstate():
            _reinstate(page, move)
        case Activate():
            _activate(page, move)
        case _:
            assert_never(move)


def give(page: Page, move: Exchange) -> None:
    """Take the points that are to be exchanged.

    Raises:
        InsufficientPoints: fewer can be spent.
        WorthNothing: they are too few for one of the other currency.
    """
    if not move.rate.of(move.points):
        raise errors.WorthNothing(move.points)
    page.out(Way(move.source, model.EXCHANGED, move.origin, Kind.EXCHANGE), page.take_all(move.source, move.points))


def get(page: Page, move: Exchange, number: int = 0) -> None:
    """Make the lot that the points become."""
    points = move.rate.of(move.points)
    way = Way(move.target, model.EXCHANGED, move.origin, Kind.EXCHANGE)
    _give(page, way, Earn(move.target, points, move.origin, page.now, move.expires_at), number)


def _give(page: Page, way: Way, move: Earn, number: int) -> None:
    usable_at = move.usable_at and in_ms(move.usable_at)
    expires_at = move.expires_at and in_ms(move.expires_at)
    terms = Terms(model.lot_id(page.posting, number), move.origin, page.now, usable_at, expires_at)
    page.put(way, [Draw(terms, positive(move.points))])


def _reserve(page: Page, move: Reserve, number: int) -> None:
    draws = page.take_all(move.currency, move.points)
    page.out(Way(move.currency, model.HELD, move.origin, Kind.HOLD), draws)
    hold = Hold(model.hold_id(page.posting, number), move.origin, in_ms(move.until), draws)
    page.hold(move.currency, add=hold)


def _capture(page: Page, move: Capture) -> None:
    hold = _held(page, move)
    if hold.until <= page.now:
        raise errors.HoldOver(hold.id, hold.until)
    page.hold(move.currency, drop=hold)
    page.line(Way(move.currency, model.HELD, hold.origin, Kind.CAPTURE), -hold.points)
    page.line(Way(move.currency, model.SPENT, hold.origin, Kind.CAPTURE), hold.points)


def _held(page: Page, move: Capture | Release) -> Hold:
    hold = page.wallet(move.currency).hold(move.hold)
    if hold is None:
        raise errors.NoSuchHold(move.hold)
    return hold


def _adjust(page: Page, move: Adjust, number: int) -> None:
    way = Way(move.currency, model.ADJUSTED, move.origin, Kind.ADJUST)
    if move.points > 0:
        _give(page, way, Earn(move.currency, move.points, move.origin, page.now, move.expires_at), number)
    else:
        page.out(way, page.take_all(move.currency, -move.points))


def _take_back(page: Page, move: TakeBack) -> None:
    now, only_pending = page.now, move.reach is Reach.ONLY_PENDING
    way = Way(move.currency, model.REVERSED, move.origin, Kind.TAKE_BACK)
    draws = page.take(
        move.currency,
        positive(move.points),
        lambda terms: terms.origin == move.origin and not (only_pending and terms.matured(now)),
    )
    left = move.points - sum(draw.points for draw in draws)
    if left and not only_pending:
        others = page.take(move.currency, left, lambda terms: terms.usable(now))
        left -= sum(draw.points for draw in others)
        draws = (*draws, *others)
    page.out(way, draws)
    if left and move.reach is Reach.NEGATIVE:
        page.owe(way, left)


def _expire(page: Page, move: Expire) -> None:
    page.settle(move.currency)
    points = sum(lot.left for lot in page.wallet(move.currency).lots)
    for draw in page.take(move.currency, points, lambda terms: terms.over(page.now)):
        # Of each lot by itself: whoever reverses what was earned has to know what of it has expired.
        page.out(Way(move.currency, model.EXPIRED, draw.terms.origin, Kind.EXPIRE), [draw])


def _extend(page: Page, move: Extend) -> None:
    lot = next((it for it in page.wallet(move.currency).lots if it.terms.lot == move.lot), None)
    if lot is None:
        raise errors.NoSuchLot(move.lot)
    terms = replace(lot.terms, expires_at=move.until and in_ms(move.until))
    page.change(move.currency, lot, terms, Kind.EXTEND)


def _reinstate(page: Page, move: Reinstate) -> None:
    for draw in move.draws:
        terms = replace(draw.terms, expires_at=move.until and in_ms(move.until))
        way = Way(move.currency, model.EXPIRED, terms.origin, Kind.REINSTATE)
        page.put(way, [Draw(terms, draw.points)])


def _activate(page: Page, move: Activate) -> None:
    usable_at = in_ms(move.usable_at)
    for lot in page.wallet(move.currency).lots:
        if lot.terms.origin == move.origin and not lot.terms.matured(page.now):
            page.change(move.currency, lot, replace(lot.terms, usable_at=usable_at), Kind.ACTIVATE)


def taken(past: Past, currency: str, origin: str) -> tuple[Draw, ...]:
    """Tell what was spent or held for an origin and not given back since: what `Restore` may be given."""
    kinds = frozenset({Kind.SPEND, Kind.HOLD, Kind.RELEASE, Kind.RESTORE})
    return _net(past, kinds, currency, origin)


def expired(past: Past, currency: str, origin: str) -> tuple[Draw, ...]:
    """Tell what has expired of an origin and was not reinstated since: what `Reinstate` may be given."""
    return _net(past, frozenset({Kind.EXPIRE, Kind.REINSTATE}), currency, origin)


def _net(past: Past, kinds: frozenset[Kind], currency: str, origin: str) -> tuple[Draw, ...]:
    terms: dict[UUID, Terms] = {}
    points: defaultdict[UUID, int] = defaultdict(int)
    for posting in past:
        for entry in posting.entries:
            if (entry.currency, entry.origin) == (currency, origin) and entry.kind in kinds and entry.terms:
                terms.setdefault(entry.terms.lot, entry.terms)
                points[entry.terms.lot] -= entry.points
    return tuple(Draw(terms[lot], left) for lot, left in points.items() if left > 0)


def booked(past: Past, account: str, currency: str, origin: str) -> int:
    """Add up what an account has had of an origin, such as what of it is `reversed`."""
    return sum(
        entry.points
        for posting in past
        for entry in posting.entries
        if (entry.account, entry.currency, entry.origin) == (account, currency, origin)
    )
