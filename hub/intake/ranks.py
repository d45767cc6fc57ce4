"""The keeper of rankings: a loop beside the router by which an order moves others than who made it.

Who orders is moved by the event itself, by the boundary as it stands. Then the profile is marked, and here the
boundaries follow: the profile is counted anew, and whoever a boundary has passed is marked in turn and asked again.

Several processes may run it at the same time: one of them moves the boundaries and the others do nothing; what each
saves of a profile is guarded by the profile's revision, and what each announces has a key.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.intake import standing
from hub.intake.standing import Defined, Definitions
from hub.kit import ids
from hub.profiles import store as profiles
from hub.profiles import unranked
from hub.profiles.model import Profile, Unranked
from hub.rankings import keeping, store
from hub.rankings.moving import Counted
from hub.rankings.store import Rankings

log = structlog.get_logger(__name__)

BATCH: Final = 500
EVERY_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.05
"""Between two batches, so that events are routed meanwhile."""


async def keep(clock: Callable[[], datetime]) -> None:
    """Do it until cancelled. A database that is away is waited for."""
    definitions = Definitions()
    while True:
        try:
            worked = await step(await definitions.current(), now=clock())
        except PyMongoError as error:
            log.warning("rankings_wait_for_database", error=type(error).__name__)
            worked = 0
        await asyncio.sleep(PAUSE_SECONDS if worked else EVERY_SECONDS)


async def step(defined: Defined, *, now: datetime) -> int:
    """Count a batch of marked profiles anew, move the boundaries and who has passed them; tell how many were marked.

    A profile stays marked until it is sorted by boundaries that count it, and a span until all in it are marked: an
    attempt that dies in between is made again.
    """
    if not defined.segments.ranking and not (await store.load()).ends:
        return 0
    marked = [it for it in await unranked.marked(BATCH) if not _is_ahead(it, defined)]
    asked = defined.segments.ranked
    rankings = await keeping.keep(asked, [_counted(it, defined) for it in marked], now=now)
    if rankings is None:
        return len(marked)  # somebody else was faster
    passed = await _marked(rankings)
    await _sorted(marked, _by(defined, rankings), rankings.rev, now=now)
    return len(marked) + passed


def _is_ahead(profile: Profile, defined: Defined) -> bool:
    """Tell whether it was sorted by something newer, so that this process has to look again what there is."""
    newer_segments = profile.segments.get("edition", 0) > defined.segments.edition
    return newer_segments or profile.edition > defined.rollups.edition


def _counted(profile: Profile, defined: Defined) -> Counted:
    return Counted(profile.id, standing.counted(profile, defined), silent=profile.unranked is Unranked.SILENT)


async def _marked(rankings: Rankings) -> int:
    """Mark everybody whom a boundary has passed, and tell how many they are."""
    passed = 0
    for span in rankings.spans:
        found = await store.within(span)
        await unranked.mark(found, Unranked.SILENT if span.silent else Unranked.LOUD, rev=rankings.rev)
        passed += len(found)
    await keeping.told(rankings)
    return passed


def _by(defined: Defined, rankings: Rankings) -> Defined:
    return replace(defined, segments=replace(defined.segments, boundaries=rankings.boundaries))


async def _sorted(marked: Sequence[Profile], defined: Defined, rev: int, *, now: datetime) -> None:
    """Move those who stand elsewhere by the boundaries of the move `rev`, and take away the marks of all."""
    after = [_reranked(it, defined, rev, now) for it in marked]
    moving = [it for it, before in zip(after, marked, strict=True) if _is_changed(it, before)]
    written = await profiles.save_standing(moving, token=ids.new_id())
    saved = standing.as_saved(moving, written)
    resting = [it for it, before in zip(after, marked, strict=True) if not _is_changed(it, before)]
    await unranked.unmark([*saved, *resting], rev=rev)
    await standing.tell(saved, now=now)


def _is_changed(after: Profile, before: Profile) -> bool:
    return after.segments != before.segments or after.life != before.life


def _reranked(profile: Profile, defined: Defined, rev: int, now: datetime) -> Profile:
    try:
        return standing.reranked(
            profile, defined, now=now, cause=f"ranking/{rev}", announced=profile.unranked is not Unranked.SILENT
        )
    except Exception as error:
        # Whatever is wrong belongs to this profile and must hold up no neighbour: its next event looks again.
        log.exception("profile_not_ranked", profile_id=str(profile.id), error=type(error).__name__)
        return replace(profile, unranked=None)
