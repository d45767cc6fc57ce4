"""The messages of a broadcast: held and released, taken back, and counted."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from hub.contact import store as contact_store
from hub.database import Row
from hub.messaging.model import State
from hub.messaging.store import EARLIEST, UNSENT, WAITING, MessageDocument

_OPEN: Final = (*UNSENT, State.SENDING.value)
_BATCH: Final = 1_000


class Echo(StrEnum):
    """What may come back of a message."""

    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Open:
    """What of a broadcast is not settled: how many messages by state, and when the next of them is due."""

    states: Mapping[State, int]
    due: datetime | None


async def hold(broadcast_id: UUID) -> None:
    """Keep the messages that wait to be sent from being sent. Those that were deferred keep their reason."""
    is_deferred = {"$eq": ["$state", State.DEFERRED.value]}
    held = {"state": State.HELD.value, "reason": {"$cond": [is_deferred, "$reason", None]}}
    await _change(broadcast_id, WAITING, [{"$set": held}])


async def release(broadcast_id: UUID) -> None:
    """Let messages that were held be sent, each when it is due. Those that were deferred are so again."""
    # As `queued` they would count as ahead of the senders, and nobody else would be told before they are due.
    was_deferred = {"$gt": ["$reason", None]}
    state = {"$cond": [was_deferred, State.DEFERRED.value, State.QUEUED.value]}
    await _change(broadcast_id, [State.HELD.value], [{"$set": {"state": state}}])


async def take_back(broadcast_id: UUID, *, reason: str, message_ids: Collection[UUID] | None = None) -> None:
    """Settle messages that nobody has begun to send, all or those named: nobody does, and their places are free.

    Repeating it after a crash frees the places that were left.
    """
    gone = {"$set": {"state": State.CANCELLED, "due": None, "reason": reason}, "$unset": {"token": ""}}
    await _change(broadcast_id, UNSENT, gone, message_ids)
    # One that was given back, or is to be tried again, has a place under the caps still.
    cancelled = _wanted(broadcast_id, [State.CANCELLED.value], message_ids)
    batch: list[UUID] = []
    async for row in MessageDocument.get_pymongo_collection().find(cancelled, {"_id": 1}):
        batch.append(row["_id"])
        if len(batch) == _BATCH:
            await contact_store.give_back_all(batch)
            batch.clear()
    await contact_store.give_back_all(batch)


async def ahead(broadcast_id: UUID, most: int, *, now: datetime) -> int:
    """Count the messages that wait for a sender or are with one, up to `most`; not those that are due later."""
    is_ahead = [{"state": State.SENDING}, {"state": State.QUEUED, "due": {"$lte": now}}]
    wanted = {"broadcast_id": broadcast_id, "$or": is_ahead}
    return await MessageDocument.get_pymongo_collection().count_documents(wanted, limit=most)


async def unsettled(broadcast_id: UUID) -> Open:
    """Look what is not settled yet."""
    found = await MessageDocument.get_pymongo_collection().aggregate(
        [
            {"$match": {"broadcast_id": broadcast_id, "state": {"$in": _OPEN}}},
            {"$group": {"_id": "$state", "count": {"$sum": 1}, "due": {"$min": "$due"}}},
        ]
    )
    rows = [row async for row in found]
    due = min((row["due"] for row in rows if row["due"] is not None), default=None)
    return Open({State(row["_id"]): row["count"] for row in rows}, due)


async def tally(broadcast_ids: Collection[UUID]) -> dict[UUID, Counter[tuple[State, str | None]]]:
    """Count the messages of broadcasts by state and reason."""
    found = await MessageDocument.get_pymongo_collection().aggregate(
        [
            {"$match": {"broadcast_id": {"$in": list(broadcast_ids)}}},
            {
                "$group": {
                    "_id": {"broadcast": "$broadcast_id", "state": "$state", "reason": "$reason"},
                    "count": {"$sum": 1},
                }
            },
        ]
    )
    counted: dict[UUID, Counter[tuple[State, str | None]]] = {it: Counter() for it in broadcast_ids}
    async for row in found:
        key = row["_id"]
        counted[key["broadcast"]][State(key["state"]), key.get("reason")] = row["count"]
    return counted


async def echoes(broadcast_ids: Collection[UUID]) -> dict[UUID, Counter[Echo]]:
    """Count the messages that something came back of: each sort in one command, on an index of its own."""
    counted: dict[UUID, Counter[Echo]] = {it: Counter() for it in broadcast_ids}
    for echo in Echo:
        found = await MessageDocument.get_pymongo_collection().aggregate(
            [
                {"$match": {"broadcast_id": {"$in": list(broadcast_ids)}, f"{echo}_at": {"$gt": EARLIEST}}},
                {"$group": {"_id": "$broadcast_id", "count": {"$sum": 1}}},
            ]
        )
        async for row in found:
            counted[row["_id"]][echo] = row["count"]
    return counted


async def count(broadcast_id: UUID, states: Collection[State]) -> int:
    """Count the messages of a broadcast in these states."""
    wanted = {"broadcast_id": broadcast_id, "state": {"$in": [it.value for it in states]}}
    return await MessageDocument.get_pymongo_collection().count_documents(wanted)


async def told(message_ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these messages there are."""
    found = MessageDocument.get_pymongo_collection().find({"_id": {"$in": list(message_ids)}}, {"_id": 1})
    return {row["_id"] async for row in found}


async def of_persons(profile_ids: Collection[UUID]) -> list[tuple[UUID, UUID, UUID, State]]:
    """List the messages of broadcasts to these profiles: broadcast, message, profile and state, the oldest first."""
    found = MessageDocument.get_pymongo_collection().find(
        {"profile_id": {"$in": list(profile_ids)}, "broadcast_id": {"$ne": None}},
        {"broadcast_id": 1, "profile_id": 1, "state": 1},
    )
    rows = await found.sort([("created_at", 1), ("_id", 1)]).to_list()
    return [(row["broadcast_id"], row["_id"], row["profile_id"], State(row["state"])) for row in rows]


async def _change(
    broadcast_id: UUID, states: Collection[str], update: Row | list[Row], message_ids: Collection[UUID] | None = None
) -> None:
    wanted = _wanted(broadcast_id, states, message_ids)
    await MessageDocument.get_pymongo_collection().update_many(wanted, update)


def _wanted(broadcast_id: UUID, states: Collection[str], message_ids: Collection[UUID] | None) -> Row:
    wanted: Row = {"broadcast_id": broadcast_id, "state": {"$in": list(states)}}
    if message_ids is not None:
        wanted["_id"] = {"$in": list(message_ids)}
    return wanted
