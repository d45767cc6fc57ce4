"""The newest version of a thing wins whole, in whatever order the versions arrive.

A version is one row, written by one guarded update: a read finds one version or another, never a mixture. Two versions
of the same time are put in order by what they say, so that everybody keeps the same one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import beanie
import orjson
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from hub.database import Row, duplicates_of


@dataclass(frozen=True, slots=True)
class Kept:
    """The names of what stands as it was given, and of what is older than what is stored; in the order given."""

    kept: tuple[str, ...]
    outdated: tuple[str, ...]


def digest_of(content: Mapping[str, Any]) -> str:
    """Tell versions apart by what they say."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


async def keep(document: type[beanie.Document], rows: Sequence[Row], *, name: str) -> Kept:
    """Store versions, each with `_id` and `updated_at`, unless a newer one is stored. Repeating it changes nothing.

    `name` is the field by which the answer names them.
    """
    if not rows:
        return Kept((), ())
    wanted = [{**row, "digest": digest_of(row)} for row in rows]
    collection = document.get_pymongo_collection()
    try:
        await collection.bulk_write([_unless_newer(row) for row in wanted], ordered=False)
    except BulkWriteError as error:
        duplicates_of(error)  # a newer one is stored, or this very one
    found = collection.find({"_id": {"$in": [row["_id"] for row in wanted]}}, {"digest": 1})
    standing = {row["_id"]: row["digest"] async for row in found}
    stands = [standing.get(row["_id"]) == row["digest"] for row in wanted]
    return Kept(
        kept=tuple(row[name] for row, it in zip(wanted, stands, strict=True) if it),
        outdated=tuple(row[name] for row, it in zip(wanted, stands, strict=True) if not it),
    )


def _unless_newer(row: Row) -> ReplaceOne[Row]:
    older = [
        {"updated_at": {"$lt": row["updated_at"]}},
        {"updated_at": row["updated_at"], "digest": {"$lt": row["digest"]}},
    ]
    return ReplaceOne({"_id": row["_id"], "$or": older}, row, upsert=True)
