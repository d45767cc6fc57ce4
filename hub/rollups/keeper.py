"""The keeper of rollups: a loop beside the router that completes profiles, and moves those whom time alone moves.

Several processes may run it at the same time: what each saves is guarded by the profile's revision, and what each
announces has a key.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.rollups import backfill, rules, service, store
from hub.rollups.catalogue import Catalogue, Catalogues

log = structlog.get_logger(__name__)

BATCH: Final = 500
EVERY_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.05
"""Between two batches, so that events are routed meanwhile."""


async def keep(clock: Callable[[], datetime]) -> None:
    """Do it until cancelled. A database that is away is waited for."""
    catalogues = Catalogues()
    while True:
        try:
            catalogue = await catalogues.current()
            moved = await move(catalogue, now=clock())
            filled = await backfill.step(catalogue, now=clock())
        except PyMongoError as error:
            log.warning("rollups_wait_for_database", error=type(error).__name__)
            moved = filled = 0
        await asyncio.sleep(PAUSE_SECONDS if moved or filled else EVERY_SECONDS)


async def move(catalogue: Catalogue, *, now: datetime) -> int:
    """Bring the stages of profiles that are due up to `now`, announce what has changed, and tell how many were due.

    A profile stays due until it is announced: an attempt that dies in between is made again.
    """
    due = await profiles_store.load(await store.due(now, BATCH))
    passed = {profile.id: rules.passed(profile, catalogue, now=now) for profile in due.values()}
    waiting = [profile for profile in passed.values() if rules.unannounced(profile)]
    written = await profiles_store.save(waiting, token=ids.new_id())
    await service.tell([service.as_saved(profile) for profile in waiting if profile.id in written], now=now)
    # Due by rules that are no longer the published ones: the back-fill says when to look again.
    idle = [rules.announced(profile) for profile in passed.values() if not rules.unannounced(profile)]
    await profiles_store.save([rules.undue(profile, now=now) for profile in idle], token=ids.new_id())
    return len(due)
