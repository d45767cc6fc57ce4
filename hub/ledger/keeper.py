"""The keeper of the ledger: a loop beside the router that copies postings out, and gathers what came too late.

It also posts what was agreed to by hand and not posted yet.

Several processes may run it at the same time: see `flushing` and `gathering`.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.ledger import adjusting, flushing, gathering

log = structlog.get_logger(__name__)

BATCH: Final = 500
EVERY_SECONDS: Final = 0.5


async def keep(clock: Callable[[], datetime]) -> None:
    """Do it until cancelled. A database that is away is waited for."""
    while True:
        try:
            flushed = await step(now=clock())
        except PyMongoError as error:
            log.warning("ledger_waits_for_database", error=type(error).__name__)
            flushed = 0
        if flushed < BATCH:
            await asyncio.sleep(EVERY_SECONDS)


async def step(*, now: datetime) -> int:
    """Flush a batch of the purses that have waited longest, and tell how many there were.

    Whoever was absorbed while somebody posted to them has still got what was posted: it goes over to their head.
    """
    owners = await flushing.flush_waiting(BATCH, now=now)
    await gathering.gather(set(owners), now=now)
    await adjusting.finish(now=now)
    return len(owners)
