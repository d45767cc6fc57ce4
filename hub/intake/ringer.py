"""Rings cohorts beside the work of the router, which never waits for a bell."""

import asyncio
from collections.abc import Iterable

import structlog
from pymongo.errors import PyMongoError

from hub.journeys import cohorts
from hub.journeys.ports import CohortBell, NotRung

log = structlog.get_logger(__name__)


class Ringer:
    """Collects cohorts to ring and rings those that nobody looks after. A ring that fails is left to the keeper."""

    def __init__(self, bell: CohortBell) -> None:
        self._bell = bell
        self._waiting: set[str] = set()
        self._asked = asyncio.Event()

    def ask(self, names: Iterable[str]) -> None:
        """Have cohorts rung soon, each once however often it is asked for meanwhile."""
        self._waiting.update(names)
        if self._waiting:
            self._asked.set()

    async def run(self) -> None:
        """Ring until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            names, self._waiting = self._waiting, set()
            try:
                for cohort in sorted(await cohorts.asleep(names)):
                    await self._bell.ring(cohort)
            except (NotRung, PyMongoError) as error:
                log.warning("cohorts_not_rung", cohorts=sorted(names), error=type(error).__name__)
