"""The inboxes of customers in MongoDB: one row for each message, under the message's own id."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel, ReturnDocument

from hub import database, seal
from hub.database import Keyed, OwnIds, Row
from hub.kit.pages import Page, Span
from hub.seal import Personal


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A message in a customer's inbox. `id` is that of the message that was sent.

    `read_at` and `archived_at` are when the customer did so for the first time, None before.
    """

    id: UUID
    profile_id: UUID
    title: str
    text: str
    link: str | None
    at: datetime
    read_at: datetime | None = None
    archived_at: datetime | None = None


class InboxMessageDocument(Keyed):
    """A message in an inbox at rest. `_id` is the message's, so that it lies there once, however often it is sent."""

    profile_id: UUID
    title: str
    text: str
    link: str | None
    at: datetime
    read_at: datetime | None
    archived_at: datetime | None

    class Settings:
        """Where they lie, and how a customer's are found, and those of them that wait to be read."""

        name = "inbox_messages"
        personal = Personal("profile_id", ("title", "text", "link"))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1), ("at", -1), ("_id", -1)], name="profile"),
            IndexModel([("profile_id", 1), ("archived_at", 1), ("read_at", 1)], name="unread"),
        ]


async def put(message: InboxMessage) -> None:
    """Put a message into its customer's inbox. One that lies there already stays as it is."""
    row = seal.shut(
        InboxMessageDocument,
        {
            "profile_id": message.profile_id,
            "title": message.title,
            "text": message.text,
            "link": message.link,
            "at": message.at,
            "read_at": None,
            "archived_at": None,
        },
    )
    collection = InboxMessageDocument.get_pymongo_collection()
    await collection.update_one({"_id": message.id}, {"$setOnInsert": row}, upsert=True)


async def has(message_id: UUID) -> bool:
    """Tell whether a message lies in an inbox."""
    found = await InboxMessageDocument.get_pymongo_collection().find_one({"_id": message_id}, {"_id": 1})
    return found is not None


async def load(message_ids: Collection[UUID]) -> dict[UUID, InboxMessage]:
    """Read messages. Those that do not exist are left out."""
    found = InboxMessageDocument.get_pymongo_collection().find({"_id": {"$in": list(message_ids)}})
    return {row["_id"]: _message_of(row) async for row in found}


async def pages(owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[InboxMessage]]:
    """Read a page of what lies in each customer's inbox and is not archived, the newest first."""
    return await _pages(owners, wanted, {"archived_at": None})


async def archived_pages(owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[InboxMessage]]:
    """Read a page of what each customer has archived, the newest first."""
    return await _pages(owners, wanted, {"archived_at": {"$ne": None}})


async def unread(owners: Collection[OwnIds]) -> dict[OwnIds, int]:
    """Count what each customer has neither read nor archived, in one command."""
    wanted = [profile_id for own_ids in owners for profile_id in own_ids]
    found = await InboxMessageDocument.get_pymongo_collection().aggregate(
        [
            {"$match": {"profile_id": {"$in": wanted}, "archived_at": None, "read_at": None}},
            {"$group": {"_id": "$profile_id", "count": {"$sum": 1}}},
        ]
    )
    counts = {row["_id"]: int(row["count"]) async for row in found}
    return {own_ids: sum(counts.get(it, 0) for it in own_ids) for own_ids in owners}


async def mark(message_id: UUID, own_ids: OwnIds, *, at: datetime, archived: bool = False) -> InboxMessage | None:
    """Note that a customer has read a message, or archived it, which is read too. The first time of each stays.

    Returns:
        The message as it is now; None where it is in no inbox of theirs.
    """
    first: Row = {"read_at": {"$ifNull": ["$read_at", at]}}
    if archived:
        first["archived_at"] = {"$ifNull": ["$archived_at", at]}
    row: Any = await InboxMessageDocument.get_pymongo_collection().find_one_and_update(
        {"_id": message_id, "profile_id": {"$in": list(own_ids)}},
        [{"$set": first}],
        return_document=ReturnDocument.AFTER,
    )
    return _message_of(row) if row else None


async def _pages(
    owners: Collection[OwnIds], wanted: Span, where: Mapping[str, Any]
) -> dict[OwnIds, Page[InboxMessage]]:
    found = await database.pages(InboxMessageDocument, owners, wanted, by="at", where=where)
    return {owner: page.each(_message_of) for owner, page in found.items()}


def _message_of(sealed: Mapping[str, Any]) -> InboxMessage:
    row = seal.opened(InboxMessageDocument, sealed)
    return InboxMessage(
        id=row["_id"],
        profile_id=row["profile_id"],
        title=row["title"],
        text=row["text"],
        link=row["link"],
        at=row["at"],
        read_at=row["read_at"],
        archived_at=row["archived_at"],
    )
