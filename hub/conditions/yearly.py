"""Days that come again every year, such as a birthday: whole UTC days, today included.

Of a time only month and day are asked. Who was born on 29 February has the day on the 28th in years without a 29th. A
day that no month has, such as 31 November, never comes.
"""

import calendar
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Final

from hub.conditions import times

LONGEST: Final = timedelta(days=365)
"""More days are all that a year has."""

_DAY: Final = timedelta(days=1)
_LEAP: Final = "02-29"
_INSTEAD: Final = "02-28"
_MONTH: Final = slice(0, 2)
_YEARS: Final = range(-1, 3)
"""Around the year of a time, those from which the next turn of a day may come."""


def holds(found: object, now: datetime, span: timedelta, *, ahead: bool) -> bool:
    """Tell whether a value is a time whose day comes in the next `span`, today included, or came in the last."""
    day = times.day_of_year(found)
    return day is not None and day in days_of(now.astimezone(UTC).date(), span, ahead=ahead)


@lru_cache(maxsize=1_024)
def days_of(today: date, span: timedelta, *, ahead: bool) -> frozenset[str]:
    """List the days that are asked for, as `03-01`: today, and those behind it, or before it."""
    step = _DAY if ahead else -_DAY
    days: set[str] = set()
    with suppress(OverflowError):  # before the year 1, or after 9999
        for place in range(span // _DAY):
            day = today + place * step
            days |= set(_named(day))
    return frozenset(days)


def pattern(days: Collection[str]) -> str:
    """Write the pattern of a whole text, a date or a moment, whose day is one of these."""
    months = groupby(sorted(days), lambda day: day[_MONTH])
    written = "|".join(f"{month}-(?:{'|'.join(day[3:] for day in of_month)})" for month, of_month in months)
    return rf"\d{{4}}-(?:{written})(?:{times.CLOCK})?"


def turns(span: timedelta, *, ahead: bool) -> tuple[timedelta, timedelta]:
    """Tell how far from its day's midnight a time begins to be asked for, and ceases to be."""
    return (_DAY - span, _DAY) if ahead else (timedelta(), span)


def next_turn(found: object, distances: Collection[timedelta], after: datetime) -> datetime | None:
    """Tell when a time next begins or ceases to be asked for, by these distances; None where it never does."""
    day = times.day_of_year(found)
    if day is None:
        return None
    return min((it for it in _turns(day, distances, after.astimezone(UTC).year) if it > after), default=None)


def _named(day: date) -> Iterator[str]:
    name = day.isoformat()[5:]
    yield name
    if name == _INSTEAD and not calendar.isleap(day.year):
        yield _LEAP


def _turns(day: str, distances: Collection[timedelta], year: int) -> Iterator[datetime]:
    """List what lies so far from the midnights of a day in the years around one."""
    month, number = map(int, day.split("-"))
    for it in (year + place for place in _YEARS):
        instead = day == _LEAP and not calendar.isleap(it)
        with suppress(ValueError, OverflowError):  # no such day, or a year that Python does not know
            midnight = datetime(it, month, 28 if instead else number, tzinfo=UTC)
            yield from (midnight + distance for distance in distances)
