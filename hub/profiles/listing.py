"""Profiles that answer a question, out of all: a page, a count, those that are due, and outlines of some."""

import random
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub import database, seal
from hub.database import Row
from hub.kit.pages import Page, Span
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, Profile
from hub.profiles.store import EARLIEST, ProfileDocument

_PAGES: Final = 10


async def outlines(profile_ids: Collection[UUID], *, rollups: Collection[str]) -> dict[UUID, Profile]:
    """Read of profiles or their heads, by the ids that were asked for, only what rules ask, and these rollups."""
    if not profile_ids:
        return {}
    fields = [
        "traits",
        "stage",
        "zone",
        "consents",
        "segments.in.name",
        "absorbed_by",
        *(f"rollups.{it}" for it in rollups),
    ]
    found = ProfileDocument.get_pymongo_collection().find({"_id": {"$in": list(profile_ids)}}, fields)
    rows = [seal.opened(ProfileDocument, row) async for row in found]
    absorbed = {row["_id"] for row in rows if row.get("absorbed_by")}
    outlined = {
        row["_id"]: Profile(
            id=row["_id"],
            traits=row["traits"],
            stage=row.get("stage"),
            zone=row.get("zone"),
            consents=row.get("consents") or {},
            rollups=row.get("rollups") or {},
            segments=row.get("segments") or {},
        )
        for row in rows
        if row["_id"] not in absorbed
    }
    return {**outlined, **await store.heads(absorbed)}


async def page(
    wanted: Span, *, named: Collection[Identifier] = (), among: Mapping[str, Any] = database.EVERY_ROW
) -> Page[Profile]:
    """Read a page of all profiles, the last one first seen first.

    Args:
        wanted: which page.
        named: only the one that has all of these names, if any are given.
        among: only those that this query finds.
    """
    where: Row = {"$and": [{"absorbed_by": None}, dict(among)]}
    if named:
        found = await identifier_store.owners(named)
        holders = {head.id for head in (await store.heads({owned.profile_id for owned in found.values()})).values()}
        # One of them may belong to nobody, or two of them to two people: then nobody has them all.
        where["_id"] = {"$in": list(holders) if len(found) == len(set(named)) and len(holders) == 1 else []}
    rows = await database.page(ProfileDocument, wanted, by="first_seen_at", where=where)
    return rows.each(store.profile_of)


async def due(now: datetime, limit: int) -> list[Profile]:
    """Read profiles at which it is time to look: all of them, or a page of those that are due the longest.

    Any of these pages, so that processes which look at the same time do not all take the same profiles: three would do
    three times the work, and none of it sooner.
    """
    profiles, where = ProfileDocument.get_pymongo_collection(), due_at(now)
    waiting = await profiles.count_documents(where, limit=_PAGES * limit)
    begin = random.randrange(0, waiting, limit) if waiting > limit else 0  # noqa: S311 - it keeps no secret
    found = profiles.find(where, {"token": 0}).sort("next_change_at", 1).skip(begin).limit(limit)
    return [store.profile_of(row) for row in await found.batch_size(limit).to_list()]


def due_at(now: datetime) -> Row:
    """Say which profiles are due. The lower bound is what the partial index holds."""
    return {"next_change_at": {"$gt": EARLIEST, "$lte": now}}


async def count(among: Mapping[str, Any]) -> int:
    """Count the profiles that a query finds, those that were absorbed left out."""
    return await ProfileDocument.get_pymongo_collection().count_documents(
        {"$and": [{"absorbed_by": None}, dict(among)]}
    )
