"""The keeper of the audit: a loop beside the router that finds requests which were begun and never finished.

So a change is told of even where the process that made it died before it could.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.access import idempotency

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 15.0


async def keep(clock: Callable[[], datetime]) -> None:
    """Until cancelled, tell the audit of requests that nobody has finished."""
    while True:
        try:
            if count := await idempotency.tell_unfinished(clock()):
                log.warning("requests_unfinished", count=count)
        except PyMongoError as error:
            log.warning("audit_waits_for_database", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
