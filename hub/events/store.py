"""Events and dead letters in MongoDB.

An event's payload never changes. `profile_id`, `seq` and `routed` are stamped once, by Apply and Route.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel, ReturnDocument, UpdateOne
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.read_concern import ReadConcern

from hub import database, seal
from hub.database import Keyed, OwnIds, Row, insert_once
from hub.events.model import Event, Kind, Properties, Trust
from hub.kit import ids
from hub.kit.pages import Page, Span
from hub.seal import Erasure, Personal


class EventDocument(Keyed):
    """An event at rest. `_id` is made of source and message id, so that it is kept once, for ever.

    `page` and `category` are what a `page` or `screen` call names, `group_id` and `previous_id` come with `group` and
    `alias`, `about` is the profile that the hub itself speaks of.
    """

    source: str
    trust: Trust
    message_id: str
    kind: Kind
    name: str
    user_id: str | None = None
    anonymous_id: str | None = None
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: dict[str, Any]
    page: str | None = None
    category: str | None = None
    group_id: str | None = None
    previous_id: str | None = None
    about: UUID | None = None
    at: datetime
    accepted_at: datetime
    place: int
    part: int
    routed: bool
    profile_id: UUID | None = None
    seq: int | None = None
    tries: int = 0

    class Settings:
        """Where events lie and how they are found."""

        name = "events"
        personal = Personal(
            "profile_id",
            (
                *("message_id", "user_id", "anonymous_id", "previous_id", "group_id"),
                *("page", "category", "properties", "traits", "context"),
            ),
            # The row stays, so that the same call, sent again, is still known and brings nobody back.
            Erasure.BLANK,
        )
        indexes: ClassVar[list[IndexModel]] = [
            # The router's work list: only what is not routed yet, in order of acceptance. The part comes last, so that
            # a look is one walk: every walk passes what has left the list in the last minutes, and 64 of them cost 64
            # times as much (4,000 routed events: 67 ms of CPU a look instead of one).
            IndexModel(
                [("accepted_at", 1), ("place", 1), ("part", 1)],
                name="work",
                partialFilterExpression={"routed": False},
            ),
            # Partial, so that accepting an event, which knows no profile yet, does not pay for them.
            IndexModel(
                [("profile_id", 1), ("seq", 1)],
                name="sequence",
                partialFilterExpression={"profile_id": {"$exists": True}},
            ),
            IndexModel(
                [("profile_id", 1), ("at", -1), ("_id", -1)],
                name="timeline",
                partialFilterExpression={"profile_id": {"$exists": True}},
            ),
        ]


class DeadLetterDocument(Keyed):
    """A call or event that could not be used, kept with the reason, so that nothing is lost."""

    source: str
    code: str
    message: str
    body: bytes | None = None
    event_id: UUID | None = None
    at: datetime

    class Settings:
        """Where dead letters lie."""

        name = "dead_letters"
        personal = Personal(None, ("body",))
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("at", -1), ("_id", -1)], name="newest")]


async def known(ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these events are stored already, and durably: a sender is told so without another write."""
    collection = EventDocument.get_pymongo_collection().with_options(read_concern=ReadConcern("majority"))
    found = collection.find({"_id": {"$in": list(ids)}}, {"_id": 1})
    return {row["_id"] async for row in found}


async def work(parts: Collection[int], limit: int) -> list[Event]:
    """Read events that are not routed yet, oldest acceptance first.

    They are read as of one moment: a walk along the index might pass the place of an event just before it is stored,
    and still meet the one that its sender sent after it was acknowledged.
    """
    found = (
        EventDocument.get_pymongo_collection()
        .with_options(read_concern=ReadConcern("snapshot"))
        .find({"part": {"$in": sorted(parts)}, "routed": False})
        .sort([("accepted_at", 1), ("place", 1)])
        .limit(limit)
        .batch_size(limit)
    )
    return [event_of(row) for row in await found.to_list()]


