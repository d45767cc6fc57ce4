"""When a store is open: hours of each weekday and of single dates, in the store's own time zone.

Hours are what stands on the door, so they are local: when the clocks change the door opens at nine all the same. A time
that does not exist on such a day is the first after the gap; one that exists twice is the first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_WRITTEN: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MIDNIGHT: Final = "24:00"
_DAY_MINUTES: Final = 24 * 60
_MINUTE: Final = timedelta(minutes=1)
_EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)
"""Beyond them the day before or after may be none that there is: nobody is open then."""


class Weekday(StrEnum):
    """The days of the week, in their order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


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
        return _spelled(self.since), _spelled(self.until)


@dataclass(frozen=True, slots=True)
class Opening:
    """The hours of a store: by weekday, and by date, which replace those of that weekday.

    A day without hours is a day on which it stays shut.
    """

    zone: str
    weekly: Mapping[Weekday, tuple[Hours, ...]] = field(default_factory=dict)
    exceptions: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)

    def at(self, moment: datetime) -> bool:
        """Tell whether it is open at a moment."""
        if not _EARLIEST <= moment <= _LATEST:
            return False
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        # Yesterday's hours may reach past midnight.
        return any(
            _instant(day, hours.since, zone) <= moment < _instant(day, _end(hours), zone)
            for day in (today - timedelta(days=1), today)
            for hours in self._of(day)
        )

    def _of(self, day: date) -> tuple[Hours, ...]:
        exception = self.exceptions.get(day)
        return self.weekly.get(_WEEK[day.weekday()], ()) if exception is None else exception


def minutes_of(written: str) -> int | None:
    """Read a time of the day, `09:00` to `24:00`, as minutes since midnight; None where it is none."""
    if written == _MIDNIGHT:
        return _DAY_MINUTES
    found = _WRITTEN.fullmatch(written)
    return int(found[1]) * 60 + int(found[2]) if found else None


def is_zone(name: str) -> bool:
    """Tell whether this is the name of an IANA time zone, such as `Europe/Berlin`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _end(hours: Hours) -> int:
    return hours.until if hours.until > hours.since else hours.until + _DAY_MINUTES


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Find the moment at which the clocks of a zone show this local time."""
    days, rest = divmod(minutes, _DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)  # of two, the first
    found = local.astimezone(UTC)
    exists = found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return found if exists else _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Find the first moment after the gap in which a local time lies."""
    # Counted with the offset from after the gap it lies before it, and the other way round.
    before = local.replace(fold=1).astimezone(UTC)
    old = _offset(before, zone)
    gap = (local.astimezone(UTC) - before) // _MINUTE
    return next(it for it in (before + count * _MINUTE for count in range(gap + 1)) if _offset(it, zone) != old)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _spelled(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
