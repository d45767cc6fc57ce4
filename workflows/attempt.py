"""What every attempt of an activity has: the one clock, and a heart that beats."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio import activity

HEARTBEAT_SECONDS: Final = 1.0


def clock(workflow_now: datetime) -> Callable[[], datetime]:
    """Make the one clock: the workflow's time, plus the age of this attempt by Temporal's stamps, plus what passes.

    So neither a retry nor a long poll works with an old time, and a time-skipping server takes the same path.
    """
    info = activity.info()
    started = workflow_now.astimezone(UTC) + (info.started_time - info.scheduled_time)
    begun = time.monotonic()
    return lambda: started + timedelta(seconds=time.monotonic() - begun)


@asynccontextmanager
async def heartbeat() -> AsyncIterator[None]:
    """Say once a second that the attempt lives, as long as the block lasts."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
