"""Dispatch: takes queued messages through the five steps: decide, render, claim, send and settle.

What cannot be rendered or reaches nobody is settled without a call. The others are sent (see `sending`), while those
behind them are prepared: MongoDB writes for some while Python renders for the next.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.kit import ids
from hub.kit.tasks import side_by_side, stop, to_its_end
from hub.messaging import store
from hub.messaging.gate import Gatekeeper
from hub.messaging.model import Message, State
from hub.messaging.ports import Senders
from hub.messaging.preparing import Preparer, Ready, Unsent
from hub.messaging.sending import Sending
from hub.messaging.settling import Settling
from hub.messaging.timing import Timekeeper
from hub.profiles.model import Channel
from hub.settings import Settings
from hub.wording.library import Library

log = structlog.get_logger(__name__)

BATCH: Final = 200
"""How many messages are decided, claimed and settled together."""
BATCHES: Final = 4
"""How many batches are read together, where a sender takes a whole one at once."""
PACE_SECONDS: Final = 0.2
"""How long messages gather while there is work: a batch of fifty costs little more than one of twenty-five."""
IDLE_SECONDS: Final = 0.25
LINGER_SECONDS: Final = 1.0
_DECIDED: Final = frozenset({State.SKIPPED, State.DEFERRED})
"""The states in which a message was kept from going out, for a reason that is written down."""


class Dispatcher:
    """Sends for one process. Any number of them may work on the same queue."""

    def __init__(self, settings: Settings, senders: Senders, library: Library, clock: Callable[[], datetime]) -> None:
        gatekeeper = Gatekeeper(settings)
        self._timekeeper = Timekeeper()
        self._preparer = Preparer(senders.channels, library, gatekeeper, self._timekeeper, settings)
        self._sending = Sending(settings, senders, gatekeeper, self._timekeeper, clock)
        self._settling = Settling(settings, senders, self._timekeeper, clock)
        self._clock = clock
        self._lease = timedelta(seconds=settings.lease_seconds)
        # Who sends slowly would have a message of high priority wait behind all that was read before it.
        self._most = BATCH * BATCHES if all(senders.at_once(it) >= BATCH for it in senders.channels) else BATCH
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Say that messages were queued, so that an idle dispatcher looks at once."""
        self._nudged.set()

    async def run(self) -> None:
        """Send and settle until cancelled. A database that is away is waited for."""
        # Side by side: a provider that is slow to say what it has must not hold up what is to be sent.
        await side_by_side(self._keep_sending(), self._keep_settling())

    async def _keep_sending(self) -> None:
        loop = asyncio.get_running_loop()
        worked_at = 0.0
        while True:
            try:
                sent = await self.step()
            except PyMongoError as error:
                log.warning("dispatcher_waits_for_database", error=type(error).__name__)
                await asyncio.sleep(0.5)
                continue
            if sent:
                worked_at = loop.time()
            if sent < BATCH:
                await self._rest(busy=loop.time() - worked_at < LINGER_SECONDS)

    async def _keep_settling(self) -> None:
        while True:
            try:
                await self.sweep()
            except PyMongoError as error:
                log.warning("settling_waits_for_database", error=type(error).__name__)
            await asyncio.sleep(self._lease.total_seconds() / 4)

    async def step(self) -> int:
        """Take what is queued, a few batches at most, and tell how many messages there were."""
        await self._sending.tidy()
        messages = await store.queued(self._clock(), self._sending.rates.lanes(self._most))
        prepared: Sequence[Ready | Unsent] = ()
        for start in range(0, len(messages) + BATCH, BATCH):
            prepared = await self._send_and_prepare(prepared, messages[start : start + BATCH])
        return len(messages)

    async def sweep(self) -> int:
        """Settle messages whose attempt outlived its lease, and tell how many there were."""
        return await self._settling.sweep()

    async def _rest(self, *, busy: bool) -> None:
        if busy:
            await asyncio.sleep(PACE_SECONDS)
            return
        try:
            await asyncio.wait_for(self._nudged.wait(), IDLE_SECONDS)
        except TimeoutError:
            return
        finally:
            self._nudged.clear()

    async def _send_and_prepare(
        self, prepared: Sequence[Ready | Unsent], following: Sequence[Message]
    ) -> Sequence[Ready | Unsent]:
        """Send one batch, and give the next one, which is prepared meanwhile."""
        preparing = asyncio.create_task(self._preparer.prepare(following, now=self._clock()))
        try:
            if unsent := [it for it in prepared if isinstance(it, Unsent)]:
                await to_its_end(self._settle_unsent(unsent))
            by_channel: defaultdict[Channel, list[Ready]] = defaultdict(list)
            for it in prepared:
                if isinstance(it, Ready):
                    by_channel[it.message.channel].append(it)
            await side_by_side(*(self._sending.send(channel, ready) for channel, ready in by_channel.items()))
            return await preparing
        finally:
            await stop([preparing])

    async def _settle_unsent(self, unsent: Sequence[Unsent]) -> None:
        now, token = self._clock(), ids.new_id()
        mine = await store.claim([it.message for it in unsent], token=token, until=now + self._lease)
        settled = [it.settled for it in unsent if it.message.id in mine]
        await decisions.record([_decision(it, now) for it in settled if it.state in _DECIDED])
        # One that was claimed before, and given back, may have a place still.
        await self._timekeeper.free([(it.id, channel) for it in settled for channel in it.channels])
        await store.settle(settled, {}, token=token)


def _decision(message: Message, now: datetime) -> Decision:
    of = {"journey": message.journey, "run": message.run_id, "step": message.step, "broadcast": message.broadcast_id}
    is_deferred = message.state is State.DEFERRED
    return Decision(
        profile_id=message.profile_id,
        question=f"send {message.template}{' now' if is_deferred else ''}",
        # Deferred twice for one reason it is one decision, and beside it there is the one that ends it.
        cause=f"{message.id} {message.reason}" if is_deferred else str(message.id),
        reason=Reason(message.reason or Reason.UNREACHABLE),
        at=now,
        detail={name: str(value) for name, value in of.items() if value is not None},
    )
