"""What rules may ask of the RFM grid: `rfm.recency`, `rfm.frequency` and `rfm.monetary`, from 5, the best fifth, to 1.

Each is a number, or nothing where somebody has no place, and is read twice: of one profile, and of all by MongoDB. It
is made of four rankings, so that `rfm.recency >= 4` says the same as `bottom(purchases.days_since_last, 40%)`.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from hub.conditions.kinds import Kind, Names
from hub.conditions.model import End, Path, Ranked
from hub.profiles.model import Profile
from hub.rankings import model
from hub.rankings.model import Boundaries
from hub.rollups import asking
from hub.rollups.service import PURCHASES

ROOT: Final = "rfm"
BEST: Final = 5
SCORES: Final[Mapping[str, tuple[str, End]]] = {
    "recency": (asking.SINCE_LAST, End.BOTTOM),
    "frequency": (asking.COUNT, End.TOP),
    "monetary": (asking.SUM, End.TOP),
}
"""By which number each score ranks, and which end of it is the best."""
SHAPE: Final = Names(dict.fromkeys(SCORES, Kind.NUMBER))
"""What may be asked, for the type checker."""
SHARES: Final = tuple(Decimal(share) for share in (20, 40, 60, 80))
"""Percent: whoever is in the first of them has the best score, and whoever is in none has 1."""


def ends_of(path: Path) -> tuple[Ranked, ...]:
    """List the ends of rankings that a score is made of."""
    number, end = SCORES[path[1]]
    return tuple(Ranked((PURCHASES, number), share, end) for share in SHARES)


def value_of(paths: Iterable[Path], profile: Profile, boundaries: Boundaries) -> dict[str, int | None]:
    """Give a profile's scores of these names."""
    return {path[1]: _score(path, profile, boundaries) for path in paths}


def _score(path: Path, profile: Profile, boundaries: Boundaries) -> int | None:
    ends = ends_of(path)
    place = model.place_of(ends[0].path, profile)
    if place is None:
        return None
    return 1 + sum(model.picks(it, place, boundaries.get(it)) for it in ends)


def expression(path: Path, boundaries: Boundaries) -> Any:
    """Give a score as an expression of MongoDB over profiles; null where there is none."""
    ends = ends_of(path)
    points = [{"$cond": [model.telling(it, boundaries.get(it)), 1, 0]} for it in ends]
    score = {"$cond": [{"$eq": ["$$number", None]}, None, {"$add": [1, *points]}]}
    return {"$let": {"vars": {"number": model.expression(ends[0].path)}, "in": score}}
