"""Visits in MongoDB: those of one message in one document, which goes when nobody needs to judge them any more."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, UpdateOne
from pymongo.errors import DuplicateKeyError

from hub import seal
from hub.database import Keyed, Row
from hub.messaging.visits import WINDOW, Sign, Visit
from hub.seal import Personal

MOST: Final = 200
"""Visits that are kept of one message: whoever fetches its links oftener says nothing new by that."""
KEPT: Final = timedelta(days=30)


class VisitsDocument(Keyed):
    """The visits to the links of a message. `_id` is the message's, `due` when they are to be judged."""

    key: UUID
    visits: list[dict[str, Any]]
    due: datetime | None = None
    expires_at: datetime

    class Settings:
        """Where visits lie and how they are found."""

        name = "link_visits"
        personal = Personal("key", ("visits",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("due", 1)], name="due", sparse=True),
            IndexModel([("key", 1)], name="key"),
            IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
        ]


async def add(message_id: UUID, visit: Visit) -> None:
    """Note a visit, and that the message is to be judged when those around it are over. It is durable then."""
    row = {"link": visit.link, "at": visit.at, "sign": visit.sign.value, "target": visit.target}
    update: Row = {
        "$push": {"visits": seal.shut(VisitsDocument, {"visits": [row]})["visits"][0]},
        "$set": {"due": visit.at + WINDOW, "expires_at": visit.at + KEPT},
        "$setOnInsert": {"key": message_id},
    }
    wanted = {"_id": message_id, f"visits.{MOST - 1}": {"$exists": False}}
    with suppress(DuplicateKeyError):  # there are as many as are kept, or another process made the document meanwhile
        await VisitsDocument.get_pymongo_collection().update_one(wanted, update, upsert=True)
        return
    await VisitsDocument.get_pymongo_collection().update_one(wanted, update)


async def due(now: datetime, limit: int) -> list[tuple[UUID, datetime, list[Visit]]]:
    """Read the visits of messages that are to be judged: the message, when it was due, and its visits."""
    found = VisitsDocument.get_pymongo_collection().find({"due": {"$lte": now}}).sort("due", 1).limit(limit)
    rows = [(row["due"], seal.opened(VisitsDocument, row)) async for row in found]
    return [(row["_id"], at, [_visit_of(it) for it in row["visits"]]) for at, row in rows]


async def judged(messages: Sequence[tuple[UUID, datetime]]) -> None:
    """Note that messages were judged, each as it was due: one that was visited since is due again."""
    updates = [UpdateOne({"_id": message_id, "due": at}, {"$unset": {"due": ""}}) for message_id, at in messages]
    if updates:
        await VisitsDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


def _visit_of(row: Row) -> Visit:
    return Visit(row["link"], row["at"], Sign(row["sign"]), row["target"])
