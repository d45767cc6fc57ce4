"""The keeper of reports: a loop that settles what providers have told, many at once and within a second or two."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from hub.kit import ids
from hub.messaging import feedback, reports_waiting
from hub.messaging.reports_waiting import Bundle
from hub.profiles.suppression import Suppressions

log = structlog.get_logger(__name__)

BATCH: Final = 2_000
"""How many reports are settled together: the more, the more messages are changed alike, by one statement."""
EVERY_SECONDS: Final = 0.5
LEASE: Final = timedelta(seconds=60)
PUT_OFF: Final = timedelta(hours=1)


async def keep(suppressions: Suppressions, clock: Callable[[], datetime]) -> None:
    """Settle until cancelled. A database that is away is waited for."""
    while True:
        try:
            count = await step(suppressions, now=clock())
        except PyMongoError as error:
            log.warning("reports_wait_for_database", error=type(error).__name__)
            count = 0
        if not count:
            await asyncio.sleep(EVERY_SECONDS)


async def step(suppressions: Suppressions, *, now: datetime) -> int:
    """Settle what has waited longest, and tell how many reports that were."""
    token = ids.new_id()
    bundles = await reports_waiting.claim(BATCH, token=token, now=now, until=now + LEASE)
    if not await _settle(bundles, suppressions, token, now):
        # Which of them it is nobody knows: each is tried by itself, so that one spoils none of its neighbours.
        for bundle in bundles:
            if not await _settle([bundle], suppressions, token, now):
                await reports_waiting.put_off(bundle, token=token, until=now + PUT_OFF)
    return sum(len(it.rows) for it in bundles)


async def _settle(bundles: Sequence[Bundle], suppressions: Suppressions, token: UUID, now: datetime) -> bool:
    """Settle reports and forget them. Tells whether they could be settled."""
    if not bundles:
        return True
    try:
        await feedback.take_in(list(chain.from_iterable(it.reports for it in bundles)), suppressions, now=now)
    except PyMongoError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one report, the others must be settled
        log.warning("reports_not_settled", bundles=[str(it.id) for it in bundles], error=type(error).__name__)
        return False
    await reports_waiting.settled(bundles, token=token)
    return True
