"""Standings in MongoDB: one document for a member and program, changed as a whole by compare-and-set on its `rev`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel, UpdateOne

from hub import database
from hub.database import Keyed, Row, insert_once
from hub.seal import Personal
from hub.tiers.model import Change, Grant, Standing


class StandingDocument(Keyed):
    """A standing at rest. `_id` is made of program and owner. `untold`: changes of it may not be announced yet."""

    rev: int
    program: str
    owner: UUID
    grants: dict[str, dict[str, Any]]
    changes: list[dict[str, Any]]
    told: int
    untold: bool
    due: datetime | None
    folded: list[UUID]

    class Settings:
        """Where standings lie and how they are found."""

        name = "standings"
        personal = Personal("owner", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("owner", 1)], name="owner"),
            IndexModel([("program", 1), ("due", 1)], name="due"),
            IndexModel([("untold", 1)], name="untold", partialFilterExpression={"untold": True}),
        ]


async def load(program: str, owners: Collection[UUID]) -> dict[UUID, Standing]:
    """Read standings by their owner; an empty one where there is none."""
    wanted = {"_id": {"$in": [Standing(program, owner).id for owner in owners]}}
    rows = await StandingDocument.get_pymongo_collection().find(wanted).batch_size(database.AT_ONCE).to_list()
    found = {row["owner"]: standing_of(row) for row in rows}
    return {owner: found.get(owner) or Standing(program, owner) for owner in owners}


async def of(owners: Collection[UUID]) -> list[Standing]:
    """Read the standings of these owners in all programs."""
    rows = StandingDocument.get_pymongo_collection().find({"owner": {"$in": list(owners)}})
    return [standing_of(row) async for row in rows]


async def due(program: str, now: datetime, limit: int) -> list[Standing]:
    """Read standings that time alone may have changed, the earliest first."""
    found = StandingDocument.get_pymongo_collection().find({"program": program, "due": {"$lte": now}})
    return [standing_of(row) for row in await found.sort("due", 1).limit(limit).batch_size(database.AT_ONCE).to_list()]


async def put_away(program: str, owners: Collection[UUID]) -> None:
    """Let time no longer move the standings of those who were absorbed: they are in those of their heads."""
    wanted = {"_id": {"$in": [Standing(program, owner).id for owner in owners]}}
    await StandingDocument.get_pymongo_collection().update_many(wanted, {"$set": {"due": None}, "$inc": {"rev": 1}})


async def untold(limit: int) -> list[Standing]:
    """Read standings that have changes which may not be announced."""
    found = StandingDocument.get_pymongo_collection().find({"untold": True}).limit(limit)
    return [standing_of(row) async for row in found]


async def save(standings: Sequence[Standing]) -> bool:
    """Write standings, each only where its `rev` is the one that was read.

    Returns:
        Whether all were written. If not, which of them were is found by looking again.
    """
    taken = await insert_once(StandingDocument, [{"_id": it.id, **_row_of(it)} for it in standings if not it.rev])
    updates = [UpdateOne({"_id": it.id, "rev": it.rev}, {"$set": _row_of(it)}) for it in standings if it.rev]
    if not updates:
        return not taken
    written = await StandingDocument.get_pymongo_collection().bulk_write(updates, ordered=False)
    return written.matched_count == len(updates) and not taken


async def close(standings: Sequence[Standing]) -> None:
    """Note that all changes of standings, as they were read, are announced."""
    updates = [
        UpdateOne(
            {"_id": it.id, "told": {"$lt": len(it.changes)}},
            # Whoever has changed it since has more to announce.
            [{"$set": {"told": len(it.changes), "untold": {"$gt": [{"$size": "$changes"}, len(it.changes)]}}}],
        )
        for it in standings
    ]
    if updates:
        await StandingDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


def _row_of(standing: Standing) -> Row:
    return {
        "rev": standing.rev + 1,
        "program": standing.program,
        "owner": standing.owner,
        "grants": {
            name: {
                "until": it.until,
                "qualified": it.qualified,
                "before": it.before,
                "counts_until": it.counts_until,
            }
            for name, it in standing.grants.items()
        },
        "changes": [{"at": it.at, "tier": it.tier, "was": it.was, "up": it.up} for it in standing.changes],
        "told": standing.told,
        "untold": standing.told < len(standing.changes),
        "due": standing.due,
        "folded": sorted(standing.folded),
    }


def standing_of(row: Mapping[str, Any]) -> Standing:
    """Make a standing of its row."""
    return Standing(
        program=row["program"],
        owner=row["owner"],
        rev=row["rev"],
        grants={name: Grant(**it) for name, it in row["grants"].items()},
        changes=tuple(Change(**it) for it in row["changes"]),
        told=row["told"],
        due=row["due"],
        folded=frozenset(row["folded"]),
    )
