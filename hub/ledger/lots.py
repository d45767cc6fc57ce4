"""Lots: points are taken from them and put back, oldest expiry first."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from hub.ledger.model import Draw, Lot, Terms

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def taken(lots: Sequence[Lot], points: int, which: Callable[[Terms], bool]) -> tuple[list[Draw], tuple[Lot, ...]]:
    """Take up to so many points from the lots that may be used, those first that expire first.

    Returns:
        What was taken, and the lots as they are then. One that is empty is no more.
    """
    draws: list[Draw] = []
    left: dict[UUID, int] = {}
    for lot in sorted((it for it in lots if which(it.terms)), key=order):
        part = min(lot.left, points)
        if part == 0:
            break
        points -= part
        left[lot.terms.lot] = lot.left - part
        draws.append(Draw(lot.terms, part))
    # A lot that is not touched stays the same object: what is the same is not written.
    after = (Lot(lot.terms, left[lot.terms.lot]) if lot.terms.lot in left else lot for lot in lots)
    return draws, tuple(lot for lot in after if lot.left)


def put(lots: Sequence[Lot], draws: Iterable[Draw]) -> tuple[list[Draw], tuple[Lot, ...]]:
    """Put points into their lots. One that is there holds by its present terms, one that is not comes to be again.

    Returns:
        What was put, by the terms that hold for it, and the lots as they are then.
    """
    after = {lot.terms.lot: lot for lot in lots}
    done: list[Draw] = []
    for draw in draws:
        lot = after.get(draw.terms.lot, Lot(draw.terms, 0))
        after[lot.terms.lot] = Lot(lot.terms, lot.left + draw.points)
        done.append(Draw(lot.terms, draw.points))
    return done, tuple(after.values())


def order(lot: Lot) -> tuple[datetime, datetime, UUID]:
    """Say in which order lots are spent: those first that expire first."""
    return (lot.terms.expires_at or _NEVER, lot.terms.earned_at, lot.terms.lot)
