"""What segments ask of events is counted by tallies, which come and go with the segments that ask for them.

A segment is published first, then what it asks for: until that is there and complete for a profile, the segment moves
nobody by it. Whoever dies in between leaves it to the keeper, which looks whether the two agree.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from hub.conditions import tallies
from hub.conditions.model import Tally
from hub.kit.problems import InvalidDefinition, Problem
from hub.rollups import store as rollups
from hub.rollups.tallies import is_tally
from hub.segments import language, store
from hub.segments.model import Segment
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
    done, total = await store.progress(version.edition)
    wanted = asked_by([version]).keys()
    if not wanted:
        return done, total
    published = {it.name: it.edition for it in await rollups.DEFINITIONS.live(wanted)}
    if published.keys() != wanted:
        return 0, total
    counted, _ = await rollups.progress(max(published.values()))
    return min(done, counted), total
