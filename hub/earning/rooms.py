"""Caps: how many points a member may still get by a rule. What an origin was granted is kept by its name.

So whoever asks again for the same state of an order is granted the same. A refund makes a grant smaller and never
larger, and what it frees is room for later orders.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.programs.model import Period

KEPT: Final = timedelta(days=62)
"""How long uses are kept one by one: longer than a month, so that every period is known. Older ones are a sum."""


@dataclass(frozen=True, slots=True)
class Use:
    """What an origin wanted of a rule and was granted, in points, as of a revision of it."""

    origin: str
    at: datetime
    rev: int
    wanted: int
    points: int


@dataclass(frozen=True, slots=True)
class Uses:
    """What a member has got by a rule: each use of late, and the sum of those `before`."""

    of_late: Mapping[str, Use]
    before: int = 0


def granted(uses: Uses, asked: Use, caps: Mapping[Period, int], zone: ZoneInfo, others: Sequence[Use] = ()) -> Use:
    """Grant an origin what there is room for.

    Args:
        uses: of the member and rule so far.
        asked: what is wanted; its `points` do not matter.
        caps: of the rule.
        zone: in which days, weeks and months begin.
        others: uses of the member under other ids, from before they were merged.
    """
    mine = uses.of_late.get(asked.origin) or next((it for it in others if it.origin == asked.origin), None)
    if mine is not None and mine.rev >= asked.rev:
        return mine
    if mine is not None and asked.wanted <= mine.wanted:
        return replace(asked, points=min(asked.wanted, mine.points))
    beside = [it for it in (*uses.of_late.values(), *others) if it.origin != asked.origin]
    room = min(
        most - _used(beside, uses.before, period, asked.at.astimezone(zone).date(), zone)
        for period, most in caps.items()
    )
    return replace(asked, points=max(mine.points if mine else 0, min(asked.wanted, max(0, room))))


def with_use(uses: Uses, use: Use, now: datetime) -> Uses:
    """Note a use, and put old ones into the sum."""
    found = {**uses.of_late, use.origin: use}
    old = [it for it in found.values() if now - it.at > KEPT and it.origin != use.origin]
    for it in old:
        del found[it.origin]
    return Uses(found, uses.before + sum(it.points for it in old))


def _used(uses: Collection[Use], before: int, period: Period, day: date, zone: ZoneInfo) -> int:
    if period is Period.TOTAL:
        return before + sum(it.points for it in uses)
    wanted = _period(period, day)
    return sum(it.points for it in uses if _period(period, it.at.astimezone(zone).date()) == wanted)


def _period(period: Period, day: date) -> tuple[int, ...]:
    match period:
        case Period.DAY:
            return (day.toordinal(),)
        case Period.WEEK:
            return day.isocalendar()[:2]
    return day.year, day.month
