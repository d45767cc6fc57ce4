"""A shop whose customers are ranked, and the naive sort by which everybody is judged."""

import math
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from hub.database import Database
from hub.intake import ranks
from hub.intake.standing import Definitions
from hub.segments import service
from tests.rollups.stage import Shop

TOP: Final = "{segment: top, when: 'top(purchases.sum, 10%)'}"


async def publish(shop: Shop, *sources: str) -> None:
    for source in sources:
        await service.publish(source, by="test", key=source, now=shop.now)


async def ranked(shop: Shop) -> None:
    """Have the keeper of rankings do all there is to do, and what it announces routed."""
    while await ranks.step(await Definitions().current(), now=shop.now):
        shop.now += timedelta(milliseconds=1)
    await shop.kept()


async def members(database: Database, segment: str = "top") -> set[str]:
    """The users who are in, as their profiles say."""
    rows = database["profiles"].find({"segments.in.name": segment, "absorbed_by": None}, {"_id": 1})
    ids = {row["_id"] async for row in rows}
    return {row["value"] async for row in database["identifiers"].find({"kind": "user", "profile_id": {"$in": [*ids]}})}


async def judged(database: Database, number: str, share: float, *, bottom: bool = False) -> set[UUID]:
    """Sort all customers by what their profiles count, and cut."""
    rows = database["profiles"].find({"absorbed_by": None, "rollups.purchases.count": {"$gt": 0}})
    stand = [(NUMBERS[number](row["rollups"]["purchases"]), row["_id"]) async for row in rows]
    order = sorted((-value, it) for value, it in stand if value is not None)
    ids = [it for _, it in order]
    many = math.ceil(Fraction(str(share)) * len(ids) / 100)
    return set(ids[len(ids) - many :] if bottom else ids[:many])


def _average(state: Mapping[str, Any]) -> float | None:
    return state["sum"] / 1_000_000 / state["count"] if "sum" in state else None


NUMBERS: Final = {
    "sum": lambda it: it.get("sum"),
    "count": lambda it: it["count"],
    "average": _average,
    "days_since_last": lambda it: -it["last"]["at"].timestamp(),
    "days_since_first": lambda it: -it["first"]["at"].timestamp(),
}
