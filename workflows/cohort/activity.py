"""The activity of a cohort: advances what is woken or due, and says how long nothing will be.

While work arrives it stays and polls, with the awake flag up, so that a busy cohort needs no signals.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from hub.journeys import cohorts
from hub.journeys.advance import BATCH, Advancer
from workflows import attempt
from workflows.cohort.model import ADVANCE, Advance, Advanced

log = structlog.get_logger(__name__)

POLL_SECONDS: Final = 0.1
LINGER_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 10.0
"""How long one attempt stays at most: well inside the activity's start-to-close timeout of 15 s."""
FLAG_EVERY_SECONDS: Final = 2.0


class CohortActivities:
    """Drives cohorts for one worker.

    Args:
        advancer: advances runs.
        queued: told whenever messages may have been queued.
    """

    def __init__(self, advancer: Advancer, queued: Callable[[], None]) -> None:
        self._advancer = advancer
        self._queued = queued

    @activity.defn(name=ADVANCE)
    async def advance(self, order: Advance) -> Advanced:
        """Advance until nothing has been to do for a second, then take the last look."""
        try:
            async with attempt.heartbeat():
                return await self._advance(order.cohort, attempt.clock(order.now))
        except Exception as error:
            # What is raised is written into the workflow's history, where no customer may be quoted.
            log.exception("cohort_not_advanced", cohort=order.cohort)
            raise ApplicationError(type(error).__name__, type=type(error).__name__) from None

    async def _advance(self, cohort: str, clock: Callable[[], datetime]) -> Advanced:
        token = f"{activity.info().workflow_run_id}/{activity.info().activity_id}/{activity.info().attempt}"
        await cohorts.rise(cohort, token)
        overtaken = await self._work(cohort, token, clock)
        if not overtaken:
            await cohorts.lower(cohort, token)
        # The last look comes after the flag is down: whoever wrote before and saw it up is seen here.
        outlook = await cohorts.outlook(cohort, clock())
        if outlook.next_due is None:
            return Advanced(empty=outlook.empty, idle_seconds=None)
        return Advanced(empty=False, idle_seconds=max((outlook.next_due - clock()).total_seconds(), 0))

    async def _work(self, cohort: str, token: str, clock: Callable[[], datetime]) -> bool:
        """Advance batch after batch; True means that another attempt has taken the cohort over."""
        begun = worked_at = flagged_at = time.monotonic()
        while True:
            advanced = await self._advancer.advance(cohort, clock)
            now = time.monotonic()
            if advanced:
                worked_at = now
                self._queued()
            if now - begun > LONGEST_SECONDS or now - worked_at > LINGER_SECONDS:
                return False
            if now - flagged_at > FLAG_EVERY_SECONDS:
                if not await cohorts.stay(cohort, token):
                    return True
                flagged_at = now
            if advanced < BATCH:
                await asyncio.sleep(POLL_SECONDS)
