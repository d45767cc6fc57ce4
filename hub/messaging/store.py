"""Messages in MongoDB: queued once under their key, claimed by a guarded update, settled under the claim's token."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from bson import Binary
from pymongo import IndexModel, UpdateMany, UpdateOne

from hub import database, seal
from hub.database import Keyed, OwnIds, Row, insert_once
from hub.kit.pages import Page, Span
from hub.messaging import rows
from hub.messaging.model import USUAL_PRIORITY, Attempt, Message, MessageClass, State
from hub.profiles.model import Channel
from hub.seal import Erasure, Personal

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any time that a message holds: a bound by which a partial index is found."""
WAITING: Final = (State.QUEUED.value, State.DEFERRED.value)
"""The states of what is still to be sent."""
UNSENT: Final = (*WAITING, State.HELD.value)
"""The states of what nobody has begun to send."""


class MessageDocument(Keyed):
    """A message at rest. `token` fences the running attempt: only who holds it may settle."""

    profile_id: UUID
    run_id: UUID | None
    event_id: UUID | None
    journey: str | None
    version: int | None
    step: str | None
    visit: int | None
    about: UUID | None
    broadcast_id: UUID | None = None
    campaign: str | None = None
    brand: str
    topic: str
    template: str
    channels: list[Channel]
    created_at: datetime
    message_class: MessageClass
    state: State
    place: int
    due: datetime | None = None
    token: UUID | None = None
    attempts: list[dict[str, Any]]
    reason: str | None = None
    priority: int = USUAL_PRIORITY
    lane: Channel | None = None
    """The channel it is on, by which it is found."""
    why: dict[str, str] | None = None
    snippets: list[str] | None = None
    worded_at: datetime | None = None
    """When somebody began to send it with the words of these snippets."""
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    bounced_at: datetime | None = None
    complained_at: datetime | None = None
    duplicated_at: datetime | None = None

    class Settings:
        """Where messages lie and how they are found."""

        name = "messages"
        personal = Personal("profile_id", ("attempts", "why"), Erasure.BLANK)
        indexes: ClassVar[list[IndexModel]] = [
            # Only what is not settled: MongoDB does not see that `due <= now` asks for dates, states it does see.
            IndexModel(
                [("state", 1), ("lane", 1), ("priority", -1), ("due", 1)],
                name="lanes",
                partialFilterExpression={"state": {"$in": [*WAITING]}},
            ),
            IndexModel([("state", 1), ("due", 1)], name="work", partialFilterExpression={"state": State.SENDING.value}),
            IndexModel(
                [("created_at", -1), ("_id", -1)],
                name="unknown",
                partialFilterExpression={"state": State.UNKNOWN.value},
            ),
            IndexModel(
                [("created_at", -1), ("_id", -1)],
                name="duplicates",
                partialFilterExpression={"duplicated_at": {"$type": "date"}},
            ),
            IndexModel([("profile_id", 1), ("created_at", -1), ("_id", -1)], name="profile"),
            IndexModel([("brand", 1)], name="brand"),
            # The bound is one that MongoDB sees: whoever asks for one broadcast asks for more than this id.
            IndexModel(
                [("broadcast_id", 1), ("state", 1), ("reason", 1)],
                name="broadcast",
                partialFilterExpression={"broadcast_id": {"$gt": Binary.from_uuid(UUID(int=0))}},
            ),
            IndexModel(
                [("snippets", 1), ("worded_at", 1)],
                name="snippets",
                partialFilterExpression={"worded_at": {"$gt": EARLIEST}},
            ),
            *(
                # Of a broadcast's messages most are in none of these: they are counted without reading the others.
                IndexModel(
                    [("broadcast_id", 1), (time, 1)], name=time, partialFilterExpression={time: {"$gt": EARLIEST}}
                )
                for time in ("opened_at", "clicked_at", "bounced_at", "complained_at")
            ),
        ]


async def queue(messages: Sequence[Message]) -> None:
    """Store new messages, due when they say, or at once. One that is stored already stays as it is."""
    await insert_once(MessageDocument, [_queued_row(message) for message in messages])


