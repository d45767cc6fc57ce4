"""The router: the one consumer that applies and routes accepted events.

Its memory is the work list in MongoDB, never a change stream: that is only the bell which ends an idle wait early.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.database import is_away
from hub.events import store
from hub.events.model import Event
from hub.intake import apply, parts, project, route
from hub.intake.apply import Applied
from hub.intake.ringer import Ringer
from hub.intake.standing import Definitions
from hub.journeys.catalogue import Catalogues
from hub.kit.errors import TryLater
from hub.segments.membership import OutdatedError

log = structlog.get_logger(__name__)

BATCH: Final = 1_000
MOST_TRIES: Final = 5
AT_ONCE: Final = 3
"""How many batches are worked on at the same time while more than one is waiting: with two, both often wait for MongoDB
while Python has nothing to do; a fourth only makes the batches smaller."""
FEW: Final = 200
PACE_SECONDS: Final = 0.1
"""How long events gather after a batch of few, while there is work: a batch of twenty costs little more than one."""
LINGER_SECONDS: Final = 1.0
BELL_SECONDS: Final = 1.0
LEASE_EVERY_SECONDS: Final = 1.5
AWAY_SECONDS: Final = 0.5


class Router:
    """Takes what its parts hold, batch after batch.

    Args:
        owner: the name of this router, of which there may be several.
        ringer: rings the cohorts that were given something to do.
        clock: tells the time.
        region: the country that phone numbers without a country's code are of.
    """

    def __init__(self, owner: str, ringer: Ringer, clock: Callable[[], datetime], *, region: str = "") -> None:
        self._owner = owner
        self._ringer = ringer
        self._clock = clock
        self._region = region
        self._catalogues = Catalogues()
        self._defined = Definitions()
        self._parts: set[int] = set()
        self._behind = False
        self._lease_again_at = 0.0

    async def run(self) -> None:
        """Work until cancelled. A database that is away is waited for."""
        worked_at = 0.0
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    worked = await self.step()
                    if worked:
                        worked_at = loop.time()
                    if worked < FEW:
                        await self._rest(busy=loop.time() - worked_at < LINGER_SECONDS)
                except PyMongoError as error:
                    log.warning("router_waits_for_database", error=type(error).__name__)
                    await asyncio.sleep(AWAY_SECONDS)
        finally:
            with suppress(PyMongoError):  # else its lease runs out
                await parts.give_back(self._owner)

    async def step(self) -> int:
        """Route one batch and tell how many events it held; several at the same time, while more than one is waiting.

        Then Python works at one while MongoDB writes another. Each has its share of the parts, and so of the customers,
        and nothing rests on that: it is as if there were as many routers.
        """
        await self._lease()
        shares = _shares(self._parts) if self._behind else [self._parts]
        done = await asyncio.gather(*map(self._take, shares), return_exceptions=True)
        failures = [it for it in done if isinstance(it, BaseException)]
        if failures:
            raise failures[0]
        worked = sum(it for it in done if not isinstance(it, BaseException))
        self._behind = worked >= BATCH
        return worked

    async def _take(self, share: Collection[int]) -> int:
        events = await store.work(share, BATCH)
        if not events:
            return 0
        try:
            await self._route(events)
        except Exception as error:
            if is_away(error):
                raise
            # One event of the batch is bad: each is tried alone to find it.
            log.warning("batch_failed", events=len(events), error=type(error).__name__)
            await self._route_one_by_one(events)
        return len(events)

    async def _lease(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._lease_again_at or not self._parts:
            self._parts = await parts.lease(self._owner)
            self._lease_again_at = now + LEASE_EVERY_SECONDS

    async def _route(self, events: Sequence[Event]) -> None:
        now = self._clock()
        await self._lead_on(await self._apply(events, now), now)

    async def _apply(self, events: Sequence[Event], now: datetime) -> Applied:
        try:
            return await self._apply_by_what_is_defined(events, now)
        except OutdatedError:
            # Somebody was sorted by a segment that was published after this batch had looked which there are.
            return await self._apply_by_what_is_defined(events, now)

    async def _apply_by_what_is_defined(self, events: Sequence[Event], now: datetime) -> Applied:
        return await apply.apply(events, now=now, defined=await self._defined.current(), region=self._region)

    async def _lead_on(self, applied: Applied, now: datetime) -> None:
        await project.project(applied, now=now)
        # Read after the events: a journey published before an event was accepted is known when the event is routed.
        catalogue = await self._catalogues.current()
        self._ringer.ask(await route.route(applied, catalogue, now=now))

    async def _route_one_by_one(self, events: Sequence[Event]) -> None:
        for event in events:
            now, reached = self._clock(), event
            try:
                applied = await self._apply([event], now)
                reached = next(iter(applied.events), event)
                await self._lead_on(applied, now)
            except Exception as error:
                if is_away(error):
                    raise
                if isinstance(error, TryLater):
                    # Nothing is wrong with the event: others were at the same purse. It stays on the work list.
                    log.warning("event_waits", event_id=str(event.id), code=error.code)
                    continue
                # Whatever is wrong with this event must not hold up the others of its part.
                tries = await store.count_try(event.id)
                log.exception("event_failed", event_id=str(event.id), tries=tries, error=type(error).__name__)
                if tries >= MOST_TRIES:
                    await store.bury(reached, code="not_routable", reason=type(error).__name__, now=now)

    async def _rest(self, *, busy: bool) -> None:
        if busy:
            await asyncio.sleep(PACE_SECONDS)
            return
        async with store.bell() as bell:
            # What was accepted before the bell was hung up is found by this look; what comes later rings.
            if not await store.work(self._parts, 1):
                await bell.wait(BELL_SECONDS)


def _shares(parts: Collection[int]) -> list[Collection[int]]:
    ordered = sorted(parts)
    return [ordered[first::AT_ONCE] for first in range(AT_ONCE)]
