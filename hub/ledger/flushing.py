"""Flushing: postings are copied out of the outboxes of their purses, and only then removed there.

Several processes may do it at the same time. What is copied twice is copied once, and an outbox is emptied only where
its purse is still as it was read.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from hub.ledger import store
from hub.ledger.model import Purse

log = structlog.get_logger(__name__)

BATCH: Final = 500
EVERY_SECONDS: Final = 0.5
AGE: Final = timedelta(seconds=0.5)
"""How long a posting may wait for the next one of its purse, which takes it along."""


async def keep(clock: Callable[[], datetime]) -> None:
    """Flush until cancelled. A database that is away is waited for."""
    while True:
        try:
            flushed = await step(now=clock())
        except PyMongoError as error:
            log.warning("flusher_waits_for_database", error=type(error).__name__)
            flushed = 0
        if flushed < BATCH:
            await asyncio.sleep(EVERY_SECONDS)


async def step(*, now: datetime) -> int:
    """Flush a batch of the purses that have waited longest, and tell how many there were."""
    purses = await store.unflushed(now - AGE, BATCH)
    await _flush(purses)
    return len(purses)


async def flush(owners: Collection[UUID]) -> None:
    """Flush all purses of these owners, as they are now."""
    while purses := await store.unflushed_of(owners):
        await _flush(purses)


async def born(row_id: Any) -> bool:
    """Flush the purse in whose outbox a row of this `_id` waits. False: there is none.

    Whoever looks a voucher up and does not find it asks this, and looks again.
    """
    purse = await store.bearing(row_id)
    if purse is not None:
        await _flush([purse])
    return purse is not None


async def _flush(purses: Sequence[Purse]) -> None:
    await store.copy_out([posting for purse in purses for posting in purse.outbox])
    await store.emptied(purses)
