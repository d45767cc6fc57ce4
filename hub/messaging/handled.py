"""What providers have told and is dealt with: told again days later, when people have acted on it, it is no news."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub.database import Keyed, insert_once

_KEPT_DAYS: Final = 400


class HandledDocument(Keyed):
    """Something that was dealt with. `_id` is made of what it is, the provider, and the provider's own name of it."""

    at: datetime

    class Settings:
        """Where they lie, and when they are forgotten."""

        name = "handled"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("at", 1)], name="over", expireAfterSeconds=_KEPT_DAYS * 24 * 60 * 60)
        ]


async def among(keys: Collection[UUID]) -> set[UUID]:
    """Tell which of these are dealt with."""
    if not keys:
        return set()
    found = HandledDocument.get_pymongo_collection().find({"_id": {"$in": list(keys)}}, {"_id": 1})
    return {row["_id"] async for row in found}


async def note(keys: Collection[UUID], *, now: datetime) -> None:
    """Note that these are dealt with. Only afterwards: who dies before is told again and does it then."""
    await insert_once(HandledDocument, [{"_id": key, "at": now} for key in keys])
