"""What segments ask of events is counted by tallies, which come and go with the segments that ask for them.

A segment is published first, then what it asks for: until that is there and complete for a profile, the segment moves
nobody by it. Whoever dies in between leaves it to the keeper, which looks whether the two agree.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from hub.conditions import tallies
from hub.conditions.model import Tally, segments_in
from hub.kit.problems import InvalidDefinition, Problem
from hub.profiles import unranked
from hub.rankings import store as rankings
from hub.rollups import store as rollups
from hub.rollups.tallies import is_tally
from hub.segments import catalogue, language, store
from hub.segments.catalogue import Catalogue
from hub.segments.model import Segment
from hub.segments.scope import ROOT, STAGE
from hub.segments.store import SegmentDocument

BY: Final = "hub"
"""Who publishes and deletes tallies."""


MOST: Final = 200
"""How much is counted of events for all segments together: a profile keeps it, which has 16 MB at most."""


async def settle(*, now: datetime) -> None:
    """Have counted what the live segments ask for, and nothing else. It may be repeated, and done at the same time."""
    while await _step(now):
        pass  # a segment may have come or gone meanwhile


async def _step(now: datetime) -> bool:
    """Publish what is missing and delete what nobody asks for; tell whether there was something to do."""
    counted = {it.name for it in await rollups.DEFINITIONS.live() if is_tally(it.name)}
    asked = asked_by(await store.DEFINITIONS.live())
    for name in sorted(asked.keys() - counted):
        await _publish(asked[name], now)
    for name in sorted(counted - asked.keys()):
        await rollups.DEFINITIONS.delete(name, check=lambda _: None, by=BY, key=f"{name} {now.isoformat()}", now=now)
    return counted != asked.keys()


async def _publish(tally: Tally, now: datetime) -> None:
    source = tallies.source_of(tally)
    await rollups.DEFINITIONS.publish(source, read=lambda _: tally.name, by=BY, key=tally.name, now=now)


def asked_by(live: Collection[SegmentDocument]) -> dict[str, Tally]:
    """Give what these segments have counted, by name."""
    return {name: it for one in live for name, it in language.read_published(one.source).tallies.items()}


def check_room(segment: Segment, others: Collection[SegmentDocument]) -> None:
    """Refuse a segment with which too much would be counted.

    Raises:
        InvalidDefinition: `too_large`.
    """
    if segment.tallies and len({**asked_by(others), **segment.tallies}) > MOST:
        message = f"With this rule, more than {MOST} things would be counted of events. Ask for what others ask too."
        raise InvalidDefinition([Problem(1, 1, "too_large", message)])


async def progress(version: SegmentDocument) -> tuple[int, int]:
    """Tell how many profiles are sorted by a segment and complete for what it has counted, of how many."""
    segment, edition = await _whole(version)
    done, total = await store.progress(edition)
    needed = await _needed(segment)
    if needed is None:
        return 0, total
    counted, _ = await rollups.progress(needed) if needed else (done, total)
    return min(done, counted), total


async def is_complete(version: SegmentDocument) -> bool:
    """Tell whether everybody is sorted by a segment, and complete for what it looks at: who is in is who should be."""
    segment, edition = await _whole(version)
    needed = await _needed(segment)
    if needed is None or await store.behind(edition, 1):
        return False
    if needed and await rollups.behind(needed, 1):
        return False
    return not segment.ranked or await _is_ranked()


async def _is_ranked() -> bool:
    """Tell whether everybody was looked at who is sorted by a new end of a ranking, or passed by its boundary then.

    Who has just bought something is marked as well, and is looked at within a second or two: nobody waits for that.
    """
    if any(it.silent for it in (await rankings.load()).spans):
        return False
    return not await unranked.is_sorting()


async def _whole(version: SegmentDocument) -> tuple[Segment, int]:
    """Give a segment with what those say for which it asks, and the newest edition of all of them."""
    found = {version.name: version}
    asked = segments_in(language.read_published(version.source).when)
    while missing := asked - found.keys():
        others = await store.DEFINITIONS.live(missing)
        found |= {it.name: it for it in others}
        asked = frozenset(name for it in others for name in segments_in(language.read_published(it.source).when))
    newest = max(it.edition for it in found.values())
    known = Catalogue.of([catalogue.read(it) for it in found.values()], edition=newest)
    return known.segments[version.name], known.editions[version.name]


async def _needed(segment: Segment) -> int | None:
    """Tell the edition of rollups that a profile must know to be complete for a segment; None: it is to come yet."""
    # Stages are rules of any rollups, and are decided anew with every one of them.
    everything = f"{ROOT}.{STAGE}" in segment.asks
    published = {it.name: it.edition for it in await rollups.DEFINITIONS.live(None if everything else segment.asks)}
    if not segment.tallies.keys() <= published.keys():
        return None
    return max(published.values(), default=0)
