"""What rules may ask of a rollup: `purchases.count`, `purchases.days_since_last`, or of a window `purchases.30d.sum`.

Each is a number, or nothing where there is none, and is read twice: of one profile's state, and of all by MongoDB.
Days are whole ones of 24 hours, windows of whole UTC days, as `counting` keeps them.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from hub.conditions.evaluator import AT
from hub.conditions.kinds import Kind, Names
from hub.conditions.model import Asked, Compare, Followed, Path
from hub.rollups import counting
from hub.rollups.counting import MILLIONTHS, SEVERAL, day_of
from hub.rollups.model import Rollup, State

COUNT: Final = "count"
SUM: Final = "sum"
AVERAGE: Final = "average"
SINCE_FIRST: Final = "days_since_first"
SINCE_LAST: Final = "days_since_last"
BETWEEN: Final = "days_between_last_two"
LIFETIME: Final = (COUNT, SUM, AVERAGE, SINCE_FIRST, SINCE_LAST, BETWEEN)
"""What a rule may ask of all that a rollup has counted."""
WINDOW: Final = (COUNT, SUM, AVERAGE)
"""What it may ask of one of its windows."""
TOLD: Final = ("first", "last")
"""What only tallies are asked: what the first and the last of their events told."""
ALWAYS: Final = Names(dict.fromkeys(LIFETIME, Kind.NUMBER))
"""What may be asked of every rollup, for the type checker."""
MOVING: Final[Mapping[str, str]] = {SINCE_FIRST: "first", SINCE_LAST: "last"}
"""Which of them time alone changes, and since which event they count."""

_DAY: Final = timedelta(days=1)
_DAY_MILLISECONDS: Final = 86_400_000
_MOST_DAYS: Final = 100_000
"""Further away than that, time alone changes nothing that anybody would notice, nor that a calendar knows."""
_WINDOW: Final = re.compile(r"([0-9]{1,4})d")


def shape_of(rollup: Rollup) -> Names:
    """Give what may be asked of a rollup, for the type checker: this and nothing else."""
    windows = {f"{days}d": Names(dict.fromkeys(WINDOW, Kind.NUMBER)) for days in rollup.windows}
    return Names({**dict.fromkeys(LIFETIME, Kind.NUMBER), **windows})


def value_of(state: State | None, at: datetime, *, windows: Iterable[int] = ()) -> dict[str, Any]:
    """Give what may be asked of a profile's state, with these windows."""
    if not state or not state.get(COUNT):
        empty = {COUNT: 0}
        return {**empty, **{f"{days}d": empty for days in windows}}
    first, last, before = state["first"]["at"], state["last"]["at"], state["before_last"]
    return {
        **_amounts(state[COUNT], state.get(SUM)),
        SINCE_FIRST: (at - first) // _DAY,
        SINCE_LAST: (at - last) // _DAY,
        BETWEEN: None if before is None else (last - before) // _DAY,
        **{end: state[end].get("told") for end in TOLD},
        AT: {"first": first, "last": last},
        **{f"{days}d": _window(state, days, at) for days in windows},
    }


def window_of(path: Path) -> int | None:
    """Give the days of the window that a name below a rollup is about; None for a lifetime."""
    found = _WINDOW.fullmatch(path[1])
    return int(found[1]) if found else None


def field_of(path: Path) -> str | None:
    """Tell where in a profile's row lies what the first or last event told; None for a number, which is computed."""
    return f"rollups.{path[0]}.{path[1]}.told" if path[1] in TOLD else None


def turns(asked: Asked) -> Iterator[int]:
    """List after how many days since its event a number begins, or ceases, to be one that is compared with."""
    for value in asked.values if isinstance(asked, Compare) else ():
        if isinstance(value, int | float) and abs(value) < _MOST_DAYS:
            yield from (math.ceil(value), math.floor(value) + 1)


def expression(path: Path, now: datetime) -> Any:
    """Give what a name asks as an expression of MongoDB over profiles: a number, or null."""
    state, days = f"$rollups.{path[0]}", window_of(path)
    if days is not None:
        # Told once: what it says is asked several times.
        parts = _parts(f"{state}.days", day_of(now), days)
        return {"$let": {"vars": {"parts": parts}, "in": _IN_WINDOW[path[2]]("$$parts")}}
    return {"$ifNull": [_OF_LIFETIME[path[1]](state, now), None]}


def some(path: Path, now: datetime) -> dict[str, Any]:
    """Make the query that finds those who have something in what a name asks: in a lifetime, or in its window."""
    days = window_of(path)
    if days is None:
        return {f"rollups.{path[0]}.count": {"$gt": 0}}
    return {f"rollups.{path[0]}.last.at": {"$gte": _begin(days, now)}}


