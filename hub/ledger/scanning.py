"""Scanning: purses and postings as they lie, for those who compute them again and for those who show them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from hub import database
from hub.ledger import store
from hub.ledger.model import Posting, Purse
from hub.ledger.store import PostingDocument, PurseDocument

_IN_ORDER: Final = [("owner", 1), ("program", 1)]


async def every_purse() -> AsyncIterator[Purse]:
    """Read all purses by owner and program."""
    async for row in PurseDocument.get_pymongo_collection().find().sort(_IN_ORDER):
        yield store.purse_of(row)


async def every_posting() -> AsyncIterator[Posting]:
    """Read all copied postings by the owner and program of their purse."""
    async for row in PostingDocument.get_pymongo_collection().find().sort(_IN_ORDER):
        yield store.posting_of(row)


async def booked(program: str | None, since: datetime | None, until: datetime) -> AsyncIterator[Posting]:
    """Read the copied postings that were booked from a time on and before another, of one program or all, by id."""
    within = {"$lt": until, **({"$gte": since} if since else {})}
    wanted = {"booked_at": within, **({"program": program} if program else {})}
    async for row in PostingDocument.get_pymongo_collection().find(wanted).sort("_id", 1):
        yield store.posting_of(row)


async def read_one(program: str, owner: UUID) -> Purse:
    """Read a purse as it is, gone over into another or not."""
    return (await store.read(program, [owner])).get(owner) or Purse(program, owner)


async def postings_of(program: str, owner: UUID) -> AsyncIterator[Posting]:
    """Read the copied postings of one purse."""
    async for row in PostingDocument.get_pymongo_collection().find({"owner": owner, "program": program}):
        yield store.posting_of(row)


async def standing(owners: Collection[UUID]) -> dict[UUID, list[Purse]]:
    """Read the purses of each of these owners that have not gone over into others."""
    wanted = {"owner": {"$in": list(owners)}, "moved_to": None}
    found = PurseDocument.get_pymongo_collection().find(wanted).batch_size(database.AT_ONCE)
    purses: defaultdict[UUID, list[Purse]] = defaultdict(list)
    for row in await found.to_list():
        purses[row["owner"]].append(store.purse_of(row))
    return purses


async def until(owners: Collection[UUID], programs: Collection[str], at: datetime) -> AsyncIterator[Posting]:
    """Read the copied postings of these owners that held by a time."""
    wanted = {"owner": {"$in": list(owners)}, "program": {"$in": list(programs)}, "at": {"$lte": at}}
    async for row in PostingDocument.get_pymongo_collection().find(wanted):
        yield store.posting_of(row)
