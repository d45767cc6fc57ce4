"""Outboxes in MongoDB: the postings that wait in their purses until they are copied to where all of them lie.

Of a purse only its outbox is read here: to copy a posting nobody needs the wallets.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import UpdateOne

from hub import database
from hub.database import Row, insert_once
from hub.ledger import store
from hub.ledger.model import Posting
from hub.ledger.store import PostingDocument, PurseDocument

_READ: Final = {"owner": 1, "rev": 1, "outbox": 1}


@dataclass(frozen=True, slots=True)
class Outbox:
    """What waits in a purse.

    Attributes:
        purse: its `_id`.
        owner: whose it is.
        rev: as it was read.
        postings: oldest first.
    """

    purse: UUID
    owner: UUID
    rev: int
    postings: tuple[Posting, ...]


async def waiting(before: datetime, limit: int) -> list[Outbox]:
    """Read outboxes that have held something since before then, the oldest first."""
    found = PurseDocument.get_pymongo_collection().find({"unflushed_at": {"$lte": before}}, _READ)
    rows = await found.sort("unflushed_at", 1).limit(limit).batch_size(database.AT_ONCE).to_list()
    return [_outbox_of(row) for row in rows]


async def waiting_of(owners: Collection[UUID]) -> list[Outbox]:
    """Read all outboxes of these owners that hold something."""
    wanted = {"owner": {"$in": list(owners)}, "outbox.0": {"$exists": True}}
    found = PurseDocument.get_pymongo_collection().find(wanted, _READ).batch_size(database.AT_ONCE)
    return [_outbox_of(row) for row in await found.to_list()]


async def bearing(row_id: Any) -> Outbox | None:
    """Read the outbox in which a row of this `_id` waits to be copied out."""
    row = await PurseDocument.get_pymongo_collection().find_one({"outbox.born.row._id": row_id}, _READ)
    return row and _outbox_of(row)


async def copy_out(copied: Sequence[Posting]) -> None:
    """Copy postings out, and what was born with them. Repeating it changes nothing: it inserts and never replaces."""
    born: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for posting in copied:
        for it in posting.born:
            born[it.collection].append(it.row)
    there = PostingDocument.get_pymongo_collection().database
    for name, found in born.items():
        await database.insert_into(there[name], found)
    await insert_once(PostingDocument, [store.sealed(posting) for posting in copied])


async def emptied(outboxes: Sequence[Outbox]) -> None:
    """Empty outboxes whose postings are copied out, each only where its purse is as it was read."""
    updates = [
        UpdateOne(
            {"_id": it.purse, "rev": it.rev},
            {"$set": {"outbox": []}, "$unset": {"unflushed_at": ""}, "$inc": {"rev": 1}},
        )
        for it in outboxes
    ]
    if updates:
        await PurseDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


def _outbox_of(row: Row) -> Outbox:
    return Outbox(row["_id"], row["owner"], row["rev"], tuple(store.unboxed(it) for it in row["outbox"]))
