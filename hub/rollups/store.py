"""Definitions of rollups, preferences and stages in MongoDB. A version, once stored, never changes."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.database import Named, Row
from hub.profiles.store import EARLIEST, ProfileDocument
from hub.rollups.model import Version


class DefinitionDocument(Named):
    """A published version; `_id` is `name/number`.

    `edition` counts the publications of all definitions, `key` is the idempotency key it was made under.
    """

    name: str
    number: int
    edition: int
    source: str
    digest: str
    published_at: datetime
    published_by: str
    key: UUID

    class Settings:
        """Where definitions lie and how they are found."""

        name = "rollup_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("edition", -1)], name="edition", unique=True),
            IndexModel([("name", 1), ("number", -1)], name="newest"),
        ]

    @property
    def version(self) -> Version:
        """The name of this version."""
        return Version(self.name, self.number)


def digest_of(source: str) -> str:
    """Tell documents apart by their bytes."""
    return hashlib.sha256(source.encode()).hexdigest()


async def edition() -> int:
    """Count the publications so far."""
    row = await DefinitionDocument.get_pymongo_collection().find_one({}, {"edition": 1}, sort=[("edition", -1)])
    return int(row["edition"]) if row else 0


async def newest(name: str) -> DefinitionDocument | None:
    """Read the newest version of a definition."""
    return await DefinitionDocument.find(DefinitionDocument.name == name).sort("-number").first_or_none()


async def live(names: Collection[str] | None = None) -> list[DefinitionDocument]:
    """Read the newest version of these definitions, or of all, by name."""
    wanted = {} if names is None else {"name": {"$in": sorted(names)}}
    found = DefinitionDocument.find(wanted).sort("name", "-number")
    newest_of: dict[str, DefinitionDocument] = {}
    async for version in found:
        newest_of.setdefault(version.name, version)
    return list(newest_of.values())


async def insert(version: DefinitionDocument) -> bool:
    """Store a new version. False means that its number or its edition was taken meanwhile."""
    try:
        await version.insert()
    except DuplicateKeyError:
        return False
    return True


async def behind(known: int, limit: int) -> list[UUID]:
    """List profiles that do not know this edition yet."""
    found = ProfileDocument.get_pymongo_collection().find(behind_of(known), {"_id": 1}).limit(limit)
    return [row["_id"] async for row in found]


async def progress(known: int) -> tuple[int, int]:
    """Tell how many profiles know an edition, of how many."""
    profiles = ProfileDocument.get_pymongo_collection()
    total = await profiles.estimated_document_count()
    left = await profiles.count_documents(behind_of(known))
    return max(0, total - left), total


async def due(now: datetime, limit: int) -> list[UUID]:
    """List profiles at whose stage it is time to look, the longest due first."""
    found = (
        ProfileDocument.get_pymongo_collection().find(due_at(now), {"_id": 1}).sort("next_change_at", 1).limit(limit)
    )
    return [row["_id"] async for row in found]


def behind_of(known: int) -> Row:
    """Say which profiles do not know an edition yet: also those from before there were any."""
    return {"edition": {"$not": {"$gte": known}}}


def due_at(now: datetime) -> Row:
    """Say which profiles are due. The lower bound is what the partial index holds."""
    return {"next_change_at": {"$gt": EARLIEST, "$lte": now}}