async def waiting() -> AsyncIterator[Event]:
    """Read every event that is not routed yet, in no order."""
    async for row in EventDocument.get_pymongo_collection().find({"routed": False}):
        yield event_of(row)


async def unrouted(waiting: Collection[UUID], counted: Collection[UUID]) -> set[UUID]:
    """Tell which of these events are not routed yet: some that have just waited, others that profiles have counted.

    Most of those still wait, and most of these are routed: asked for is only what is otherwise, for an id costs more to
    be read than the event costs to be looked at.
    """
    otherwise = [{"_id": {"$in": list(waiting)}, "routed": True}, {"_id": {"$in": list(counted)}, "routed": False}]
    found = EventDocument.get_pymongo_collection().find({"$or": otherwise}, {"routed": 1})
    routed = {row["_id"]: row["routed"] for row in await found.batch_size(database.AT_ONCE).to_list()}
    return {it for it in waiting if not routed.get(it)} | {it for it, done in routed.items() if not done}


async def routed_as(ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Tell of events that are applied and routed whose they were. The others are left out."""
    if not ids:
        return {}
    found = EventDocument.get_pymongo_collection().find(
        {"_id": {"$in": list(ids)}, "routed": True, "seq": {"$gt": 0}}, {"profile_id": 1}
    )
    return {row["_id"]: row["profile_id"] async for row in found}


async def stamp(stamped: Iterable[Event], *, unrouted: Collection[UUID]) -> None:
    """Write profile and seq onto events. All but those named `unrouted` leave the work list by the same write.

    They are found by their id alone, which costs MongoDB half of a question with two fields. Nothing is lost by it: who
    else stamps an event has read its seq in the profile that counts it, so that a late stamp writes what is there.
    """
    updates = [
        UpdateOne(
            {"_id": event.id},
            {
                "$set": {"profile_id": event.profile_id, "seq": event.seq}
                # Never `routed: False`: another process may have finished the event meanwhile.
                | ({} if event.id in unrouted else {"routed": True})
            },
        )
        for event in stamped
    ]
    if updates:
        await EventDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


async def mark_routed(ids: Collection[UUID]) -> None:
    """Take events off the work list: all their effects are written."""
    if ids:
        await EventDocument.get_pymongo_collection().update_many(
            {"_id": {"$in": list(ids)}}, {"$set": {"routed": True}}
        )


async def withdraw(ids: Collection[UUID], profile_id: UUID) -> None:
    """Take events that wait to be applied off the work list: they were this profile's, and nobody applies them."""
    if ids:
        await EventDocument.get_pymongo_collection().update_many(
            {"_id": {"$in": list(ids)}, "routed": False}, {"$set": {"routed": True, "profile_id": profile_id}}
        )


async def count_try(event_id: UUID) -> int:
    """Count one more failed attempt to route an event, and tell how many there were."""
    row = await EventDocument.get_pymongo_collection().find_one_and_update(
        {"_id": event_id}, {"$inc": {"tries": 1}}, projection={"tries": 1}, return_document=ReturnDocument.AFTER
    )
    return int(row["tries"]) if row else 0


async def bury(event: Event, *, code: str, reason: str, now: datetime) -> None:
    """Take an event that cannot be routed off the work list and keep it as a dead letter with its reason.

    One that its profile has counted is stamped all the same: it stands in the timeline, and what depends on its having
    been counted stays true.
    """
    await set_aside([(event, code, f"Routing failed again and again: {reason}.")], now=now)
    if event.profile_id is None:
        await mark_routed([event.id])
    else:
        await stamp([event], unrouted=())


async def set_aside(refusals: Sequence[tuple[Event, str, str]], *, now: datetime) -> None:
    """Keep as dead letters what a room could make nothing of: events, each with a code and a sentence without contents.

    They stand in their timeline all the same.
    """
    letters = [
        {
            "_id": ids.key_of("dead letter", event.id),
            "source": event.source,
            "code": code,
            "message": message,
            "event_id": event.id,
            "at": now,
        }
        for event, code, message in refusals
    ]
    await insert_once(DeadLetterDocument, letters)


class Bell:
    """Rings when an event is accepted. It remembers nothing: whoever hears it looks at the work list."""

    def __init__(self, stream: AsyncChangeStream[Row]) -> None:
        self._stream = stream

    async def wait(self, seconds: float) -> None:
        """Wait until an event is accepted, at most so long."""
        ends = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends:
            if await self._stream.try_next() is not None:
                return


@asynccontextmanager
async def bell() -> AsyncIterator[Bell]:
    """Hang up a bell on accepted events, from now on."""
    pipeline: list[Row] = [{"$match": {"operationType": "insert"}}, {"$project": {"_id": 1}}]
    async with await EventDocument.get_pymongo_collection().watch(pipeline, max_await_time_ms=500) as stream:
        yield Bell(stream)


async def later_than(seqs: Mapping[UUID, int], names: Collection[str]) -> list[Event]:
    """Read the stamped events of these profiles and names whose seq is above the one given for the profile."""
    if not seqs or not names:
        return []
    later = [{"profile_id": profile_id, "seq": {"$gt": seq}} for profile_id, seq in seqs.items()]
    found = EventDocument.get_pymongo_collection().find({"$or": later, "name": {"$in": sorted(names)}})
    return [event_of(row) async for row in found]


async def history(profile_ids: Collection[UUID]) -> AsyncIterator[Event]:
    """Read all that these profiles have taken in, as if they had been one: in order of seq."""
    found = EventDocument.get_pymongo_collection().find({"profile_id": {"$in": list(profile_ids)}, "seq": {"$gt": 0}})
    async for row in found.sort("seq", 1):
        yield event_of(row)


async def stamped(profile_ids: Collection[UUID], names: Collection[str]) -> AsyncIterator[Event]:
    """Read all events of these names that are stamped with one of these profiles, in no order."""
    if profile_ids and names:
        wanted = {"profile_id": {"$in": list(profile_ids)}, "name": {"$in": sorted(names)}}
        async for row in EventDocument.get_pymongo_collection().find(wanted):
            yield event_of(row)


async def properties_of(ids: Collection[UUID]) -> dict[UUID, Properties]:
    """Read the properties of events."""
    if not ids:
        return {}
    found = EventDocument.get_pymongo_collection().find({"_id": {"$in": list(ids)}}, {"properties": 1})
    return {row["_id"]: seal.opened(EventDocument, row)["properties"] async for row in found}


async def timelines(
    owners: Collection[OwnIds], wanted: Span, *, where: Mapping[str, Any] = database.EVERY_ROW
) -> dict[OwnIds, Page[Event]]:
    """Read a page of each profile's events that match, what happened last first."""
    found = await database.pages(EventDocument, owners, wanted, by="at", where=where)
    return {owner: page.each(event_of) for owner, page in found.items()}


async def load(ids: Collection[UUID]) -> dict[UUID, Event]:
    """Read events. Those that do not exist are left out."""
    if not ids:
        return {}
    found = EventDocument.get_pymongo_collection().find({"_id": {"$in": list(ids)}})
    return {row["_id"]: event_of(row) async for row in found}


def event_of(sealed: Row) -> Event:
    """Make an event of its row."""
    row = seal.opened(EventDocument, sealed)
    return Event(
        id=row["_id"],
        source=row["source"],
        trust=Trust(row["trust"]),
        kind=Kind(row["kind"]),
        name=row["name"],
        user_id=row.get("user_id"),
        anonymous_id=row.get("anonymous_id"),
        properties=row["properties"],
        traits=row["traits"],
        context=row["context"],
        at=row["at"],
        accepted_at=row["accepted_at"],
        previous_id=row.get("previous_id"),
        about=row.get("about"),
        profile_id=row.get("profile_id"),
        seq=row.get("seq"),
    )
