"""Passing bounces of addresses, counted under the keyed hash by which an address would be suppressed."""

from collections.abc import Mapping
from contextlib import suppress as ignoring
from datetime import datetime
from typing import Any, ClassVar

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.database import Named
from hub.messaging.reports import SOFT_BOUNCES, SOFT_WINDOW


class SoftBounceDocument(Named):
    """The last passing bounces of an address at rest. `_id` is its keyed hash: nothing here tells whose it is.

    Each is known by the provider's name of its report, so that one which is told twice counts once.
    """

    bounces: list[dict[str, Any]]
    last_at: datetime

    class Settings:
        """Where they lie, and when they are over."""

        name = "soft_bounces"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("last_at", 1)], name="over", expireAfterSeconds=int(SOFT_WINDOW.total_seconds()))
        ]


async def note(hashed: str, event_id: str, at: datetime) -> list[datetime]:
    """Count a passing bounce once by its name, and give the times of the last ones of this address."""
    rows = SoftBounceDocument.get_pymongo_collection()
    bounces = {"$each": [{"id": event_id, "at": at}], "$sort": {"at": 1}, "$slice": -SOFT_BOUNCES}
    with ignoring(DuplicateKeyError):  # it is counted already: the row is there, and its filter does not find it
        await rows.update_one(
            {"_id": hashed, "bounces.id": {"$ne": event_id}},
            {"$push": {"bounces": bounces}, "$max": {"last_at": at}},
            upsert=True,
        )
    row: Mapping[str, Any] = await rows.find_one({"_id": hashed}) or {}
    return [it["at"] for it in row.get("bounces", ())]