def _begin(days: int, now: datetime) -> datetime:
    """Tell when a window begins that ends with today."""
    return counting.EPOCH + (day_of(now) - days + 1) * _DAY


def came_after(asked: Followed, now: datetime) -> Any:
    """Make the query that finds those of whom a sequence is true."""
    later = f"rollups.{asked.tally.name}.last.at"
    earlier = f"rollups.{asked.after.name}.{'first' if asked.of_first else 'last'}.at"
    # What is missing is less than any time: so the earlier one has to be there, and the later one then is.
    tests: list[Any] = [{earlier: {"$exists": True}}, {"$expr": {"$gt": [f"${later}", f"${earlier}"]}}]
    if asked.days is not None:
        tests.append({later: {"$gte": _begin(asked.days, now)}})
    return {"$and": tests}


def _amounts(count: int, sum_: int | None) -> dict[str, Any]:
    if not count:
        return {COUNT: 0}
    # First a float, as MongoDB divides: beyond 2^53 millionths Python's own division of integers is finer.
    total = None if sum_ is None else float(sum_) / MILLIONTHS
    return {COUNT: count, SUM: total, AVERAGE: None if total is None else total / count}


def _window(state: State, days: int, at: datetime) -> dict[str, Any]:
    return _amounts(*counting.amounts(state, days, now=at))


def _money(sum_: Any) -> Any:
    return {"$divide": [sum_, MILLIONTHS]}


def _days(later: Any, earlier: Any) -> Any:
    return {"$floor": {"$divide": [{"$subtract": [later, earlier]}, _DAY_MILLISECONDS]}}


_OF_LIFETIME: Final[Mapping[str, Callable[[str, datetime], Any]]] = {
    COUNT: lambda state, _: {"$ifNull": [f"{state}.count", 0]},
    SUM: lambda state, _: _money(f"{state}.sum"),
    AVERAGE: lambda state, _: {
        "$cond": [{"$gt": [f"{state}.count", 0]}, {"$divide": [_money(f"{state}.sum"), f"{state}.count"]}, None]
    },
    SINCE_FIRST: lambda state, now: _days(now, f"{state}.first.at"),
    SINCE_LAST: lambda state, now: _days(now, f"{state}.last.at"),
    BETWEEN: lambda state, _: _days(f"{state}.last.at", f"{state}.before_last"),
}


def _parts(days: str, today: int, window: int) -> Any:
    """Give the days that a window holds, each written out: those of a single event hold just that."""
    whole = {"$gt": ["$$day.v.count", None]}
    written = {
        COUNT: {"$ifNull": ["$$day.v.count", 1]},
        SUM: {"$cond": [whole, "$$day.v.sum", "$$day.v.first.value"]},
        "currency": {"$cond": [whole, "$$day.v.currency", "$$day.v.first.currency"]},
    }
    number = {"$toInt": "$$day.k"}
    inside = {"$and": [{"$gt": [number, today - window]}, {"$lte": [number, today]}]}
    listed = {"$objectToArray": {"$ifNull": [days, {}]}}
    filtered = {"$filter": {"input": listed, "as": "day", "cond": inside}}
    return {"$map": {"input": filtered, "as": "day", "in": written}}


def _each(parts: Any, name: str) -> Any:
    """List what the days of a window hold of one name, where they hold it."""
    values = {"$map": {"input": parts, "as": "part", "in": f"$$part.{name}"}}
    return {"$filter": {"input": values, "as": "it", "cond": {"$ne": [{"$ifNull": ["$$it", None]}, None]}}}


def _sum(parts: Any) -> Any:
    """Add up a window: nothing where it holds no amount, or several currencies."""
    currencies = {"$setUnion": [_each(parts, "currency"), []]}
    one = {"$and": [{"$lte": [{"$size": currencies}, 1]}, {"$not": {"$in": [SEVERAL, currencies]}}]}
    holds = {"$and": [one, {"$gt": [{"$size": "$$amounts"}, 0]}]}
    found = {"$cond": [holds, _money({"$sum": "$$amounts"}), None]}
    return {"$let": {"vars": {"amounts": _each(parts, SUM)}, "in": found}}


_IN_WINDOW: Final[Mapping[str, Callable[[Any], Any]]] = {
    COUNT: lambda parts: {"$sum": _each(parts, COUNT)},
    SUM: _sum,
    AVERAGE: lambda parts: {"$divide": [_sum(parts), {"$max": [1, {"$sum": _each(parts, COUNT)}]}]},
}