def _queued_row(message: Message) -> Row:
    sealed = seal.shut(MessageDocument, {"why": dict(message.why)}) if message.why else {}
    return {**rows.message_row(message), **sealed, "due": message.due or message.created_at}


async def queued(now: datetime, lanes: Mapping[Channel, int]) -> list[Message]:
    """Read messages that wait to be sent: those of the highest priority first, and of these the longest due.

    Args:
        now: the time.
        lanes: how many at most of each channel. Those that may have equally many have as many together.
    """
    alike: defaultdict[int, list[Channel]] = defaultdict(list)
    for channel, limit in lanes.items():
        alike[limit].append(channel)
    found: list[Message] = []
    for limit, channels in alike.items():
        wanted: Row = {"state": {"$in": WAITING}, "lane": {"$in": channels}, "due": {"$lte": now}}
        cursor = MessageDocument.get_pymongo_collection().find(wanted).sort([("priority", -1), ("due", 1)]).limit(limit)
        found += [message_of(row) for row in await cursor.batch_size(database.AT_ONCE).to_list()]
    return found


async def put_in_lanes() -> None:
    """Note of messages from before there were lanes on which channel they are. Repeating it changes nothing."""
    await MessageDocument.get_pymongo_collection().update_many(
        {"state": {"$in": [*WAITING, State.SENDING.value]}, "lane": None},
        [
            {
                "$set": {
                    "lane": {"$arrayElemAt": ["$channels", "$place"]},
                    "priority": {"$ifNull": ["$priority", USUAL_PRIORITY]},
                }
            }
        ],
    )


async def waiting(profile_ids: Collection[UUID], *, since: datetime, until: datetime) -> list[Message]:
    """Read what waits to be sent to these profiles: made after one time, and due before another."""
    found = MessageDocument.get_pymongo_collection().find(
        {
            "profile_id": {"$in": list(profile_ids)},
            "created_at": {"$gt": since},
            "state": {"$in": WAITING},
            "due": {"$lte": until},
        }
    )
    return [message_of(row) async for row in found]


async def expired(now: datetime, limit: int) -> list[Message]:
    """Read messages whose attempt took longer than its lease: nobody knows yet whether they were sent."""
    wanted: Row = {"state": State.SENDING, "due": {"$lte": now}}
    cursor = MessageDocument.get_pymongo_collection().find(wanted).sort("due", 1).limit(limit)
    return [message_of(row) async for row in cursor]


async def claim(
    messages: Sequence[Message], *, token: UUID, until: datetime, worded_at: datetime | None = None
) -> set[UUID]:
    """Take messages for sending or settling: guarded by the state and due time they were read in.

    Every write gives a message another due time, so that nobody acts on what it was before: on an older place or try.

    Args:
        messages: as they were read.
        token: of the claim.
        until: when its lease ends.
        worded_at: where they are to be sent, when that is: then it is noted which snippets they say.

    Returns:
        The ids of those that are this token's now.
    """
    # Messages that were queued together are claimed together: one statement for many costs MongoDB a third less.
    alike: defaultdict[tuple[State, datetime | None, tuple[tuple[str, Any], ...]], list[UUID]] = defaultdict(list)
    for message in messages:
        claimed: Row = {"place": message.place, "lane": message.channel}
        if worded_at is not None and (message.snippets or message.attempts):
            # One that was tried before may have said others, on another channel.
            claimed |= {"snippets": message.snippets, "worded_at": worded_at if message.snippets else None}
        alike[message.state, message.due, tuple(claimed.items())].append(message.id)
    sending: Row = {"state": State.SENDING, "token": token, "due": until}
    updates = [
        UpdateMany({"_id": {"$in": message_ids}, "state": state, "due": due}, {"$set": {**sending, **dict(claimed)}})
        for (state, due, claimed), message_ids in alike.items()
    ]
    if not updates:
        return set()
    collection = MessageDocument.get_pymongo_collection()
    written = await collection.bulk_write(updates, ordered=False)
    wanted = {message.id for message in messages}
    if written.matched_count == len(wanted):
        return wanted
    found = collection.find({"_id": {"$in": list(wanted)}, "token": token}, {"_id": 1})
    return {row["_id"] async for row in found}


