"""Broadcasts in MongoDB. One changes by compare-and-set on `rev`."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel

from hub import database
from hub.broadcasts.model import ENDED, Broadcast, Cursor, Definition, Moment, NoSuchBroadcast, State
from hub.database import Keyed, Row, insert_once
from hub.kit.pages import Page, Span
from hub.profiles.model import Channel


class BroadcastDocument(Keyed):
    """A broadcast at rest. Its definition never changes."""

    rev: int
    definition: dict[str, Any]
    state: State
    created_at: datetime
    created_by: str
    starts_at: datetime
    due: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    moments: list[dict[str, Any]] | None
    cursor: dict[str, int]
    queued: int
    left_out: int
    paced_at: datetime | None
    may_hold: bool
    is_watched: bool = True
    reason: str | None

    class Settings:
        """Where broadcasts lie and how they are found."""

        name = "broadcasts"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("created_at", -1), ("_id", -1)], name="newest"),
            IndexModel([("due", 1)], name="due"),
            IndexModel([("definition.segment", 1), ("state", 1)], name="segment"),
        ]


async def insert(broadcast: Broadcast) -> None:
    """Store a new broadcast. One that is stored already stays as it is."""
    await insert_once(BroadcastDocument, [{"_id": broadcast.id, "rev": broadcast.rev, **_row_of(broadcast)}])


async def save(before: Broadcast, after: Broadcast) -> bool:
    """Write what was decided of a broadcast, only while it is as it was read. False: somebody was faster."""
    changes = {**_row_of(after), "rev": before.rev + 1}
    collection = BroadcastDocument.get_pymongo_collection()
    written = await collection.update_one({"_id": before.id, "rev": before.rev}, {"$set": changes})
    return written.matched_count == 1


async def look_again(broadcast_id: UUID, rev: int, due: datetime | None) -> None:
    """Note when to look at a broadcast again, only while it is as it was read. It is no change of it."""
    collection = BroadcastDocument.get_pymongo_collection()
    await collection.update_one({"_id": broadcast_id, "rev": rev}, {"$set": {"due": due}})


async def find(broadcast_id: UUID) -> Broadcast:
    """Read a broadcast.

    Raises:
        NoSuchBroadcast: there is none.
    """
    found = await load([broadcast_id])
    if broadcast_id not in found:
        raise NoSuchBroadcast(broadcast_id)
    return found[broadcast_id]


async def load(broadcast_ids: Collection[UUID]) -> dict[UUID, Broadcast]:
    """Read broadcasts. Those that do not exist are left out."""
    found = BroadcastDocument.get_pymongo_collection().find({"_id": {"$in": list(broadcast_ids)}})
    return {row["_id"]: broadcast_of(row) async for row in found}


async def page(wanted: Span) -> Page[Broadcast]:
    """Read a page of all broadcasts, the last one made first."""
    found = await database.page(BroadcastDocument, wanted, by="created_at", where={})
    return found.each(broadcast_of)


async def due(now: datetime) -> list[tuple[UUID, int]]:
    """List the broadcasts that somebody should look at, each with its revision."""
    found = BroadcastDocument.get_pymongo_collection().find({"due": {"$lte": now}}, {"rev": 1}).sort("due", 1)
    return [(row["_id"], row["rev"]) async for row in found]


async def unfinished() -> list[Broadcast]:
    """Read the broadcasts that are not over, the oldest first."""
    over = [it.value for it in ENDED]
    found = BroadcastDocument.get_pymongo_collection().find({"state": {"$nin": over}}).sort("created_at", 1)
    return [broadcast_of(row) async for row in found]


async def waiting_for(segment: str) -> list[str]:
    """Name the broadcasts that have not started, or not listed their recipients yet, and are for a segment."""
    found = BroadcastDocument.get_pymongo_collection().find(
        {
            "definition.segment": segment,
            "state": {"$in": [State.SCHEDULED, State.RUNNING, State.PAUSED]},
            "moments": None,
        },
        {"definition.name": 1},
    )
    return [f"broadcast {row['definition']['name']}" async for row in found.sort("created_at", 1)]


def broadcast_of(row: Mapping[str, Any]) -> Broadcast:
    """Make a broadcast of its row."""
    moments = row["moments"]
    return Broadcast(
        id=row["_id"],
        rev=row["rev"],
        definition=_definition_of(row["definition"]),
        state=State(row["state"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
        starts_at=row["starts_at"],
        due=row["due"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        moments=None if moments is None else tuple(Moment(**it) for it in moments),
        cursor=Cursor(**row["cursor"]),
        queued=row["queued"],
        left_out=row["left_out"],
        paced_at=row["paced_at"],
        may_hold=row["may_hold"],
        is_watched=row.get("is_watched", True),
        reason=row["reason"],
    )


def _row_of(broadcast: Broadcast) -> Row:
    moments, cursor = broadcast.moments, broadcast.cursor
    return {
        "definition": _definition_row(broadcast.definition),
        "state": broadcast.state,
        "created_at": broadcast.created_at,
        "created_by": broadcast.created_by,
        "starts_at": broadcast.starts_at,
        "due": broadcast.due,
        "started_at": broadcast.started_at,
        "ended_at": broadcast.ended_at,
        "moments": None if moments is None else [{"at": it.at, "size": it.size} for it in moments],
        "cursor": {"moment": cursor.moment, "page": cursor.page, "offset": cursor.offset},
        "queued": broadcast.queued,
        "left_out": broadcast.left_out,
        "paced_at": broadcast.paced_at,
        "may_hold": broadcast.may_hold,
        "is_watched": broadcast.is_watched,
        "reason": broadcast.reason,
    }


def _definition_row(definition: Definition) -> Row:
    return {
        "name": definition.name,
        "segment": definition.segment,
        "template": definition.template,
        "channels": [it.value for it in definition.channels],
        "brand": definition.brand,
        "topic": definition.topic,
        "at": definition.at,
        "local_at": definition.local_at.isoformat() if definition.local_at else None,
        "per_minute": definition.per_minute,
        "priority": definition.priority,
        "best_first": definition.best_first,
        "at_best_hour": definition.at_best_hour,
    }


def _definition_of(row: Row) -> Definition:
    local_at = row["local_at"]
    return Definition(
        **{
            **row,
            "channels": tuple(Channel(it) for it in row["channels"]),
            "local_at": datetime.fromisoformat(local_at) if local_at else None,
        }
    )
