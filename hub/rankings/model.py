"""Rankings as values: a customer's place in one, and the boundary at which an end of it begins.

Everybody who has a number stands in one order: the largest number first, of equal ones the smaller profile id first.
So the first tenth of ten, of eleven or of a million customers is always just these, whoever counts, and `bottom` is the
same order from its other side. Who is at an end is found out by comparing one place with one boundary.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from hub.conditions.model import End, Path, Ranked
from hub.database import Row
from hub.profiles.model import Profile
from hub.rollups import asking, counting
from hub.rollups.model import State

_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands: `value` is in whole millionths, pieces or milliseconds, or a plain average."""

    value: int | float
    profile_id: UUID

    def is_before(self, other: "Place") -> bool:
        """Tell whether it comes before another place, or is the same."""
        if self.value != other.value:
            return self.value > other.value
        return self.profile_id <= other.profile_id


Boundaries: TypeAlias = Mapping[Ranked, Place | None]
"""The last place at each top, and the first at each bottom, that is still in. None where nobody has the number."""


def number_of(ranked: Ranked) -> str:
    """Name the number by which is ranked, as it is written: `purchases.sum`."""
    return ".".join(ranked.path)


def wanted(share: Any, population: int) -> int:
    """Tell how many of a population are at an end: so many percent, rounded up."""
    return math.ceil(Fraction(share) * population / 100)


def place_of(path: Path, profile: Profile) -> Place | None:
    """Give somebody's place by a number; None where they do not have it, or are part of somebody else."""
    state = profile.rollups.get(path[0])
    if not state or not state.get(asking.COUNT) or profile.absorbed_by is not None:
        return None
    value = _VALUES[path[1]](state)
    return None if value is None else Place(value, profile.id)


def picks(ranked: Ranked, place: Place | None, boundary: Place | None) -> bool:
    """Tell whether a place is at an end."""
    if place is None or boundary is None:
        return False
    return place.is_before(boundary) if ranked.end is End.TOP else boundary.is_before(place)


def query_of(ranked: Ranked, boundary: Place | None) -> Row:
    """Make the query that finds the profiles which are at an end: the same comparison, by MongoDB."""
    if boundary is None:
        return {"_id": {"$in": []}}
    return {"$expr": {"$let": {"vars": {"number": expression(ranked.path)}, "in": telling(ranked, boundary)}}}


def telling(ranked: Ranked, boundary: Place | None) -> Any:
    """Make the expression of MongoDB that tells whether `$$number`, the profile's, is at an end."""
    if boundary is None:
        return False
    beyond, aside = ("$gt", "$lte") if ranked.end is End.TOP else ("$lt", "$gte")
    same = {"$and": [{"$eq": ["$$number", boundary.value]}, {aside: ["$_id", boundary.profile_id]}]}
    return {"$and": [{"$ne": ["$$number", None]}, {"$or": [{beyond: ["$$number", boundary.value]}, same]}]}


def expression(path: Path) -> Any:
    """Give the number as an expression of MongoDB over profiles; null where there is none."""
    state = f"$rollups.{path[0]}"
    value = {"$ifNull": [_EXPRESSIONS[path[1]](state), None]}
    return {"$cond": [{"$gt": [f"{state}.count", 0]}, value, None]}


def _average(state: State) -> float | None:
    # Divided as `asking` does, and so as MongoDB does.
    return None if "sum" not in state else float(state["sum"]) / counting.MILLIONTHS / state["count"]


def _since(moment: datetime) -> int:
    """The longer ago, the larger: as a number of days since it would be, and finer."""
    return -((moment - counting.EPOCH) // _MILLISECOND)


def _expression_since(moment: str) -> Any:
    return {"$multiply": [-1, {"$toLong": moment}]}


_VALUES: Final[Mapping[str, Callable[[State], int | float | None]]] = {
    asking.SUM: lambda state: state.get("sum"),
    asking.COUNT: lambda state: state["count"],
    asking.AVERAGE: _average,
    asking.SINCE_LAST: lambda state: _since(state["last"]["at"]),
    asking.SINCE_FIRST: lambda state: _since(state["first"]["at"]),
}
_EXPRESSIONS: Final[Mapping[str, Callable[[str], Any]]] = {
    asking.SUM: lambda state: f"{state}.sum",
    asking.COUNT: lambda state: f"{state}.count",
    asking.AVERAGE: lambda state: {
        "$divide": [{"$divide": [f"{state}.sum", counting.MILLIONTHS]}, f"{state}.count"],
    },
    asking.SINCE_LAST: lambda state: _expression_since(f"{state}.last.at"),
    asking.SINCE_FIRST: lambda state: _expression_since(f"{state}.first.at"),
}
NUMBERS: Final = tuple(_VALUES)
"""By what can be ranked: the numbers of a lifetime that nothing but an event changes in their order."""
