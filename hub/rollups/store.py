"""Definitions of rollups, preferences and stages in MongoDB. A version, once stored, never changes."""

from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub import definitions
from hub.database import Row
from hub.definitions import DefinitionDocument, Definitions
from hub.profiles.store import ProfileDocument


class RollupDocument(DefinitionDocument):
    """A published version of a rollup, a preference or the stages."""

    class Settings:
        """Where definitions lie and how they are found."""

        name = "rollup_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


DEFINITIONS: Final = Definitions(RollupDocument, "rollup")


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


def behind_of(known: int) -> Row:
    """Say which profiles do not know an edition yet: also those from before there were any."""
    return {"edition": {"$not": {"$gte": known}}}
