"""A segment with people in it, a broadcast to them, and somebody who advances and sends it."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.broadcasts import service, store
from hub.broadcasts.advance import Advancer
from hub.broadcasts.model import Broadcast, Definition
from hub.kit import ids
from hub.messaging.dispatch import Dispatcher
from hub.messaging.store import MessageDocument
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument
from hub.segments import service as segments
from hub.settings import Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from tests.messaging.posting import Blind, Clock, everywhere

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SALE = Definition(name="Winter sale", segment="vips", template="sale")


@dataclass
class Stage:
    """The time, the sender and the process of one test."""

    settings: Settings
    clock: Clock = field(default_factory=lambda: Clock(NOON))
    sender: Blind = field(default_factory=Blind)
    advancer: Advancer = field(default_factory=Advancer)
    made: int = 0

    async def open(self) -> None:
        await segments.publish("segment: vips\nwhen: profile.vip = true\n", by="tests", key="vips", now=NOON - DAY)
        await Library().save(
            template_of(
                "sale",
                {
                    "en/subject": "Sale",
                    "en/text": "Hello {{ profile.name }}. {{ links.unsubscribe }}",
                    "en/sms": "Sale",
                },
            )
        )

    async def people(self, count: int, *, since: datetime = NOON - HOUR, **changed: Any) -> list[UUID]:
        """Make customers who are in the segment, in the order of their ids."""
        profiles = []
        for _ in range(count):
            self.made += 1
            one = Profile(
                id=ids.new_id(),
                traits={"name": f"P{self.made}", "email": f"p{self.made}@example.com", "vip": True},
                first_seen_at=NOON - DAY,
                last_seen_at=NOON - DAY,
                segments={"edition": 1, "in": [{"name": "vips", "since": since, "cause": "test"}]},
            )
            profiles.append(replace(one, **changed))
        await profiles_store.save(profiles, token=ids.new_id())
        return sorted(it.id for it in profiles)

    async def create(self, **changed: Any) -> UUID:
        key = ids.new_id().hex
        made = await service.create(replace(SALE, **changed), by="tests", key=key, now=self.clock.now)
        return made.broadcast.id

    async def advance(self, broadcast_id: UUID, *, by: Advancer | None = None) -> timedelta | None:
        """Take steps while there is something to do, as an attempt does, and give how long there is nothing."""
        advancer = by or self.advancer
        await advancer.begin(broadcast_id, self.clock.now)
        while (await advancer.step(broadcast_id, self.clock.now)).idle == timedelta():
            pass
        return await advancer.end(broadcast_id, self.clock)

    async def send(self) -> None:
        """Send what is due at this time."""
        dispatcher = Dispatcher(self.settings, everywhere(self.sender), Library(), self.clock)
        while await dispatcher.step():
            pass

    async def to_its_end(self, broadcast_id: UUID) -> Broadcast:
        """Let time pass until there is nothing to do any more."""
        for _ in range(200):
            idle = await self.advance(broadcast_id)
            if idle is None:
                return await store.find(broadcast_id)
            await self.send()
            self.clock.forward(idle)
        raise AssertionError("The broadcast never ends.")

    @property
    def told(self) -> Counter[str]:
        """How often whom was sent something."""
        return Counter(it.to for it in self.sender.calls)


async def states(broadcast_id: UUID) -> Counter[str]:
    rows = MessageDocument.get_pymongo_collection().find({"broadcast_id": broadcast_id}, {"state": 1})
    return Counter([row["state"] async for row in rows])


async def absorb(head: UUID, other: UUID) -> None:
    """Make two profiles one person, as a merge leaves them."""
    profiles = ProfileDocument.get_pymongo_collection()
    await profiles.update_one({"_id": other}, {"$set": {"absorbed_by": head}, "$inc": {"rev": 1}})
    await profiles.update_one({"_id": head}, {"$set": {"members": [other]}, "$inc": {"rev": 1}})


def everyone_once(count: int) -> Counter[str]:
    return Counter({f"p{number}@example.com": 1 for number in range(1, count + 1)})
