"""The activity of a broadcast: takes step after step, and says for how long there is nothing to do."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from hub.broadcasts.advance import Advancer
from workflows import attempt
from workflows.broadcast.model import ADVANCE, Advance, Advanced

log = structlog.get_logger(__name__)

STAY_SECONDS: Final = 5.0
"""For how long one waits here. A longer wait is the workflow's."""
LONGEST_SECONDS: Final = 10.0
"""How long one attempt stays at most: well inside the activity's start-to-close timeout of 30 s."""


class BroadcastActivities:
    """Drives broadcasts for one worker.

    Args:
        advancer: advances broadcasts.
        queued: told whenever messages may have been queued.
    """

    def __init__(self, advancer: Advancer, queued: Callable[[], None]) -> None:
        self._advancer = advancer
        self._queued = queued

    @activity.defn(name=ADVANCE)
    async def advance(self, order: Advance) -> Advanced:
        """Take steps until there is nothing to do for a while, or the attempt has lasted long enough."""
        try:
            async with attempt.heartbeat():
                return await self._advance(UUID(order.broadcast), attempt.clock(order.now))
        except Exception as error:
            # What is raised is written into the workflow's history, where no customer may be quoted.
            log.exception("broadcast_not_advanced", broadcast=order.broadcast)
            raise ApplicationError(type(error).__name__, type=type(error).__name__) from None

    async def _advance(self, broadcast_id: UUID, clock: Callable[[], datetime]) -> Advanced:
        ends = time.monotonic() + LONGEST_SECONDS
        await self._advancer.begin(broadcast_id, clock())
        while True:
            step = await self._advancer.step(broadcast_id, clock())
            if step.queued:
                self._queued()
            idle = None if step.idle is None else step.idle.total_seconds()
            if idle is None or idle > STAY_SECONDS or time.monotonic() + idle > ends:
                break
            await asyncio.sleep(idle)
        idle_for = await self._advancer.end(broadcast_id, clock)
        return Advanced(idle_seconds=None if idle_for is None else idle_for.total_seconds())
