"""Messages, people and senders that answer as they are told, for tests of delivery."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.events.store import EventDocument
from hub.kit import ids
from hub.messaging import store
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Attempt, Message, Outcome
from hub.messaging.ports import Accepted, Outgoing, Senders
from hub.messaging.store import MessageDocument
from hub.profiles import store as profiles_store
from hub.profiles.model import Channel, Profile
from hub.settings import Settings
from hub.wording.library import Library
from hub.wording.templates import template_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)
PUSH_EMAIL = (Channel.PUSH, Channel.EMAIL)


@dataclass
class Clock:
    """The time of a dispatcher, moved by hand."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Blind:
    """A sender that cannot be asked what it has. It answers as told, call after call, and then accepts."""

    answers: list[Accepted | Exception | Callable[[], None]] = field(default_factory=list)
    calls: list[Outgoing] = field(default_factory=list)
    name: str = "blind"
    at_once: int = 16

    async def send(self, message: Outgoing, /) -> Accepted:
        self.calls.append(message)
        answer = self.answers.pop(0) if self.answers else Accepted("provider's id")
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, Accepted):
            answer()
            return Accepted()
        return answer


@dataclass
class Knowing(Blind):
    """A sender that can be asked. `known` are the keys it has, `away` is raised instead of an answer."""

    known: set[UUID] = field(default_factory=set)
    away: Exception | None = None
    name: str = "knowing"

    async def find(self, key: UUID, /) -> Accepted | None:
        if self.away:
            raise self.away
        return Accepted("found") if key in self.known else None


@dataclass
class Slow(Blind):
    """A sender whose calls hang until they are let go."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Outgoing, /) -> Accepted:
        self.calls.append(message)
        self.called.set()
        await self.go.wait()
        return Accepted()


@dataclass
class SlowToFind(Blind):
    """A sender that does not come to say what it has."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def find(self, key: UUID, /) -> Accepted | None:
        del key
        self.asked.set()
        await asyncio.Event().wait()
        return None


def everywhere(sender: Blind) -> Senders:
    return Senders(email=sender, push=sender, sms=sender)


def message(profile_id: UUID, **changed: Any) -> Message:
    made = Message(
        id=ids.new_id(),
        profile_id=profile_id,
        run_id=ids.new_id(),
        event_id=ids.new_id(),
        journey="cart",
        version=1,
        step="0",
        visit=1,
        template="cart",
        channels=(Channel.EMAIL,),
        created_at=NOON,
    )
    return replace(made, **changed)


def attempt(outcome: Outcome, channel: Channel = Channel.EMAIL, at: datetime = NOON) -> Attempt:
    return Attempt(channel, "blind", at, outcome)


async def person(*, devices: tuple[str, ...] = (), **traits: Any) -> UUID:
    profile = Profile(id=ids.new_id(), traits=traits, devices=devices, first_seen_at=NOON, last_seen_at=NOON)
    await profiles_store.save([profile], token=ids.new_id())
    return profile.id


async def change(profile_id: UUID, **traits: Any) -> None:
    profile = (await profiles_store.load([profile_id]))[profile_id]
    await profiles_store.save([replace(profile, traits=traits)], token=ids.new_id())


async def happened(message: Message, **properties: Any) -> None:
    await EventDocument.get_pymongo_collection().insert_one({"_id": message.event_id, "properties": properties})


async def queued(*messages: Message) -> Message:
    await store.queue(messages)
    return messages[0]


async def stored(message: Message) -> Message:
    row = await MessageDocument.get_pymongo_collection().find_one({"_id": message.id})
    assert row is not None
    return store.message_of(row)


async def library() -> Library:
    shelf = Library()
    await shelf.save(
        template_of(
            "cart",
            {
                "en/subject": "Your cart",
                "en/text": "Hello {{ profile.name }}, {{ event.product }} waits.",
                "en/push": "{{ event.product }} waits.",
                "en/sms": "It waits.",
                "de/subject": "Ihr Warenkorb",
                "de/text": "Hallo {{ profile.name }}, {{ event.product }} wartet.",
            },
        )
    )
    await shelf.save(template_of("mail-only", {"en/subject": "Your cart", "en/text": "It waits."}))
    await shelf.save(template_of("broken", {"en/subject": "Sum", "en/text": "{{ profile.name | divided_by: 0 }}"}))
    return shelf


async def dispatcher(settings: Settings, sender: Blind, clock: Clock) -> Dispatcher:
    return Dispatcher(settings, everywhere(sender), await library(), clock)


async def ada(*, devices: tuple[str, ...] = ("her phone",), **traits: str) -> UUID:
    return await person(devices=devices, **{"name": "Ada", "email": "ada@example.com", **traits})


async def queued_for_ada(**changed: Any) -> Message:
    return await queued(message(await ada(), **changed))


async def to_rest(worker: Dispatcher) -> None:
    """Settle and send until there is nothing left to do at this time."""
    for _ in range(20):
        if not await worker.sweep() + await worker.step():
            return
    raise AssertionError("The queue never comes to rest.")
