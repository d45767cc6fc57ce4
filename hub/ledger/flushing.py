"""Flushing: postings are copied out of the outboxes of their purses, and only then removed there.

Several processes may do it at the same time. What is copied twice is copied once, and an outbox is emptied only where
its purse is still as it was read.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hub.ledger import outboxes, parts, telling
from hub.ledger.model import Posting
from hub.ledger.outboxes import Outbox

AGE: Final = timedelta(seconds=0.5)
"""How long a posting may wait for the next one of its purse, which takes it along."""

_AT_ONCE: Final = 1_000


async def flush_waiting(limit: int, *, now: datetime) -> list[UUID]:
    """Flush some of the purses that have waited longest, and name the owner of each."""
    found = await outboxes.waiting(now - AGE, limit)
    await _flush(found)
    return [it.owner for it in found]


async def flush_all(*, now: datetime) -> None:
    """Flush all that was booked by now."""
    while await flush_waiting(_AT_ONCE, now=now + AGE):
        pass


async def flush(owners: Collection[UUID]) -> None:
    """Flush all purses of these owners, as they are now."""
    while found := await outboxes.waiting_of(owners):
        await _flush(found)


async def born(row_id: Any) -> bool:
    """Flush the purse in whose outbox a row of this `_id` waits. False: there is none.

    Whoever looks a voucher up and does not find it asks this, and looks again.
    """
    found = await outboxes.bearing(row_id)
    if found is not None:
        await _flush([found])
    return found is not None


async def copy_out(postings: Sequence[Posting]) -> None:
    """Copy postings out, with what was born with them, and tell of them. Repeating it changes nothing."""
    await asyncio.gather(outboxes.copy_out(postings), telling.tell(postings))


async def _flush(found: Sequence[Outbox]) -> None:
    await parts.of_each(_flush_part, found)


async def _flush_part(found: Sequence[Outbox]) -> None:
    await copy_out([posting for it in found for posting in it.postings])
    await outboxes.emptied(found)
