"""Rates: how often something was done within a time, counted in one place for all processes."""

import math
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from hub.database import Keyed, Row

KEPT: Final = timedelta(days=1)


class RateDocument(Keyed):
    """How often something was done `since` then. `_id` is a key made of what it is and whose."""

    since: datetime
    times: int
    gone_at: datetime

    class Settings:
        """Where the counts lie and when they are forgotten."""

        name = "rates"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("gone_at", 1)], name="expiry", expireAfterSeconds=0)]


async def count(key: UUID, *, most: int, within: timedelta, now: datetime) -> int:
    """Count that something is done once more, before it is done.

    Returns:
        0 where it may be done; else in how many seconds, at least one, it may be tried again.
    """
    fresh = {"$lte": ["$since", now - within]}  # true also where there is no row yet
    counting: Row = {
        "since": {"$cond": [fresh, now, "$since"]},
        "times": {"$cond": [fresh, 1, {"$add": ["$times", 1]}]},
        "gone_at": now + KEPT,
    }
    while True:
        try:
            row: Any = await RateDocument.get_pymongo_collection().find_one_and_update(
                {"_id": key}, [{"$set": counting}], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            continue  # another request made the row at the same time
        if row["times"] <= most:
            return 0
        since: datetime = row["since"]
        return max(1, math.ceil((since + within - now).total_seconds()))


async def take_back(key: UUID) -> None:
    """Take back one that was counted: it was none."""
    await RateDocument.get_pymongo_collection().update_one({"_id": key, "times": {"$gt": 0}}, {"$inc": {"times": -1}})
