"""The RFM grid: how recently, how often and for how much customers have bought, each in fifths of all of them.

A fifth is cut as a ranking is, so that each score is the one for which rules ask: see `grades`. All is one aggregation
over the profiles; nothing is kept for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hub.conditions.model import End
from hub.database import Row
from hub.kit.errors import HubError
from hub.kit.problems import did_you_mean
from hub.profiles.store import ProfileDocument
from hub.rankings.grades import BEST, SCORES, SHARES
from hub.rankings.model import expression, wanted
from hub.rollups import counting
from hub.rollups.catalogue import Catalogues
from hub.rollups.model import Rollup


class NotGraded(HubError):
    """A rollup that adds nothing up, or that there is not."""

    code = "BAD_USER_INPUT"


@dataclass(frozen=True, slots=True)
class Amount:
    """So much money as customers have spent; `currency` is None where the rollup names none."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """The customers with the same three scores, 1 the worst to 5 the best, and what they have spent by currency."""

    recency: int
    frequency: int
    monetary: int
    customers: int
    revenue: Sequence[Amount]


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells that somebody is in, the best first; `customers` are in one, and `others` have no sum to rank."""

    customers: int
    others: int
    cells: Sequence[Cell]


async def grid(rollup: str) -> Grid:
    """Sort all who have bought into the cells of three scores, by a rollup as `purchases`.

    Raises:
        NotGraded: there is no such rollup, or it adds nothing up.
    """
    await _check(rollup)
    profiles = ProfileDocument.get_pymongo_collection()
    bought: Row = {"absorbed_by": None, f"rollups.{rollup}.count": {"$gt": 0}}
    buyers = await profiles.count_documents(bought)
    with_sum = await profiles.count_documents({**bought, f"rollups.{rollup}.sum": {"$exists": True}})
    populations = {"recency": buyers, "frequency": buyers, "monetary": with_sum}
    stages = [{"$match": bought}, *_scored(rollup, populations), *_GROUPED]
    rows = await (await profiles.aggregate(stages, allowDiskUse=True)).to_list()
    return Grid(with_sum, buyers - with_sum, [_cell(row) for row in rows])


async def _check(name: str) -> None:
    measures = (await Catalogues().current()).measures
    known = {it.name: it for it in measures.values() if isinstance(it, Rollup)}
    if name not in known:
        raise NotGraded(f"There is no rollup `{name}`.{did_you_mean(name, known)}")
    if known[name].value is None:
        raise NotGraded(f"`{name}` adds nothing up, so that nobody has spent anything by it.")


def _scored(rollup: str, populations: Mapping[str, int]) -> list[Row]:
    """Give each buyer three scores, by their places among all."""
    state = f"$rollups.{rollup}"
    numbers = {score: expression((rollup, number)) for score, (number, _) in SCORES.items()}
    placed = [
        {
            "$setWindowFields": {
                "sortBy": {f"{score}_key": 1 if end is End.TOP else -1},
                "output": {f"{score}_place": {"$documentNumber": {}}},
            }
        }
        for score, (_, end) in SCORES.items()
    ]
    scores = {score: _fifth(f"${score}_place", populations[score]) for score in SCORES}
    return [
        {"$project": {**numbers, "sum": f"{state}.sum", "currency": f"{state}.currency"}},
        {"$set": {f"{score}_key": _key(f"${score}") for score in SCORES}},
        *placed,
        {"$match": {"monetary": {"$ne": None}}},
        {"$project": {**scores, "sum": 1, "currency": 1}},
    ]


def _key(number: str) -> Any:
    """Give in one value the order of a ranking: the largest first, then by id, and last of all who has no number."""
    return {"lacks": {"$eq": [number, None]}, "value": {"$multiply": [-1, number]}, "id": "$_id"}


def _fifth(place: str, population: int) -> Any:
    """Give the score of a place: 5 where it is in the first fifth, 4 in the first two, and so on."""
    return {
        "$switch": {
            "branches": [
                {"case": {"$lte": [place, wanted(share, population)]}, "then": BEST - worse}
                for worse, share in enumerate(SHARES)
            ],
            "default": 1,
        }
    }


_GROUPED: Final[Sequence[Row]] = (
    {
        "$group": {
            "_id": {**{score: f"${score}" for score in SCORES}, "currency": {"$ifNull": ["$currency", None]}},
            "customers": {"$sum": 1},
            "sum": {"$sum": "$sum"},
        }
    },
    {"$sort": {"customers": -1, "_id.currency": 1}},
    {
        "$group": {
            "_id": {score: f"$_id.{score}" for score in SCORES},
            "customers": {"$sum": "$customers"},
            "revenue": {"$push": {"sum": "$sum", "currency": "$_id.currency"}},
        }
    },
    {"$sort": {f"_id.{score}": -1 for score in SCORES}},
)


def _cell(row: Mapping[str, Any]) -> Cell:
    revenue = [Amount(_decimal(it["sum"]), it["currency"]) for it in row["revenue"]]
    return Cell(**row["_id"], customers=row["customers"], revenue=revenue)


def _decimal(millionths: int) -> Decimal:
    return (Decimal(millionths) / counting.MILLIONTHS).quantize(Decimal("0.01"))
