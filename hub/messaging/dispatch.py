"""Dispatch: takes queued messages, decides, renders, claims, sends and settles them.

Every message goes through the same five steps. What cannot be rendered or reaches nobody is settled without a call. A
claim is written before the call and names the channel, so that after a crash somebody knows where to ask. Between claim
and call the gate is asked once more: who has said no hears nothing a second later.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from hub.contact import service as contact
from hub.contact import store as contact_store
from hub.database import is_away
from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.kit import ids
from hub.kit.tasks import side_by_side, to_its_end
from hub.messaging import delivery, store
from hub.messaging.gate import Gatekeeper
from hub.messaging.library import Library
from hub.messaging.model import Attempt, Message, Outcome, State
from hub.messaging.ports import Accepted, Ambiguous, CanFind, NotSent, Refused, Reports, Senders
from hub.messaging.preparing import Preparer, Ready, Unsent
from hub.messaging.rates import Rates
from hub.messaging.timing import Timekeeper
from hub.profiles.model import Channel
from hub.settings import Settings

log = structlog.get_logger(__name__)

BATCH: Final = 200
FRESH_SECONDS: Final = 0.5
"""How old a claim may be when its call starts. An older one is given back: the world may have changed."""
PACE_SECONDS: Final = 0.2
"""How long messages gather while there is work: a batch of fifty costs little more than one of twenty-five."""
IDLE_SECONDS: Final = 0.25
AGAIN_SECONDS: Final = 0.2
LINGER_SECONDS: Final = 1.0
_DECIDED: Final = frozenset({State.SKIPPED, State.DEFERRED})
"""The states in which a message was kept from going out, for a reason that is written down."""


class Dispatcher:
    """Sends for one process. Any number of them may work on the same queue."""

    def __init__(self, settings: Settings, senders: Senders, library: Library, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._senders = senders
        self._gatekeeper = Gatekeeper(settings)
        self._timekeeper = Timekeeper()
        self._preparer = Preparer(senders.channels, library, self._gatekeeper, self._timekeeper, settings)
        self._rates = Rates(settings, senders)
        self._clock = clock
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._nudged = asyncio.Event()
        # Claims of which the database did not say whether they were written: certainly no call was made under them.
        self._uncertain: set[UUID] = set()

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
            await asyncio.sleep(self._settings.lease_seconds / 4)

    async def step(self) -> int:
        """Take one batch from the queue and tell how many messages it held."""
        for token in tuple(self._uncertain):
            await store.give_back(token, due=self._clock())
            self._uncertain.discard(token)
        messages = await store.queued(self._clock(), self._rates.lanes(BATCH))
        if not messages:
            return 0
        prepared = await self._preparer.prepare(messages, now=self._clock())
        if unsent := [it for it in prepared if isinstance(it, Unsent)]:
            await to_its_end(self._settle_unsent(unsent))
        by_channel: defaultdict[Channel, list[Ready]] = defaultdict(list)
        for it in prepared:
            if isinstance(it, Ready):
                by_channel[it.message.channel].append(it)
        await side_by_side(*(self._send_all(channel, batch) for channel, batch in by_channel.items()))
        return len(messages)

    async def sweep(self) -> int:
        """Settle messages whose attempt outlived its lease: by asking the provider, else by their class."""
        now, token = self._clock(), ids.new_id()
        messages = await store.expired(now, BATCH)
        mine = await store.claim(messages, token=token, until=now + self._lease)
        for message in messages:
            if message.id in mine:
                await self._look_up(message, token)
        return len(mine)

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

    async def _settle_unsent(self, unsent: Sequence[Unsent]) -> None:
        now, token = self._clock(), ids.new_id()
        mine = await store.claim([it.message for it in unsent], token=token, until=now + self._lease)
        settled = [it.settled for it in unsent if it.message.id in mine]
        await decisions.record([_decision(it, now) for it in settled if it.state in _DECIDED])
        # One that was claimed before, and given back, may have a place still.
        await self._free([(it.id, channel) for it in settled for channel in it.channels])
        await store.settle(settled, {}, token=token)

    async def _send_all(self, channel: Channel, ready: Sequence[Ready]) -> None:
        """Send a channel's share of a batch, claiming only as many at a time as its sender takes at once."""
        sender = self._senders.of(channel)
        at_once = sender.at_once if sender else 1
        for start in range(0, len(ready), at_once):
            chunk = ready[start : start + at_once]
            granted = await self._rates.take(channel, len(chunk))
            # A worker that is asked to stop hears out the calls it has begun: left unsettled, each would be ambiguous.
            await to_its_end(self._send(chunk[:granted]))
            if granted < len(chunk):
                return  # the others stay queued, and nothing of them is held

    async def _send(self, ready: Sequence[Ready]) -> None:
        now, token = self._clock(), ids.new_id()
        until = now + self._lease
        # From before the claim is written, as its lease: a database that was away meanwhile has used the lease up.
        stale_at = asyncio.get_running_loop().time() + FRESH_SECONDS
        try:
            mine = await store.claim([it.message for it in ready], token=token, until=until)
            allowed, refused = await self._still_allowed([it for it in ready if it.message.id in mine])
        except PyMongoError:
            self._uncertain.add(token)
            raise
        if refused:
            # Somebody has just said no. The next look decides anew: another channel, or a skip with its reason.
            await store.give_back(token, due=now, message_ids=refused)
        sending = {
            asyncio.create_task(self._attempt(it, stale_at)): replace(it.message, state=State.SENDING, due=until)
            for it in allowed
        }
        pending = set(sending)
        while pending:
            # Settled as they come in: a slow call must not keep the quick ones unsettled through a crash.
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            attempts: dict[UUID, Attempt | None] = {}
            settled: list[Message] = []
            stale: list[UUID] = []
            for task in done:
                message, outcome = sending[task], task.result()
                if outcome is None:
                    stale.append(message.id)
                    continue
                attempts[message.id], after = outcome
                settled.append(delivery.settled(message, outcome[0], after=after))
            if stale:
                await store.give_back(token, due=now, message_ids=stale)
            await self._settle(settled, attempts, token, until)

    async def _still_allowed(self, ready: Sequence[Ready]) -> tuple[list[Ready], list[UUID]]:
        """Read once more, after the claim, who may be told what; give those that may, and the ids of the others."""
        gate = await self._gatekeeper.at_last(
            {it.message.profile_id for it in ready}, {(it.message.channel, it.outgoing.to) for it in ready}
        )
        no = {it.message.id for it in ready if gate.refuses(it.message, it.message.channel, it.outgoing.to)}
        wishes = [it.wish for it in ready if it.wish and it.message.id not in no]
        placed = await contact.take(wishes, await self._timekeeper.policy(), now=self._clock())
        no |= {it.place.message_id for it in wishes} - placed
        return [it for it in ready if it.message.id not in no], list(no)

    async def _settle(
        self, settled: Sequence[Message], attempts: Mapping[UUID, Attempt | None], token: UUID, until: datetime
    ) -> None:
        """Write what became of calls, again and again until their lease ends: it is all that is known of them."""
        given_up = [(it.id, tried.channel) for it in settled if (tried := attempts.get(it.id)) and _left(it, tried)]
        while True:
            try:
                # Before it is settled: whoever dies in between has given back what nobody was told on.
                await self._free(given_up)
                await store.settle(settled, attempts, token=token)
            except PyMongoError as error:
                if not is_away(error) or self._clock() > until:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return

    async def _attempt(self, ready: Ready, stale_at: float) -> tuple[Attempt, float | None] | None:
        """Make the one call, and say which of the four things happened. None: its claim was stale, no call was made."""
        if asyncio.get_running_loop().time() > stale_at:
            return None
        channel, outgoing = ready.message.channel, ready.outgoing
        after: float | None = None
        provider_id: str | None = None
        detail: str | None = None
        try:
            # Adapters have shorter times of their own; this frees the place of one that hangs in spite of them.
            async with asyncio.timeout(self._settings.sending_seconds):
                accepted = await self._senders.send(outgoing)
            outcome, provider_id = Outcome.ACCEPTED, accepted.provider_id
        except NotSent as error:
            outcome, detail, after = Outcome.NOT_SENT, error.message, error.after
        except Refused as error:
            outcome, detail = Outcome.REFUSED, error.message
        except Ambiguous as error:
            outcome, detail = Outcome.AMBIGUOUS, error.message
        except Exception as error:  # noqa: BLE001 - an adapter that breaks may have sent: that is the ambiguous case
            outcome, detail = Outcome.AMBIGUOUS, type(error).__name__
        attempt = Attempt(channel, self._name(channel), self._clock(), outcome, provider_id, detail)
        return attempt, after

    async def _look_up(self, message: Message, token: UUID) -> None:
        sender = self._senders.of(message.channel)
        now = self._clock()
        if not isinstance(sender, CanFind):
            grace = timedelta(seconds=sender.grace_seconds if isinstance(sender, Reports) else 0)
            await store.settle([delivery.unsettled(message, now=now, grace=grace)], {}, token=token)
            return
        try:
            accepted: Accepted | None = await sender.find(message.id)
        except Exception as error:  # noqa: BLE001 - away or broken, it is asked again when this claim's lease runs out
            log.warning("not_looked_up", message_id=str(message.id), error=type(error).__name__)
            return
        provider_id = accepted.provider_id if accepted else None
        attempt = Attempt(message.channel, self._name(message.channel), now, delivery.found(accepted), provider_id)
        settled = delivery.settled(message, attempt)
        if _left(settled, attempt):
            await self._free([(message.id, attempt.channel)])
        await store.settle([settled], {message.id: attempt}, token=token)

    async def _free(self, places: Sequence[tuple[UUID, Channel]]) -> None:
        """Return places under the caps of messages that did not go out there."""
        if places and (await self._timekeeper.policy()).caps:
            await contact_store.give_back(places)

    def _name(self, channel: Channel) -> str:
        sender = self._senders.of(channel)
        return sender.name if sender else "none"


def _left(message: Message, attempt: Attempt) -> bool:
    """Tell whether a message is certainly not sent on the channel that was tried, nor will be."""
    return message.state is State.FAILED or (message.state is State.QUEUED and message.channel is not attempt.channel)


def _decision(message: Message, now: datetime) -> Decision:
    detail = {"journey": message.journey, "run": message.run_id, "step": message.step}
    is_deferred = message.state is State.DEFERRED
    return Decision(
        profile_id=message.profile_id,
        question=f"send {message.template}{' now' if is_deferred else ''}",
        # Deferred twice for one reason it is one decision, and beside it there is the one that ends it.
        cause=f"{message.id} {message.reason}" if is_deferred else str(message.id),
        reason=Reason(message.reason or Reason.UNREACHABLE),
        at=now,
        detail={name: str(value) for name, value in detail.items() if value is not None},
    )
