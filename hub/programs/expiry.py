"""When points expire: so long after they were earned, with the end of a period, or when nothing happens any more."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from hub.kit.local_time import instant

MONTHS: Final = 12


class EndOf(StrEnum):
    """A period with whose end points expire."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_LENGTHS: Final = {EndOf.MONTH: 1, EndOf.QUARTER: 3, EndOf.YEAR: MONTHS}


@dataclass(frozen=True, slots=True)
class AfterDays:
    """So many days after they can be used."""

    days: int


@dataclass(frozen=True, slots=True)
class WithPeriod:
    """With the end of the period in which they were earned, or `later` periods after it."""

    end_of: EndOf
    later: int = 0


@dataclass(frozen=True, slots=True)
class Idle:
    """After so many days in which none of these events has happened. Whenever one does, points last longer."""

    days: int
    events: tuple[str, ...]


Expiry: TypeAlias = AfterDays | WithPeriod | Idle


def expires_at(expiry: Expiry | None, earned_at: datetime, usable_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Tell when points expire. None: never. `earned_at` is what happened last, where they expire when nothing happens.

    Days end at midnight in the zone of the program: points of which it is said that they are good for 365 days are good
    for the whole of the last day.
    """
    match expiry:
        case AfterDays(days):
            return instant(usable_at.astimezone(zone).date() + timedelta(days=days + 1), 0, zone)
        case WithPeriod(end_of, later):
            return instant(_end(earned_at.astimezone(zone).date(), _LENGTHS[end_of], later), 0, zone)
        case Idle(days):
            return instant(earned_at.astimezone(zone).date() + timedelta(days=days + 1), 0, zone)
    return None


def _end(day: date, months: int, later: int) -> date:
    """Give the first day after the period of so many months in which a day lies, or so many periods later."""
    since_year_one = (day.year - 1) * MONTHS + day.month - 1
    years, month = divmod((since_year_one // months + 1 + later) * months, MONTHS)
    return date(years + 1, month + 1, 1)
