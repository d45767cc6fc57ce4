"""The keeper: a loop beside the router that finds cohorts nobody advances, and has them rung.

It lives outside Temporal, so that losing Temporal's whole database loses no run.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.journeys import cohorts

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 15.0
LATE: Final = timedelta(seconds=2)


async def keep(ring: Callable[[Iterable[str]], None], clock: Callable[[], datetime]) -> None:
    """Until cancelled, have cohorts rung whose runs are woken, or due for two seconds already."""
    while True:
        try:
            ring(await cohorts.overdue(clock() - LATE))
        except PyMongoError as error:
            log.warning("keeper_waits_for_database", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
