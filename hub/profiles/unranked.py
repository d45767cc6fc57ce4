"""Profiles at which the rankings have to look: marked by the write that changes them, or since a boundary passed them.

A mark holds the `rev` of the rankings that made it, or `store.FRESH`, and whether what follows is announced. It is
taken away only where the profile, and the mark, are still what was looked at.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Final
from uuid import UUID

from pymongo import UpdateOne

from hub.profiles.model import Profile, Unranked
from hub.profiles.store import FRESH, ProfileDocument, profile_of

_AT_ONCE: Final = 1_000


async def marked(limit: int) -> list[Profile]:
    """Read profiles that are marked, absorbed or not, with why; those first of whom something is announced.

    While the back-fill sorts everybody by a new segment, it marks them all silently, and orders must not wait for that.
    """
    wanted = {"unranked.rev": {"$gte": FRESH}}
    found = ProfileDocument.get_pymongo_collection().find(wanted, {"token": 0}).sort("unranked.why", 1).limit(limit)
    rows = await found.batch_size(limit).to_list()
    return [replace(profile_of(row), unranked=Unranked(row["unranked"]["why"])) for row in rows]


async def is_sorting() -> bool:
    """Tell whether profiles are marked silently: those that are sorted by what is new, and not by what they did."""
    wanted = {"unranked.rev": {"$gte": FRESH}, "unranked.why": Unranked.SILENT.value}
    return await ProfileDocument.get_pymongo_collection().find_one(wanted, {"_id": 1}) is not None


async def mark(profile_ids: Collection[UUID], why: Unranked, *, rev: int) -> None:
    """Mark profiles that a boundary has passed by the move `rev`."""
    ids = list(profile_ids)
    for first in range(0, len(ids), _AT_ONCE):
        await ProfileDocument.get_pymongo_collection().update_many(
            {"_id": {"$in": ids[first : first + _AT_ONCE]}},
            {"$max": {"unranked.rev": rev}, "$set": {"unranked.why": why.value}},
        )


async def unmark(profiles: Collection[Profile], *, rev: int) -> None:
    """Take the marks away from profiles that were looked at after the move `rev`, as they are stored now."""
    updates = [
        UpdateOne({"_id": it.id, "rev": it.rev, "unranked.rev": {"$lte": rev}}, {"$unset": {"unranked": ""}})
        for it in profiles
    ]
    if updates:
        await ProfileDocument.get_pymongo_collection().bulk_write(updates, ordered=False)
