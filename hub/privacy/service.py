"""Give a person everything, and forget them: everywhere that a query can reach, with a receipt.

What is about to happen to them stops first; then rows are deleted or blanked, names and profile last. An event that a
router held in memory meanwhile may bring a row back, and a process may die on the way: so the erasure is noted before
it begins, and a keeper looks a second time before it counts as done.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import beanie
import structlog
from pymongo.errors import PyMongoError

from hub.database import OwnIds
from hub.events import store as events
from hub.events.model import Event
from hub.journeys import runs
from hub.kit.errors import HubError
from hub.ledger import flushing
from hub.messaging import store as messages
from hub.privacy import export, naming, store
from hub.privacy.store import Erasure
from hub.privacy.traces import Traces
from hub.profiles import identifier_store, rules
from hub.profiles import store as profiles
from hub.profiles.model import Channel, Identifier, IdentifierKind
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.settings import Settings

log = structlog.get_logger(__name__)

REASON: Final = "erased"
SECOND_LOOK: Final = timedelta(seconds=60)
"""How long after the first look the second is: longer than a router holds events in memory, or a sender a message."""
EVERY_SECONDS: Final = 15.0
_BATCH: Final = 100
_CHANNELS: Final[Mapping[IdentifierKind, Channel]] = {
    IdentifierKind.EMAIL: Channel.EMAIL,
    IdentifierKind.PHONE: Channel.SMS,
}


class NobodyThere(HubError):
    """There is no such profile."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such profile.")


class Privacy:
    """What a person may ask for, in one process.

    Args:
        settings: the secret behind the suppression list.
        documents: every collection of the hub, bound to the database.
    """

    def __init__(self, settings: Settings, documents: Sequence[type[beanie.Document]]) -> None:
        self._traces = Traces(documents)
        self._suppressions = Suppressions(settings)
        self._region = settings.phone_region

    async def export(self, profile_id: UUID, *, now: datetime) -> AsyncIterator[bytes]:
        """Give one person everything about them: see `export.document`.

        Raises:
            NobodyThere: there is no such profile, or it was erased.
        """
        head = (await profiles.heads([profile_id])).get(profile_id)
        if head is None:
            raise NobodyThere
        await flushing.flush(head.own_ids)
        # What nobody has vouched for may be somebody else's name, and refused calls are found by names.
        called = await naming.of(head.own_ids, [head], region=self._region, proven=True)
        return export.document(self._traces, called.person, now=now)

    async def erase(self, profile_id: UUID, *, now: datetime) -> Erasure:
        """Forget a person. Repeating it gives the same receipt.

        Args:
            profile_id: the profile, or one that it absorbed.
            now: when it is asked for.

        Raises:
            NobodyThere: there is no such profile, and never was one that was erased.
        """
        head = (await profiles.heads([profile_id])).get(profile_id)
        if head is None:
            before = (await store.load([profile_id])).get(profile_id)
            if before is None:
                raise NobodyThere
            return before
        called = await naming.of(head.own_ids, [head], region=self._region)
        for kind, channel in _CHANNELS.items():
            for address in sorted(called.names[kind]):
                await self._suppressions.suppress((channel, address), SuppressionReason.REQUESTED, now=now)
        await _stop(head.own_ids, now)
        person = called.person
        erasure = await store.begin(Erasure(head.id, head.own_ids, await self._traces.count(person), now))
        await self._traces.remove(person)
        await store.note_removed(erasure)
        return replace(erasure, removed=True)

    async def look_again(self, *, now: datetime) -> int:
        """Take the second look at erasures that are due for it, and tell how many there were.

        One that has died before all was gone is finished first; its second look is the next one.
        """
        due = await store.erasing(now - SECOND_LOOK, _BATCH)
        for erasure in due:
            left = await profiles.load(erasure.own_ids)
            person = (await naming.of(erasure.own_ids, list(left.values()), region=self._region)).person
            await _stop(erasure.own_ids, now)
            found = await self._traces.count(person)
            await self._traces.remove(person)
            if erasure.removed:
                await store.end(erasure, found, now=now)
            else:
                await store.note_removed(erasure)
        return len(due)

    async def keep(self, clock: Callable[[], datetime]) -> None:
        """Until cancelled, finish what erasures have left."""
        while True:
            try:
                await self.look_again(now=clock())
            except PyMongoError as error:
                log.warning("erasing_waits_for_database", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)


async def _stop(own_ids: OwnIds, now: datetime) -> None:
    """End what is about to happen: events that wait to be applied, runs, and messages that are not being sent yet."""
    owned = (await identifier_store.by_profile(own_ids)).values()
    identifiers = {it.identifier for them in owned for it in them}
    waiting = [event.id async for event in events.waiting() if _concerns(event, own_ids, identifiers)]
    await events.withdraw(waiting, own_ids[0])
    await flushing.flush(own_ids)  # points are read, and blanked, where they are copied to
    await runs.stop(own_ids, reason=REASON, now=now)
    await messages.cancel(own_ids, reason=REASON)


def _concerns(event: Event, own_ids: OwnIds, identifiers: set[Identifier]) -> bool:
    if event.about in own_ids or event.profile_id in own_ids:
        return True
    return not identifiers.isdisjoint(rules.identifiers_of(event))
