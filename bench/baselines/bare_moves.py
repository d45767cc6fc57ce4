"""A bare writer of moves by time: it is given each one ready-made, and only has to find who is due and make it durable.

Fair because it writes the same as ours ends up with: the segments of each profile with when it is due next, and the
announcement as an event that is not routed yet. It finds who is due by the same index and in the same batches, and of
each it makes one unordered bulk of updates and one unordered insert, both at the same time, under the same promise. It
reads no profile, asks no rule, overwrites what others have changed meanwhile, and loses a move when it dies halfway.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pymongo import UpdateOne

from hub.database import Row
from hub.events.store import EventDocument
from hub.intake.keeper import BATCH
from hub.profiles.listing import due_at
from hub.profiles.store import ProfileDocument

_NOT_YET = frozenset({"profile_id", "seq"})
"""What an event is given only when it is routed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A move: what its profile becomes, and what is announced."""

    profile: Row
    event: Row


async def moves(names: Collection[str]) -> dict[UUID, Ready]:
    """Read what ours has stored, by profile: the announcements of these names, one of each, and the profiles."""
    rows = ProfileDocument.get_pymongo_collection().find({}, ["segments", "next_change_at"])
    profiles = {row.pop("_id"): row async for row in rows}
    events = await EventDocument.get_pymongo_collection().find({"name": {"$in": list(names)}}).to_list()
    fresh = [{name: it for name, it in event.items() if name not in _NOT_YET} for event in events]
    return {it["about"]: Ready(profiles[it["about"]], {**it, "routed": False}) for it in fresh}


class Writer:
    """Writes moves when they are due."""

    def __init__(self, ready: Mapping[UUID, Ready]) -> None:
        self._ready = ready

    async def step(self, now: datetime) -> int:
        """Move one batch of those who are due, and tell how many they were."""
        rows = ProfileDocument.get_pymongo_collection().find(due_at(now), {"_id": 1}).sort("next_change_at", 1)
        due = [row["_id"] for row in await rows.limit(BATCH).batch_size(BATCH).to_list()]
        if due:
            found = [(it, self._ready[it]) for it in due]
            updates = [UpdateOne({"_id": it}, {"$set": ready.profile, "$inc": {"rev": 1}}) for it, ready in found]
            await asyncio.gather(
                ProfileDocument.get_pymongo_collection().bulk_write(updates, ordered=False),
                EventDocument.get_pymongo_collection().insert_many([it.event for _, it in found], ordered=False),
            )
        return len(due)

    async def check(self) -> None:
        """A baseline that has not done all of it is none."""
        written = await EventDocument.get_pymongo_collection().count_documents({"routed": False})
        if written != len(self._ready):
            raise RuntimeError(f"{written} of {len(self._ready)} moves are written.")
