"""What a segment would be, asked before it is saved: how many, whose money, whom it shares, who would come and go.

It is asked of all profiles as they are, by the rule as a query, and changes nothing. Of events that are not counted of
everybody yet it tries the rule on each profile instead.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.commerce.totals import ROLLUP
from hub.conditions.model import segments_in
from hub.database import Row
from hub.kit.money import Money
from hub.profiles.store import ProfileDocument
from hub.rankings import keeping as rankings
from hub.rollups import store as rollups
from hub.rollups.catalogue import Catalogues
from hub.segments import catalogue, query, store, tallying, trying
from hub.segments.catalogue import Catalogue
from hub.segments.model import Segment

EXAMPLES: Final = 20
"""How many customers are shown of each sort."""

_HEADS: Final[Row] = {"absorbed_by": None}
_PROFILES: Final = ProfileDocument.Settings.name
_AMOUNTS: Final = f"rollups.{ROLLUP}.by_currency"


@dataclass(frozen=True, slots=True)
class Some:
    """So many customers, and a few of them."""

    count: int
    examples: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """What these customers have paid, less what was given back, and what all have; in one currency."""

    theirs: Money
    everybodys: Money

    @property
    def share(self) -> float | None:
        """Their part of all, 0 to 1; None where nothing was paid at all."""
        return self.theirs.minor / self.everybodys.minor if self.everybodys.minor > 0 else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a segment would be.

    Attributes:
        members: who would be in.
        total: how many customers there are.
        revenue: by currency, the largest first.
        overlaps: how many of them are in each live segment, by name; of its own name, who stays.
        coming: who would be in and is not today.
        going: who is in today and would not be.
    """

    members: Some
    total: int
    revenue: tuple[Share, ...]
    overlaps: Mapping[str, int]
    coming: Some
    going: Some


async def preview(segment: Segment, *, now: datetime) -> Preview:
    """Ask what a segment would be at a time. Its rule is asked of all profiles a few times.

    Raises:
        InvalidDefinition: it asks for events that are not counted of everybody yet, and there are too many.
    """
    picks, is_in = await _picks(segment, now), store.members_of(segment.name)
    picked: Row = {"$and": [_HEADS, picks]}
    members, coming, going = await asyncio.gather(
        _some(picked),
        _some({"$and": [picked, {"$nor": [is_in]}]}),
        _some({"$and": [_HEADS, is_in, {"$nor": [picks]}]}),
    )
    total, theirs, everybodys, overlaps = await asyncio.gather(
        ProfileDocument.get_pymongo_collection().count_documents(_HEADS),
        _revenue(picked),
        _revenue(_HEADS),
        _overlaps(picked),
    )
    shares = [Share(Money(theirs.get(code, 0), code), Money(minor, code)) for code, minor in everybodys.items()]
    shares.sort(key=lambda it: (-it.everybodys.minor, it.everybodys.currency))
    return Preview(members, total, tuple(shares), overlaps, coming, going)


async def _picks(segment: Segment, now: datetime) -> Row:
    """Give the query for those whom a segment picks: its rule, unless that asks for something that is not counted."""
    counted, segment = await Catalogues().current(), await _sorted(segment)
    if not segment.tallies or (
        segment.tallies.keys() <= counted.tallies and not await rollups.behind(counted.edition, 1)
    ):
        return query.of(segment.when, now=now, boundaries=await rankings.boundaries(segment.ranked))
    return {"_id": {"$in": await trying.picked(segment, counted, now=now)}}


async def _sorted(segment: Segment) -> Segment:
    """Put the rules of those it asks for in their place, where not everybody is sorted by them yet."""
    asked = await store.DEFINITIONS.live(segments_in(segment.when))
    if all([await tallying.is_complete(it) for it in asked]):
        return segment
    others = [catalogue.read(it) for it in await store.DEFINITIONS.live() if it.name != segment.name]
    return Catalogue.of([*others, (segment, 0)], edition=0).segments[segment.name]


async def _some(where: Row) -> Some:
    profiles = ProfileDocument.get_pymongo_collection()
    count, rows = await asyncio.gather(
        profiles.count_documents(where), profiles.find(where, {"_id": 1}).limit(EXAMPLES).to_list()
    )
    return Some(count, tuple(row["_id"] for row in rows))


async def _overlaps(picked: Row) -> dict[str, int]:
    found = await _aggregated(
        {"$match": picked},
        {"$unwind": "$segments.in"},
        # Who was in one that was deleted just now is in it until the back-fill comes by.
        {"$match": {"segments.in.name": {"$in": [it.name for it in await store.DEFINITIONS.live()]}}},
        {"$group": {"_id": "$segments.in.name", "count": {"$sum": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
    )
    return {row["_id"]: row["count"] for row in found}


async def _revenue(heads: Row) -> dict[str, int]:
    """Add up by currency what the orders of these heads are worth, and those of the profiles they absorbed."""
    own, brought = await asyncio.gather(
        _aggregated({"$match": heads}, *_added_up(f"${_AMOUNTS}")),
        _aggregated(
            {"$match": {"$and": [heads, {"members.0": {"$exists": True}}]}},
            {
                "$lookup": {
                    "from": _PROFILES,
                    "localField": "members",
                    "foreignField": "_id",
                    "as": "member",
                }
            },
            {"$unwind": "$member"},
            *_added_up(f"$member.{_AMOUNTS}"),
        ),
    )
    total: dict[str, int] = {}
    for row in (*own, *brought):
        total[row["_id"]] = total.get(row["_id"], 0) + row["minor"]
    return total


def _added_up(amounts: str) -> tuple[Row, ...]:
    return (
        {"$project": {"by": {"$objectToArray": amounts}}},
        {"$unwind": "$by"},
        {"$group": {"_id": "$by.k", "minor": {"$sum": {"$subtract": ["$by.v.gross", "$by.v.refunded"]}}}},
    )


async def _aggregated(*stages: Row) -> list[dict[str, Any]]:
    found = await ProfileDocument.get_pymongo_collection().aggregate(list(stages))
    return await found.to_list()
