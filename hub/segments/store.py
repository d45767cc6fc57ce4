"""Segments in MongoDB, and who is in them as their profiles say it."""

from collections.abc import AsyncIterator, Collection
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub import database, definitions
from hub.database import Row
from hub.definitions import DefinitionDocument, Definitions
from hub.profiles.store import ProfileDocument


class SegmentDocument(DefinitionDocument):
    """A published version of a segment."""

    class Settings:
        """Where segments lie and how they are found."""

        name = "segment_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


DEFINITIONS: Final = Definitions(SegmentDocument, "segment")


def members_of(name: str) -> Row:
    """Make the query that finds the profiles in a segment."""
    return {"segments.in.name": name}


async def members(name: str) -> AsyncIterator[list[UUID]]:
    """Give the ids of those in a segment, in order of the ids and never many at once.

    Who was absorbed is in as their head, and not for themselves. However long the reader takes, nothing is held open:
    who comes or goes meanwhile may be given or not, everybody else is given once.
    """
    among: Row = {**members_of(name), "absorbed_by": None}
    profiles, last = ProfileDocument.get_pymongo_collection(), None
    while True:
        where = among if last is None else {**among, "_id": {"$gt": last}}
        found = profiles.find(where, {"_id": 1}).sort("_id", 1).limit(database.AT_ONCE)
        batch = [row["_id"] for row in await found.batch_size(database.AT_ONCE).to_list()]
        if not batch:
            return
        yield batch
        last = batch[-1]


def behind_of(known: int) -> Row:
    """Say which profiles were not sorted by an edition yet: also those from before there were any."""
    return {"segments.edition": {"$not": {"$gte": known}}}


async def behind(known: int, limit: int) -> list[UUID]:
    """List profiles that were not sorted by this edition yet; none where nothing was published."""
    if not known:
        return []
    found = ProfileDocument.get_pymongo_collection().find(behind_of(known), {"_id": 1}).limit(limit)
    return [row["_id"] async for row in found]


async def progress(known: int) -> tuple[int, int]:
    """Tell how many profiles were sorted by an edition, of how many."""
    profiles = ProfileDocument.get_pymongo_collection()
    total = await profiles.estimated_document_count()
    left = await profiles.count_documents(behind_of(known))
    return max(0, total - left), total


async def sizes(names: Collection[str]) -> dict[str, int]:
    """Count who is in each of these segments."""
    profiles = ProfileDocument.get_pymongo_collection()
    return {name: await profiles.count_documents({**members_of(name), "absorbed_by": None}) for name in names}
