"""The inbox in MongoDB: one row for each call that was accepted, as a real provider would have sent each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection

from hub import seal
from hub.database import Keyed, Row
from hub.profiles.model import Channel
from hub.seal import Personal

PAGE: Final = 50
LARGEST_PAGE: Final = 500


class InboxDocument(Keyed):
    """A message that was handed over. `_id` is new for every call and in order of time; `key` is the message's id."""

    key: UUID
    channel: Channel
    to: str
    sender: str
    subject: str
    text: str
    html: str | None = None
    at: datetime

    class Settings:
        """Where messages lie. Newest first is the order of `_id`, which has its index."""

        name = "inbox"
        # It knows messages and no profiles: whose a message is stands in `messages`.
        personal = Personal("key", ("to", "subject", "text", "html"), named=("to",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("key", 1)], name="key"),
            IndexModel([("to", 1), ("_id", -1)], name="address"),
        ]


Inbox = AsyncCollection[Row]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which messages a reader wants: the newest that match, older than the one with the id `before`."""

    channel: Channel | None = None
    to: str = ""
    key: UUID | None = None
    before: UUID | None = None
    limit: int = PAGE

    def filter(self) -> Mapping[str, object]:
        """Say it to MongoDB."""
        wanted: dict[str, object] = {}
        if self.channel:
            wanted["channel"] = self.channel
        if self.to:
            wanted["to"] = self.to
        if self.key:
            wanted["key"] = self.key
        if self.before:
            wanted["_id"] = {"$lt": self.before}
        return wanted


async def newest(wish: Wish) -> tuple[Sequence[Row], bool]:
    """Read messages without their HTML, newest first, and tell whether there are older ones behind them."""
    found = (
        InboxDocument.get_pymongo_collection().find(wish.filter(), {"html": 0}).sort("_id", -1).limit(wish.limit + 1)
    )
    rows = [dict(seal.opened(InboxDocument, row)) async for row in found]
    return rows[: wish.limit], len(rows) > wish.limit


async def one(id_: UUID) -> Row | None:
    """Read one message."""
    row = await InboxDocument.get_pymongo_collection().find_one({"_id": id_})
    return None if row is None else dict(seal.opened(InboxDocument, row))
