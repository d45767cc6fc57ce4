"""The keeper of profiles: a loop beside the router that completes them, and moves those whom time alone moves.

Several processes may run it at the same time: what each saves is guarded by the profile's revision, and what each
announces has a key.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.intake import backfill, standing
from hub.intake.standing import Defined, Definitions
from hub.kit import ids
from hub.profiles import listing
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from hub.rollups import rules as rollups
from hub.segments import tallying

log = structlog.get_logger(__name__)

BATCH: Final = 500
EVERY_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.05
"""Between two batches, so that events are routed meanwhile."""


async def keep(clock: Callable[[], datetime]) -> None:
    """Do it until cancelled. A database that is away is waited for."""
    definitions = Definitions()
    while True:
        try:
            worked = await step(definitions, clock)
        except PyMongoError as error:
            log.warning("keeper_waits_for_database", error=type(error).__name__)
            worked = 0
        await asyncio.sleep(PAUSE_SECONDS if worked else EVERY_SECONDS)


async def step(definitions: Definitions, clock: Callable[[], datetime]) -> int:
    """Do one batch of both, and tell how many profiles were due or behind."""
    defined = await definitions.current()
    if not defined.is_settled:  # somebody has died between the two, or is just at it
        await tallying.settle(now=clock())
        defined = await definitions.current()
    moved = await move(defined, now=clock())
    return moved + await backfill.step(defined, now=clock())


async def move(defined: Defined, *, now: datetime) -> int:
    """Bring profiles that are due up to `now`, announce what has changed, and tell how many were due.

    A profile stays due until it is announced: an attempt that dies in between is made again.
    """
    due = await listing.due(now, BATCH)
    passed = [_passed(profile, defined, now) for profile in due]
    waiting = [profile for profile in passed if standing.is_moved(profile)]
    written = await profiles.save_standing(waiting, token=ids.new_id())
    await standing.tell(standing.as_saved(waiting, written), now=now)
    # Due by rules that are no longer the published ones: the back-fill says when to look again.
    idle = [rollups.undue(profile, now=now) for profile in passed if not standing.is_moved(profile)]
    await profiles.save_standing(idle, token=ids.new_id())
    return len(due)


def _passed(profile: Profile, defined: Defined, now: datetime) -> Profile:
    try:
        return standing.passed(profile, defined, now=now)
    except Exception as error:
        # Whatever is wrong belongs to this profile and must hold up no neighbour: its next event looks again.
        log.exception("profile_not_moved", profile_id=str(profile.id), error=type(error).__name__)
        return standing.undecided(profile, now=now)
