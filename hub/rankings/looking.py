"""Looking up where ends of a ranking begin that nobody keeps: all profiles are sorted, once for each number."""

from collections.abc import Sequence

from hub.conditions.model import End, Path, Ranked
from hub.database import Row
from hub.profiles.store import ProfileDocument
from hub.rankings import store
from hub.rankings.model import Boundaries, Place, wanted


async def up(path: Path, ends: Sequence[Ranked]) -> Boundaries:
    """Tell where these ends of one ranking begin now, as the profiles say it."""
    profiles, standing = ProfileDocument.get_pymongo_collection(), store.standing(path)
    counted = await (await profiles.aggregate([*standing, {"$count": "population"}])).to_list()
    if not counted:
        return dict.fromkeys(ends)
    population = counted[0]["population"]
    places = {
        f"end_{number}": [{"$skip": _position(end, population) - 1}, {"$limit": 1}] for number, end in enumerate(ends)
    }
    stages = [*standing, {"$sort": {"value": -1, "_id": 1}}, {"$facet": places}]
    (found,) = await (await profiles.aggregate(stages, allowDiskUse=True)).to_list()
    return {end: _place(found[name]) for end, name in zip(ends, places, strict=True)}


def _position(ranked: Ranked, population: int) -> int:
    """Tell at which place, 1 the first of all, an end begins."""
    members = wanted(ranked.share, population)
    return members if ranked.end is End.TOP else population - members + 1


def _place(rows: Sequence[Row]) -> Place | None:
    # None where somebody has gone between the two questions.
    return Place(rows[0]["value"], rows[0]["_id"]) if rows else None