async def settle(messages: Iterable[Message], attempts: Mapping[UUID, Attempt | None], *, token: UUID) -> None:
    """Write what became of claimed messages and their last attempts, each only while it is still this token's."""
    updates = [_settlement(message, attempts.get(message.id), token) for message in messages]
    if updates:
        await MessageDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


async def settle_sent(attempts: Mapping[UUID, Attempt], *, token: UUID) -> None:
    """Write that claimed messages are with their provider, each only while it is still this token's.

    One statement takes each message's attempt by the place of its id: it costs MongoDB a quarter less than as many
    statements, and Python half.
    """
    if not attempts:
        return
    listed = [Binary.from_uuid(it) for it in attempts]
    told = [rows.attempt_row(it) for it in attempts.values()]
    sealed = seal.shut(MessageDocument, {"attempts": told})["attempts"]
    mine = {"$arrayElemAt": [{"$literal": sealed}, {"$indexOfArray": [{"$literal": listed}, "$_id"]}]}
    sent: Row = {
        "state": State.SENT,
        "due": None,
        "reason": None,
        "token": "$$REMOVE",
        "attempts": {"$concatArrays": ["$attempts", [mine]]},
    }
    await MessageDocument.get_pymongo_collection().update_many(
        {"_id": {"$in": listed}, "token": token}, [{"$set": sent}]
    )


async def give_back(token: UUID, *, due: datetime, message_ids: Collection[UUID] | None = None) -> None:
    """Return claimed messages to the queue, all of a token or those named: no call was made."""
    wanted: Row = {"token": token, "state": State.SENDING}
    if message_ids is not None:
        wanted["_id"] = {"$in": list(message_ids)}
    await MessageDocument.get_pymongo_collection().update_many(
        wanted, {"$set": {"state": State.QUEUED, "due": due}, "$unset": {"token": ""}}
    )


async def cancel(profile_ids: Collection[UUID], *, reason: str) -> None:
    """Settle the messages of these profiles that nobody has begun to send: nobody does."""
    await MessageDocument.get_pymongo_collection().update_many(
        {"profile_id": {"$in": list(profile_ids)}, "state": {"$in": UNSENT}},
        {"$set": {"state": State.CANCELLED, "due": None, "reason": reason}, "$unset": {"token": ""}},
    )


def _settlement(message: Message, attempt: Attempt | None, token: UUID) -> UpdateOne:
    changes: Row = {
        "state": message.state,
        "place": message.place,
        "lane": message.channel,
        "due": message.due,
        "reason": message.reason,
    }
    update: Row = {"$set": changes, "$unset": {"token": ""}}
    if attempt is not None:
        sealed = seal.shut(MessageDocument, {"attempts": [rows.attempt_row(attempt)]})
        update["$push"] = {"attempts": {"$each": sealed["attempts"]}}
    return UpdateOne({"_id": message.id, "token": token}, update)


async def pages(
    owners: Collection[OwnIds], wanted: Span, *, where: Mapping[str, Any] = database.EVERY_ROW
) -> dict[OwnIds, Page[Message]]:
    """Read a page of each profile's messages that match, newest first."""
    found = await database.pages(MessageDocument, owners, wanted, by="created_at", where=where)
    return {owner: page.each(message_of) for owner, page in found.items()}


async def load(message_ids: Collection[UUID]) -> dict[UUID, Message]:
    """Read messages. Those that do not exist are left out."""
    if not message_ids:
        return {}
    found = MessageDocument.get_pymongo_collection().find({"_id": {"$in": list(message_ids)}})
    return {row["_id"]: message_of(row) for row in await found.batch_size(database.AT_ONCE).to_list()}


def message_of(sealed: Mapping[str, Any]) -> Message:
    """Make a message of its row."""
    return rows.message_of(seal.opened(MessageDocument, sealed))
