"""A bare writer of points: it is given every document ready-made, and only has to make it durable.

Fair because it writes the same documents as ours ends up with, field by field: for each order one update of its
customer's purse, guarded by the revision before it, and the posting with its entries. They go into collections with the
same indexes, under the same promise (acknowledged by the majority, from the journal), by the fastest means there are:
of each batch, one unordered bulk of updates and one unordered insert, both at the same time. It knows no rule and no
order, looks no key up, earns twice what it is told twice, and loses a posting when it dies halfway.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from hub.database import Database, Row


@dataclass(frozen=True, slots=True)
class Documents:
    """What a measurement of ours has stored: purses as they were and are, and the postings."""

    known: Sequence[Row]
    purses: Mapping[Any, Row]
    postings: Sequence[Row]


async def documents_in(database: Database, known: Sequence[Row]) -> Documents:
    """Read what is stored. `known` are the purses as they were before."""
    before = {(row["owner"], row["program"]): row["numbered"] for row in known}
    postings = [
        row
        async for row in database["postings"].find().sort("booked_at", 1)
        if row["number"] > before.get((row["owner"], row["program"]), 0)
    ]
    return Documents(known, {row["owner"]: row async for row in database["wallets"].find()}, postings)


class Writer:
    """Writes documents into a database in which their purses are known."""

    def __init__(self, database: Database, documents: Documents) -> None:
        self._database = database
        self._documents = documents
        self._revs: defaultdict[Any, int] = defaultdict(int)

    async def know(self) -> None:
        """Store the purses as they were."""
        await self._database["wallets"].insert_many(self._documents.known)
        self._revs |= {row["owner"]: row["rev"] for row in self._documents.known}

    async def write(self, start: int, end: int) -> None:
        """Store one batch of postings, and the purses that they change."""
        postings = self._documents.postings[start:end]
        updates = [self._update(row["owner"]) for row in postings]
        await asyncio.gather(
            self._database["postings"].insert_many(postings, ordered=False),
            self._database["wallets"].bulk_write(updates, ordered=False),
        )

    def _update(self, owner: Any) -> UpdateOne:
        purse, rev = self._documents.purses[owner], self._revs[owner]
        self._revs[owner] += 1
        changed = {"wallets": purse["wallets"], "numbered": purse["numbered"], "rev": rev + 1}
        return UpdateOne({"_id": purse["_id"], "rev": rev}, {"$set": changed})
