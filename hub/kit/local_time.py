"""Local time: what a clock on the wall shows, and which moment that is.

When the clocks change, nine o'clock is nine o'clock all the same. A time that does not exist on such a day is the first
after the gap; one that exists twice is the first.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES: Final = 24 * 60

_WRITTEN: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MIDNIGHT: Final = "24:00"
_MINUTE: Final = timedelta(minutes=1)


class Weekday(StrEnum):
    """The days of the week, in their order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, day: date) -> "Weekday":
        """Tell which day of the week a date is."""
        return _WEEK[day.weekday()]


_WEEK: Final = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Hours:
    """One stretch, from and until a local time, in minutes since midnight.

    Where `until` is not after `since`, it is that time of the next day: 22:00 to 02:00.
    """

    since: int
    until: int

    @property
    def written(self) -> tuple[str, str]:
        """Both as people write them, `09:00` and `24:00`."""
        return spelled(self.since), spelled(self.until)

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Give the moments between which they lie that begin on a day: from the first, up to and without the second."""
        end = self.until if self.until > self.since else self.until + DAY_MINUTES
        return instant(day, self.since, zone), instant(day, end, zone)


def minutes_of(written: str) -> int | None:
    """Read a time of the day, `09:00` to `24:00`, as minutes since midnight; None where it is none."""
    if written == _MIDNIGHT:
        return DAY_MINUTES
    found = _WRITTEN.fullmatch(written)
    return int(found[1]) * 60 + int(found[2]) if found else None


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """Give the IANA time zone of this name, such as `Europe/Berlin`; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Find the moment at which the clocks of a zone show this local time, so many minutes after a day has begun."""
    days, rest = divmod(minutes, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)  # of two, the first
    found = local.astimezone(UTC)
    exists = found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return found if exists else _end_of_gap(local, zone)


def spelled(minutes: int) -> str:
    """Write minutes since midnight as people do: `09:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Find the first moment after the gap in which a local time lies."""
    # Counted with the offset from after the gap it lies before it, and the other way round.
    before = local.replace(fold=1).astimezone(UTC)
    old = _offset(before, zone)
    gap = (local.astimezone(UTC) - before) // _MINUTE
    return next(it for it in (before + count * _MINUTE for count in range(gap + 1)) if _offset(it, zone) != old)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
