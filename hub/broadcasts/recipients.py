"""The recipients of a broadcast: who was in its segment when it started, page after page, each with their moment.

A page is stored once under its number, and the next one begins behind its last customer: so whoever dies in between, or
works at the same time, goes on from what is stored. Who comes into the segment later is not told; who leaves it, is.
"""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pymongo import IndexModel

from hub import seal
from hub.broadcasts import rules
from hub.broadcasts.model import Broadcast, Cursor, Moment
from hub.database import Keyed, Row, insert_once
from hub.kit import ids
from hub.profiles.store import ProfileDocument

PAGE: Final = 5_000
"""Customers a page. Their ids are 100 KB; the last page has fewer."""


class RecipientPageDocument(Keyed):
    """A page at rest: ids of customers by moment, in the order of the ids. It goes when its broadcast is over."""

    broadcast_id: UUID
    number: int
    size: int
    last: UUID | None
    parts: list[dict[str, Any]]

    class Settings:
        """Where pages lie and how they are found."""

        name = "broadcast_pages"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("broadcast_id", 1), ("number", 1)], name="number", unique=True)
        ]


async def list_page(broadcast: Broadcast, zone: ZoneInfo) -> bool:
    """List the next page, and tell whether it was the last one.

    Args:
        broadcast: one that has started.
        zone: of those customers of whom none is known.
    """
    pages = RecipientPageDocument.get_pymongo_collection()
    newest = await pages.find_one(
        {"broadcast_id": broadcast.id}, {"number": 1, "size": 1, "last": 1}, sort=[("number", -1)]
    )
    if newest is not None and newest["size"] < PAGE:
        return True
    rows = await _members(broadcast, newest["last"] if newest else None)
    number = newest["number"] + 1 if newest else 0
    # One that is there already is another's, who was faster: the next look goes on from theirs.
    taken = await insert_once(RecipientPageDocument, [_page(broadcast, number, rows, zone)])
    return not taken and len(rows) < PAGE


async def moments(broadcast: Broadcast) -> tuple[Moment, ...]:
    """Add up who is to be told when, once all pages are listed."""
    found = await RecipientPageDocument.get_pymongo_collection().aggregate(
        [
            {"$match": {"broadcast_id": broadcast.id}},
            {"$unwind": "$parts"},
            {"$group": {"_id": "$parts.at", "size": {"$sum": {"$size": "$parts.profiles"}}}},
            {"$sort": {"_id": 1}},
        ]
    )
    return tuple([Moment(row["_id"], row["size"]) async for row in found])


async def after(broadcast: Broadcast, limit: int) -> tuple[list[UUID], Cursor]:
    """Give the next customers, `limit` of one page at most, and how far the broadcast is after them.

    Nobody comes behind the last page of a moment: then only the cursor is another.
    """
    cursor = broadcast.cursor
    at = (broadcast.moments or ())[cursor.moment].at
    found = await RecipientPageDocument.get_pymongo_collection().aggregate(
        [
            {"$match": {"broadcast_id": broadcast.id, "number": cursor.page}},
            {"$set": {"parts": {"$filter": {"input": "$parts", "as": "it", "cond": {"$eq": ["$$it.at", at]}}}}},
            {"$set": {"profiles": {"$ifNull": [{"$first": "$parts.profiles"}, []]}}},
            # Only those that are wanted: a page has ten times as many.
            {"$project": {"size": {"$size": "$profiles"}, "next": {"$slice": ["$profiles", cursor.offset, limit]}}},
        ]
    )
    rows = await found.to_list()
    if not rows:
        return [], Cursor(cursor.moment + 1)
    (row,) = rows
    end = cursor.offset + limit
    if end < row["size"]:
        return row["next"], Cursor(cursor.moment, cursor.page, end)
    return row["next"], Cursor(cursor.moment, cursor.page + 1)


async def forget(broadcast_id: UUID) -> None:
    """Take the pages away: the messages tell who was told."""
    await RecipientPageDocument.get_pymongo_collection().delete_many({"broadcast_id": broadcast_id})


async def _members(broadcast: Broadcast, last: UUID | None) -> list[Row]:
    """Read the next members of the segment, by their ids; who was absorbed is in as their head."""
    entered = {"$elemMatch": {"name": broadcast.definition.segment, "since": {"$lte": broadcast.started_at}}}
    where: Row = {"segments.in": entered, "absorbed_by": None}
    if last is not None:
        where["_id"] = {"$gt": last}
    found = ProfileDocument.get_pymongo_collection().find(where, {"zone": 1}).sort("_id", 1).limit(PAGE)
    return await found.batch_size(PAGE).to_list()


def _page(broadcast: Broadcast, number: int, rows: list[Row], zone: ZoneInfo) -> Row:
    started_at = broadcast.started_at or broadcast.starts_at
    by_zone: dict[str | None, datetime] = {}
    parts: dict[datetime, list[UUID]] = {}
    for row in rows:
        theirs = seal.opened(ProfileDocument, row).get("zone")
        if theirs not in by_zone:
            by_zone[theirs] = rules.moment_of(broadcast.definition, theirs, default=zone, started_at=started_at)
        parts.setdefault(by_zone[theirs], []).append(row["_id"])
    return {
        "_id": ids.key_of("broadcast page", broadcast.id, number),
        "broadcast_id": broadcast.id,
        "number": number,
        "size": len(rows),
        "last": rows[-1]["_id"] if rows else None,
        "parts": [{"at": at, "profiles": profiles} for at, profiles in parts.items()],
    }
