"""Moving boundaries: customers are counted anew, and each boundary walks as far as that moves it.

All of it is one transaction: what these customers count, how many there are, and where each end begins. Whoever comes
second finds another `rev` and does nothing; whoever dies has done nothing either. Whom a boundary has passed stays
written down until they were told.

A boundary walks along the index by as many places as it is off, however many customers there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from pymongo.asynchronous.client_session import AsyncClientSession

from hub.conditions.model import End, Ranked
from hub.rankings import model, store
from hub.rankings.model import Place, number_of
from hub.rankings.store import Kept, PlaceDocument, Rankings, Span

_FAR: Final = 10_000
"""So many places to walk cost more than to count from the first one."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a profile counts anew: its place by each number that is known of it. `silent` is not announced."""

    profile_id: UUID
    places: Mapping[str, Place | None]
    silent: bool = False


@dataclass(frozen=True, slots=True)
class _Change:
    profile_id: UUID
    number: str
    old: Place | None
    new: Place | None
    silent: bool


class _Changed(Exception):
    """Somebody else has moved the boundaries meanwhile."""


async def moved(
    before: Rankings, start: Rankings, counted: Sequence[Counted], *, places: int | None = None
) -> Rankings | None:
    """Count profiles anew, and move the boundaries.

    Args:
        before: as it was read.
        start: with the ends and the numbers that are to be kept from now on.
        counted: what has changed.
        places: how many places MongoDB counts by itself, where everybody is to be counted anew.

    Returns:
        How it is now. None where somebody else did it at the same time: nothing was done.
    """

    async def work(session: AsyncClientSession) -> Rankings:
        after = await _moved(start, counted, session, places)
        if not await store.replace(before, after, session=session):
            raise _Changed
        return after

    client = PlaceDocument.get_pymongo_collection().database.client
    async with client.start_session() as session:
        try:
            return await session.with_transaction(work)
        except _Changed:
            return None


async def _moved(
    start: Rankings, counted: Sequence[Counted], session: AsyncClientSession, places: int | None
) -> Rankings:
    changes = await _changes(start, counted, session)
    await store.write([(it.profile_id, it.number, it.new) for it in changes], session=session)
    populations = dict(start.populations)
    for it in changes:
        populations[it.number] += (it.new is not None) - (it.old is not None)
    added = sum(populations.values()) - sum(start.populations.values())
    if places is not None:
        populations = {it: await store.population(it, session=session) for it in populations}
    ends: dict[Ranked, Kept] = {}
    spans = list(start.spans)
    for ranked, kept in start.ends.items():
        number = number_of(ranked)
        of_number = [it for it in changes if it.number == number]
        known = kept if places is None else replace(kept, members=None)
        ends[ranked] = after = await _settled(ranked, known, of_number, populations[number], session)
        if after.boundary != kept.boundary:
            silent = kept.members is None or any(it.silent for it in of_number)
            spans.append(_passed(ranked, kept.boundary, after.boundary, silent=silent))
    odd = start.odd if places is None else places + added - sum(populations.values())
    return Rankings(start.rev + 1, populations, ends, tuple(spans), odd)


async def _changes(start: Rankings, counted: Sequence[Counted], session: AsyncClientSession) -> list[_Change]:
    """Tell who stands elsewhere than when they were counted last."""
    known = await store.places_of([it.profile_id for it in counted], start.populations.keys(), session=session)
    found = [
        _Change(it.profile_id, number, known.get((it.profile_id, number)), new, it.silent)
        for it in counted
        for number, new in it.places.items()
        if number in start.populations
    ]
    return [it for it in found if it.old != it.new]


async def _settled(
    ranked: Ranked, kept: Kept, changes: Sequence[_Change], population: int, session: AsyncClientSession
) -> Kept:
    """Move the boundary of an end to where it belongs."""
    number, members = number_of(ranked), model.wanted(ranked.share, population)
    if not members:
        return replace(kept, boundary=None, members=0)
    boundary = kept.boundary
    if boundary is not None and kept.members is not None:
        came = sum(model.picks(ranked, it.new, boundary) - model.picks(ranked, it.old, boundary) for it in changes)
        boundary = await _walked(ranked, boundary, members - kept.members - came, session)
    if boundary is None or kept.members is None:
        boundary = await store.at(number, members, ranked.end, session=session)
    return replace(kept, boundary=boundary, members=members)


async def _walked(ranked: Ranked, start: Place, more: int, session: AsyncClientSession) -> Place | None:
    """Walk until so many more are in, or fewer; None where it is too far, or nobody is left."""
    if not more or abs(more) > _FAR:
        return None if more else start
    is_top, grows = ranked.end is End.TOP, more > 0
    return await store.beyond(
        number_of(ranked),
        start,
        more if grows else 1 - more,
        forward=is_top is grows,
        including=not grows,  # of those who are in, the last that stays is behind those who go
        session=session,
    )


def _passed(ranked: Ranked, old: Place | None, new: Place | None, *, silent: bool) -> Span:
    """Give all whom a boundary has passed. Where there was none, or is none, they are all up to that end."""
    number = number_of(ranked)
    if old is None or new is None:
        only = old or new
        low, high = (None, only) if ranked.end is End.TOP else (only, None)
    else:
        low, high = (old, new) if old.is_before(new) else (new, old)
    return Span(number, low, high, silent)
