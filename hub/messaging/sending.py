"""Sending: claims what is ready, asks once more, makes the calls, and writes down how each of them ended.

A claim is written before the call and names the channel, so that after a crash somebody knows where to ask. Between
claim and call the gate is asked once more, and a place under the caps is taken: who has said no hears nothing a second
later.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from hub.contact import service as contact
from hub.database import is_away
from hub.kit import ids
from hub.kit.tasks import to_its_end
from hub.messaging import delivery, store
from hub.messaging.gate import Gatekeeper
from hub.messaging.model import Attempt, Message, Outcome, State
from hub.messaging.ports import Ambiguous, Gone, NotSent, OptedOut, Refused, Senders
from hub.messaging.preparing import Ready
from hub.messaging.rates import Rates
from hub.messaging.timing import Timekeeper
from hub.profiles import devices
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.settings import Settings

log = structlog.get_logger(__name__)

FRESH_SECONDS: Final = 0.5
"""How old a claim may be when its call starts. An older one is given back: the world may have changed."""
AGAIN_SECONDS: Final = 0.2


_Call: TypeAlias = "asyncio.Task[tuple[Attempt, float | None] | None]"
_Ended: TypeAlias = tuple[Message, Attempt, float | None]
"""A message as it was claimed, how its call ended, and after how many seconds to try again, if the provider said so."""


class Sending:
    """Makes the calls of one process."""

    def __init__(
        self,
        settings: Settings,
        senders: Senders,
        gatekeeper: Gatekeeper,
        timekeeper: Timekeeper,
        clock: Callable[[], datetime],
    ) -> None:
        self.rates = Rates(settings, senders)
        self._senders = senders
        self._gatekeeper = gatekeeper
        self._timekeeper = timekeeper
        self._clock = clock
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._longest_call = settings.sending_seconds
        self._suppressions = Suppressions(settings)
        # Claims of which the database did not say whether they were written: certainly no call was made under them.
        self._uncertain: set[UUID] = set()

    async def tidy(self) -> None:
        """Give back claims of which the database did not say whether they were written."""
        for token in tuple(self._uncertain):
            await store.give_back(token, due=self._clock())
            self._uncertain.discard(token)

    async def send(self, channel: Channel, ready: Sequence[Ready]) -> None:
        """Send a channel's share of a batch, claiming only as many at a time as its sender takes at once."""
        at_once = self._senders.at_once(channel)
        for start in range(0, len(ready), at_once):
            chunk = ready[start : start + at_once]
            granted = await self.rates.take(channel, len(chunk))
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
            mine = await store.claim([it.message for it in ready], token=token, until=until, worded_at=now)
            allowed, refused = await self._still_allowed([it for it in ready if it.message.id in mine])
        except PyMongoError:
            self._uncertain.add(token)
            raise
        if refused:
            # Somebody has just said no. The next look decides anew: another channel, or a skip with its reason.
            await store.give_back(token, due=now, message_ids=refused)
        calls = {asyncio.create_task(self._attempt(it, stale_at)): it.message for it in allowed}
        done: asyncio.Queue[_Call] = asyncio.Queue()
        for call in calls:
            call.add_done_callback(done.put_nowait)
        unsettled = len(calls)
        while unsettled:
            # Settled as they come in: a slow call must not keep the quick ones unsettled through a crash.
            came_in = [await done.get()]
            while not done.empty():
                came_in.append(done.get_nowait())
            unsettled -= len(came_in)
            ended = [(calls[it], it.result()) for it in came_in]
            if stale := [message.id for message, outcome in ended if outcome is None]:
                await store.give_back(token, due=now, message_ids=stale)
            await self._settle([(message, *outcome) for message, outcome in ended if outcome], token, until)

    async def _still_allowed(self, ready: Sequence[Ready]) -> tuple[list[Ready], list[UUID]]:
        """Read once more, after the claim, who may be told what; give those that may, and the ids of the others."""
        gate = await self._gatekeeper.at_last(
            {it.message.profile_id for it in ready}, {(it.message.channel, it.outgoing.to) for it in ready}
        )
        no = {it.message.id for it in ready if gate.refuses(it.message, it.message.channel, it.outgoing.to)}
        policy = await self._timekeeper.policy()
        if policy.caps:
            wanting = [it for it in ready if it.advertises and it.message.id not in no]
            # Whose customers' places were not read, since there were no caps then, has none: the next look reads them.
            wishes = [it.wish for it in wanting if it.wish]
            no |= {it.message.id for it in wanting} - await contact.take(wishes, policy, now=self._clock())
        return [it for it in ready if it.message.id not in no], list(no)

    async def _settle(self, ended: Sequence[_Ended], token: UUID, until: datetime) -> None:
        """Write what became of calls, again and again until their lease ends: it is all that is known of them."""
        attempts = {message.id: attempt for message, attempt, _ in ended}
        sent = {id_: it for id_, it in attempts.items() if it.outcome is Outcome.ACCEPTED}
        others = [
            _settled(message, attempt, after, until) for message, attempt, after in ended if message.id not in sent
        ]
        given_up = [(it.id, attempts[it.id].channel) for it in others if delivery.has_left(it, attempts[it.id].channel)]
        while True:
            try:
                await store.settle_sent(sent, token=token)
                # Before it is settled: whoever dies in between has given back what nobody was told on.
                await self._timekeeper.free(given_up)
                await store.settle(others, attempts, token=token)
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
            async with asyncio.timeout(self._longest_call):
                accepted = await self._senders.send(outgoing)
            outcome, provider_id = Outcome.ACCEPTED, accepted.provider_id
        except NotSent as error:
            outcome, detail, after = Outcome.NOT_SENT, error.message, error.after
        except Refused as error:
            outcome, detail = Outcome.REFUSED, error.message
            await self._heed(error, ready)
        except Ambiguous as error:
            outcome, detail = Outcome.AMBIGUOUS, error.message
        except Exception as error:  # noqa: BLE001 - an adapter that breaks may have sent: that is the ambiguous case
            outcome, detail = Outcome.AMBIGUOUS, type(error).__name__
        return Attempt(channel, self._senders.name(channel), self._clock(), outcome, provider_id, detail), after

    async def _heed(self, refusal: Refused, ready: Ready) -> None:
        """Let an address go that reaches nobody any more, or whose owner wants nothing.

        What fails here comes up again with the next message to it.
        """
        channel, to = ready.message.channel, ready.outgoing.to
        try:
            if isinstance(refusal, Gone) and channel is Channel.PUSH:
                await devices.drop(ready.message.profile_id, to)
            elif isinstance(refusal, Gone):
                await self._suppressions.suppress((channel, to), SuppressionReason.BOUNCED, now=self._clock())
            elif isinstance(refusal, OptedOut):
                await self._suppressions.suppress((channel, to), SuppressionReason.REQUESTED, now=self._clock())
        except PyMongoError as error:
            log.warning("address_not_dropped", message_id=str(ready.message.id), error=type(error).__name__)


def _settled(message: Message, attempt: Attempt, after: float | None, until: datetime) -> Message:
    if attempt.outcome is Outcome.AMBIGUOUS:
        return replace(message, state=State.SENDING, due=until)  # as it was claimed, until the lease has run out
    return delivery.settled(message, attempt, after=after)
