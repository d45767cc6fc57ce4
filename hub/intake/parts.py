"""Who works on which parts of the work list, so that several routers share it evenly.

A router holds one lease: that of being a router. The parts follow from the routers that live, so a lease costs one
write, however many parts there are. Correctness never rests on it: two routers on one part cost work, not truth. Time
is the database's, so that the clocks of hosts do not matter.
"""

from datetime import datetime
from typing import ClassVar, Final

from pymongo import IndexModel

from hub.database import Named
from hub.events.model import PARTS

LEASE_MILLISECONDS: Final = 5_000


class RouterDocument(Named):
    """A router that lives until `until`, unless it says so again. `_id` is its name."""

    until: datetime

    class Settings:
        """Where routers lie. The dead are swept away by MongoDB."""

        name = "routers"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("until", 1)], name="dead", expireAfterSeconds=60)]


async def lease(owner: str) -> set[int]:
    """Say that a router lives, and give it its share of the parts.

    Returns:
        The parts it works on for the next five seconds: all of them, if it is the only one.
    """
    routers = RouterDocument.get_pymongo_collection()
    until = {"$add": ["$$NOW", LEASE_MILLISECONDS]}
    await routers.update_one({"_id": owner}, [{"$set": {"until": until}}], upsert=True)
    living = routers.find({"$expr": {"$gt": ["$until", "$$NOW"]}}, {"_id": 1}).sort("_id", 1)
    names = [row["_id"] async for row in living]
    if owner not in names:
        return set()
    return set(range(names.index(owner), PARTS, len(names)))


async def give_back(owner: str) -> None:
    """Forget a router that stops, so that others need not wait for its lease to run out."""
    await RouterDocument.get_pymongo_collection().delete_one({"_id": owner})
