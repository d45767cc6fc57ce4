"""The keeper: a loop beside the router that rings the broadcasts which are due.

Their time has come, or somebody has changed them, or nobody looks after them any more. It lives outside Temporal, so
that losing Temporal's whole database loses no broadcast.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from hub.broadcasts import store
from hub.broadcasts.ports import BroadcastBell, NotRung

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 15.0
"""After which a broadcast is rung again that is due still. Every ring is written into its history."""


async def keep(bell: BroadcastBell, clock: Callable[[], datetime]) -> None:
    """Ring until cancelled."""
    rung: dict[tuple[UUID, int], float] = {}
    while True:
        try:
            due = await store.due(clock())
            now = time.monotonic()
            rung = {it: at for it, at in rung.items() if it in due and now - at < AGAIN_SECONDS}
            for it in due:
                if it not in rung:
                    await bell.ring(it[0])
                    rung[it] = now
        except (NotRung, PyMongoError) as error:
            log.warning("broadcasts_not_rung", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
