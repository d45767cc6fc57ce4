"""Erasures in MongoDB: who was forgotten, as a number, and what was found. They hold nothing of the person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pymongo import IndexModel

from hub.database import Keyed, Row, insert_once


class Standing(StrEnum):
    """Where an erasure stands: `erasing` until a second look, some time after the first, has found nothing more."""

    ERASING = "erasing"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person that was forgotten, and the receipt for it.

    Attributes:
        profile_id: the head; it names nobody any more.
        own_ids: it and the profiles it had absorbed.
        counts: rows deleted or blanked, by collection. Collections that held nothing are in it with 0.
        asked_at: when it was asked for.
        standing: whether the second look is done.
        erased_at: when that was.
        removed: whether all that `counts` says is gone: whoever died before leaves it to the keeper.
    """

    profile_id: UUID
    own_ids: tuple[UUID, ...]
    counts: Mapping[str, int]
    asked_at: datetime
    standing: Standing = Standing.ERASING
    erased_at: datetime | None = None
    removed: bool = False


class ErasureDocument(Keyed):
    """An erasure at rest. `_id` is the profile's."""

    own_ids: list[UUID]
    counts: dict[str, int]
    asked_at: datetime
    standing: Standing
    erased_at: datetime | None
    removed: bool = False

    class Settings:
        """Where erasures lie and how those are found that need a second look."""

        name = "erasures"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("asked_at", 1)], name="erasing", partialFilterExpression={"standing": Standing.ERASING.value}),
        ]


async def begin(erasure: Erasure) -> Erasure:
    """Note an erasure before anything is touched, and give the one that stands: an earlier one stays as it is."""
    row = {
        "_id": erasure.profile_id,
        "own_ids": list(erasure.own_ids),
        "counts": dict(erasure.counts),
        "asked_at": erasure.asked_at,
        "standing": erasure.standing,
        "erased_at": None,
        "removed": False,
    }
    if await insert_once(ErasureDocument, [row]):
        return (await load([erasure.profile_id]))[erasure.profile_id]
    return erasure


async def note_removed(erasure: Erasure) -> None:
    """Note that all that was counted is gone: what is found from now on is new, and counted besides."""
    await ErasureDocument.get_pymongo_collection().update_one({"_id": erasure.profile_id}, {"$set": {"removed": True}})


async def end(erasure: Erasure, found: Mapping[str, int], *, now: datetime) -> None:
    """Note that the second look is done, and what it found. Who looked at the same time notes nothing more."""
    await ErasureDocument.get_pymongo_collection().update_one(
        {"_id": erasure.profile_id, "standing": Standing.ERASING},
        {
            "$set": {"standing": Standing.ERASED, "erased_at": now},
            "$inc": {f"counts.{name}": count for name, count in found.items() if count},
        },
    )


async def erasing(before: datetime, limit: int) -> list[Erasure]:
    """Read erasures that were asked for before then and wait for their second look, the oldest first."""
    found = (
        ErasureDocument.get_pymongo_collection()
        .find({"standing": Standing.ERASING.value, "asked_at": {"$lt": before}})
        .sort("asked_at", 1)
        .limit(limit)
    )
    return [_erasure_of(row) async for row in found]


async def load(profile_ids: Collection[UUID]) -> dict[UUID, Erasure]:
    """Read the erasures of these profiles. Those that were not erased are left out."""
    found = ErasureDocument.get_pymongo_collection().find({"_id": {"$in": list(profile_ids)}})
    return {row["_id"]: _erasure_of(row) async for row in found}


def _erasure_of(row: Row) -> Erasure:
    return Erasure(
        profile_id=row["_id"],
        own_ids=tuple(row["own_ids"]),
        counts=row["counts"],
        asked_at=row["asked_at"],
        standing=Standing(row["standing"]),
        erased_at=row["erased_at"],
        removed=row.get("removed", True),
    )
