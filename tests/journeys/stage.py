"""A published journey, people, and their runs, stored as the router leaves them."""

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.events.model import Event, Kind, Trust
from hub.events.store import EventDocument
from hub.journeys import guards, language, machine, runs, service
from hub.journeys.advance import Advancer
from hub.journeys.guards import GuardDocument
from hub.journeys.model import Input, Run, Version
from hub.journeys.runs import RunDocument
from hub.kit import ids
from hub.messaging.store import MessageDocument
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEMPLATES = ("hello", "reminder", "german", "foreign", "last-call")

CART = """
journey: cart
enter: {event: Checkout Started, key: properties.order_id, where: properties.value > 0}
exit:
  - {event: Order Completed, match: properties.order_id}
steps:
  - send: {template: hello}
  - wait: 1h
  - branch:
      - if: profile.country = "DE"
        then: [{send: {template: german, channels: [email, sms]}}]
      - else: [{send: {template: foreign, channels: [email]}}]
"""

_keys = itertools.count()


def clock(now: datetime) -> Callable[[], datetime]:
    return lambda: now


async def publish(source: str = CART) -> Version:
    published = await service.publish(source, templates=TEMPLATES, by="tests", key=f"key {next(_keys)}", now=NOON)
    return published.version


async def person(**traits: Any) -> UUID:
    profile = Profile(id=ids.new_id(), traits=traits, first_seen_at=NOON, last_seen_at=NOON)
    await profiles_store.save([profile], token=ids.new_id())
    return profile.id


async def moves(profile_id: UUID, **traits: Any) -> None:
    await ProfileDocument.get_pymongo_collection().update_one({"_id": profile_id}, {"$set": {"traits": traits}})


def event(name: str, profile_id: UUID, *, seq: int = 1, properties: Mapping[str, Any] | None = None) -> Event:
    return Event(
        id=ids.new_id(),
        source="shop",
        trust=Trust.SERVER,
        kind=Kind.TRACK,
        name=name,
        user_id=None,
        anonymous_id=None,
        properties=properties or {},
        traits={},
        context={},
        at=NOON,
        accepted_at=NOON,
        profile_id=profile_id,
        seq=seq,
    )


def checkout(profile_id: UUID, order: str = "A-1", *, seq: int = 1) -> Event:
    return event("Checkout Started", profile_id, seq=seq, properties={"order_id": order, "value": 50})


async def enter(version: Version, entering: Event, *, source: str = CART, now: datetime = NOON) -> Run:
    """Let the profile of the event in: guard, event and run are stored."""
    run = machine.enter(language.read_published(source), version, entering, now=now)
    assert await guards.admit([run]) == {run.id}
    await EventDocument.get_pymongo_collection().insert_one(
        {"_id": entering.id, "properties": dict(entering.properties), "routed": True}
    )
    await runs.insert([run])
    return run


async def new_run(version: Version, order: str = "A-1", *, country: str = "DE") -> Run:
    """Let a new person in who has left a checkout behind."""
    return await enter(version, checkout(await person(country=country), order))


async def order_completed(run: Run, *, seq: int = 2) -> None:
    await runs.tell([(run, Input(ids.new_id(), "Order Completed", seq))])


async def advance(cohort: str, now: datetime) -> None:
    """Advance until nothing is to do at that time, as a worker does that has just been started."""
    advancer = Advancer()
    for _ in range(20):
        if not await advancer.advance(cohort, clock(now)):
            return
    raise AssertionError("The cohort never comes to rest.")


async def row_of(run: Run) -> dict[str, Any]:
    row = await RunDocument.get_pymongo_collection().find_one({"_id": run.id})
    assert row is not None
    return row


async def stored(run: Run) -> Run:
    return runs.run_of(await row_of(run))


async def sent(run: Run) -> list[str]:
    """The templates of the run's messages, in order of their steps."""
    found = MessageDocument.get_pymongo_collection().find({"run_id": run.id}).sort("visit", 1)
    return [row["template"] async for row in found]


async def guarded(run: Run) -> UUID | None:
    """The run that the guard of this one admits, None if it is free."""
    row = await GuardDocument.get_pymongo_collection().find_one({"_id": run.guard_id})
    assert row is not None
    return row["run_id"]  # type: ignore[no-any-return]  # a row is untyped


def did(run: Run) -> list[str]:
    return [mark.did for mark in run.trail]
