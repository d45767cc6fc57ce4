"""Doubts: messages of which nobody knows whether they arrived, and those that went out twice. How many, and which."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub import database
from hub.database import Row
from hub.kit.pages import Page, Span
from hub.messaging.model import Message, State
from hub.messaging.store import MessageDocument, message_of

_MILLION: Final = 1_000_000


class Doubt(StrEnum):
    """What is wrong with a message that was sent."""

    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"


_WHERE: Final[dict[Doubt, Row]] = {
    Doubt.UNKNOWN: {"state": State.UNKNOWN},
    Doubt.DUPLICATE: {"duplicated_at": {"$type": "date"}},
}
"""Each is found by an index that holds nothing else."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many messages there are, and how many of them are in doubt."""

    messages: int
    unknown: int
    duplicates: int

    @property
    def unknown_per_million(self) -> float:
        """Of a million messages, how many may or may not have arrived."""
        return self.unknown * _MILLION / self.messages if self.messages else 0.0

    @property
    def duplicates_per_million(self) -> float:
        """Of a million messages, how many a provider took twice."""
        return self.duplicates * _MILLION / self.messages if self.messages else 0.0


async def numbers(brands: Collection[str] = ()) -> Numbers:
    """Count those of these brands, or of all, if none is named: doubts by their indexes.

    All messages are counted by what MongoDB knows without looking, those of brands by an index.
    """
    collection, of = MessageDocument.get_pymongo_collection(), _of(brands)
    unknown, duplicates = [await collection.count_documents({**_WHERE[it], **of}) for it in Doubt]
    every = await collection.count_documents(of) if of else await collection.estimated_document_count()
    return Numbers(every, unknown, duplicates)


async def page(doubt: Doubt, wanted: Span, *, brands: Collection[str] = ()) -> Page[Message]:
    """Read a page of the messages in doubt, the newest first; those of these brands, of all if none is named."""
    where = {**_WHERE[doubt], **_of(brands)}
    found = await database.page(MessageDocument, wanted, by="created_at", where=where)
    return found.each(message_of)


def _of(brands: Collection[str]) -> Row:
    return {"brand": {"$in": sorted(brands)}} if brands else {}
