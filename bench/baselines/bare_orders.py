"""A bare writer of orders: it is given every document ready-made, and only has to make it durable.

Fair because it writes the same documents as ours ends up with, field by field: the events, the orders, and for each
batch the profiles of its customers. They go into collections with the same indexes, under the same promise
(acknowledged by the majority, from the journal), by the fastest means there are: of each batch, one unordered insert of
events, one of orders and one unordered bulk of updates, all three at the same time. It reads no JSON, checks nothing,
looks nothing up, believes everybody, would store and count an order twice, and loses a total when it dies halfway.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from hub.database import Database, Row

Id = Any


@dataclass(frozen=True, slots=True)
class Documents:
    """What a measurement of ours has stored: profiles as they were and are, and the events with their orders."""

    known: Sequence[Row]
    profiles: Mapping[Id, Row]
    orders: Mapping[str, Row]
    events: Sequence[Row]


async def profiles_in(database: Database) -> list[Row]:
    """Read all profiles."""
    return await database["profiles"].find().to_list()


async def documents_in(database: Database, known: Sequence[Row]) -> Documents:
    """Read what is stored. `known` are the profiles as they were before the orders."""
    return Documents(
        known=known,
        profiles={row["_id"]: row for row in await profiles_in(database)},
        orders={row["order_id"]: row for row in await database["orders"].find().to_list()},
        events=await database["events"].find({"name": "Order Completed"}).to_list(),
    )


class Writer:
    """Writes documents into an empty database in which their profiles are known."""

    def __init__(self, database: Database, documents: Documents) -> None:
        self._database = database
        self._documents = documents

    async def know(self) -> None:
        """Store the profiles as they were."""
        await self._database["profiles"].insert_many(self._documents.known)

    async def write(self, start: int, end: int) -> None:
        """Store one batch of events, their orders, and the profiles of their customers."""
        events = self._documents.events[start:end]
        orders = [self._documents.orders[event["properties"]["order_id"]] for event in events]
        profiles = [self._documents.profiles[it] for it in dict.fromkeys(event["profile_id"] for event in events)]
        await asyncio.gather(
            self._database["events"].insert_many(events, ordered=False),
            self._database["orders"].insert_many(orders, ordered=False),
            self._database["profiles"].bulk_write([_update(row) for row in profiles], ordered=False),
        )


def _update(row: Row) -> UpdateOne:
    return UpdateOne({"_id": row["_id"]}, {"$set": {name: value for name, value in row.items() if name != "_id"}})
