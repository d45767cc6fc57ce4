"""Settling: what became of messages whose call outlived its lease. Nobody knows yet whether they were sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from hub.kit import ids
from hub.messaging import delivery, reports_waiting, store
from hub.messaging.model import Attempt, Message, State
from hub.messaging.ports import Accepted, CanFind, Reports, Senders
from hub.messaging.timing import Timekeeper
from hub.settings import Settings

log = structlog.get_logger(__name__)

BATCH = 200


class Settling:
    """Settles for one process."""

    def __init__(
        self, settings: Settings, senders: Senders, timekeeper: Timekeeper, clock: Callable[[], datetime]
    ) -> None:
        self._senders = senders
        self._timekeeper = timekeeper
        self._clock = clock
        self._lease = timedelta(seconds=settings.lease_seconds)

    async def sweep(self) -> int:
        """Settle a batch: by asking the provider, else by the class of each. Tells how many it held."""
        now, token = self._clock(), ids.new_id()
        messages = await store.expired(now, BATCH)
        mine = await store.claim(messages, token=token, until=now + self._lease)
        for message in messages:
            if message.id in mine:
                await self._look_up(message, token)
        return len(mine)

    async def _look_up(self, message: Message, token: UUID) -> None:
        sender = self._senders.of(message.channel)
        now = self._clock()
        if not isinstance(sender, CanFind):
            grace = timedelta(seconds=sender.grace_seconds if isinstance(sender, Reports) else 0)
            after = delivery.unsettled(message, now=now, grace=grace)
            if grace and after.state is not State.SENDING and await reports_waiting.any_wait():
                return  # what was told in time may be about it: it is looked at again when this claim's lease runs out
            await store.settle([after], {}, token=token)
            return
        try:
            accepted: Accepted | None = await sender.find(message.id)
        except Exception as error:  # noqa: BLE001 - away or broken, it is asked again when this claim's lease runs out
            log.warning("not_looked_up", message_id=str(message.id), error=type(error).__name__)
            return
        provider_id = accepted.provider_id if accepted else None
        name = self._senders.name(message.channel)
        attempt = Attempt(message.channel, name, now, delivery.found(accepted), provider_id)
        settled = delivery.settled(message, attempt)
        if delivery.has_left(settled, attempt.channel):
            await self._timekeeper.free([(message.id, attempt.channel)])
        await store.settle([settled], {message.id: attempt}, token=token)
