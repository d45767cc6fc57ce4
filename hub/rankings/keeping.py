"""Keeping rankings: which ends are kept, since somebody asks for them, and what has changed of them.

All customers are counted only where a ranking begins, or where somebody was erased: MongoDB's own count of all places
says so, and costs nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hub.conditions.model import Ranked
from hub.kit.errors import HubError
from hub.rankings import looking, moving, store
from hub.rankings.model import Boundaries, number_of
from hub.rankings.moving import Counted
from hub.rankings.store import Kept, Rankings

MOST: Final = 50
"""How many ends are kept: each is looked at with every order."""
KEPT_UNASKED: Final = timedelta(minutes=1)
"""How long an end is kept for which nobody asks: longer than it takes to publish who does."""


class TooManyRankings(HubError):
    """More ends of rankings are asked for than can be kept."""

    code = "TOO_MANY_RANKINGS"

    def __init__(self, asked: int) -> None:
        super().__init__(f"Segments ask for {asked} rankings, and {MOST} can be kept. Ask for the same shares.")
        self.asked = asked


async def begin(asked: Collection[Ranked], *, now: datetime) -> None:
    """Begin to keep these ends, before somebody is sorted by them. Their boundaries are looked up once, now.

    Raises:
        TooManyRankings: with those that are kept already.
    """
    while new := [it for it in asked if it not in (before := await store.load()).ends]:
        if (many := len(new) + len(before.ends)) > MOST:
            raise TooManyRankings(many)
        found = await boundaries(new)
        ends = {**before.ends, **{it: Kept(found[it], None, now) for it in new}}
        if await store.replace(before, replace(before, rev=before.rev + 1, ends=ends)):
            return


async def boundaries(asked: Collection[Ranked]) -> Boundaries:
    """Tell where ends begin: as kept, else looked up among all profiles."""
    if not asked:
        return {}
    kept = (await store.load()).boundaries
    found = {it: kept[it] for it in asked if it in kept}
    for path in {it.path: 0 for it in asked if it not in kept}:
        found |= await looking.up(path, [it for it in asked if it.path == path and it not in kept])
    return found


async def keep(asked: Collection[Ranked], counted: Sequence[Counted], *, now: datetime) -> Rankings | None:
    """Count profiles anew, and move the boundaries.

    Args:
        asked: the ends that somebody asks for.
        counted: what has changed.
        now: the time.

    Returns:
        How it is now. None where somebody else did it at the same time: nothing was done.
    """
    before = await store.load()
    wanted = _kept(before, asked, now)
    paths = {number_of(it): it.path for it in wanted}
    if gone := before.populations.keys() - paths.keys():
        await store.forget(paths.keys())
    begun = paths.keys() - before.populations.keys()
    for number in begun:
        await store.fill(paths[number])
    places = await store.counted()
    is_odd = bool(begun or gone) or places - sum(before.populations.values()) != before.odd
    open_ = any(it.members is None for it in wanted.values())
    if not counted and not is_odd and not open_ and wanted.keys() == before.ends.keys():
        return before
    populations = {number: before.populations.get(number, 0) for number in paths}
    start = replace(before, ends=wanted, populations=populations)
    return await moving.moved(before, start, counted, places=places if is_odd else None)


def _kept(before: Rankings, asked: Collection[Ranked], now: datetime) -> dict[Ranked, Kept]:
    """Leave out the ends for which nobody asks, and add those that are asked for and not kept."""
    kept = {it: known for it, known in before.ends.items() if it in asked or known.since > now - KEPT_UNASKED}
    return {**kept, **{it: Kept(None, None, now) for it in asked if it not in kept}}


async def told(rankings: Rankings) -> None:
    """Forget whom boundaries have passed: they were told."""
    if rankings.spans:
        await store.replace(rankings, replace(rankings, rev=rankings.rev + 1, spans=()))
