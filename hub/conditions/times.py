"""Times in traits and properties, which are text: `2026-03-01`, or to the second and in UTC, `2026-03-01T08:30:00Z`.

A date alone is its midnight in UTC. What stands behind the second is left aside. Text of these forms is compared as it
is, so that an index on it answers, and nothing has to be read as a date first; other text is no time.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

DATE: Final = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
CLOCK: Final = r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z"
"""What stands behind a date in a moment."""
MOMENT: Final = DATE + CLOCK
"""The two forms, as patterns of a whole text; both can be read by MongoDB."""

_DATE: Final = re.compile(DATE, re.ASCII)
_MOMENT: Final = re.compile(MOMENT, re.ASCII)
_MIDNIGHT: Final = "T00:00:00"
_SECOND: Final = timedelta(seconds=1)
_DATE_LENGTH: Final = 10
_DAY_OF_YEAR: Final = slice(5, 10)
_MOMENT_LENGTH: Final = len("2026-03-01T08:30:00")


class Bounds(NamedTuple):
    """From when, included, to when, not included, as text to the second: `2026-03-01T08:30:00`."""

    low: str
    high: str

    @classmethod
    def of(cls, now: datetime, span: timedelta, *, ahead: bool) -> "Bounds":
        """Bound the last `span` up to this second, or the next after it."""
        second = now.astimezone(UTC).replace(microsecond=0, tzinfo=None)
        begin, end = (second, second + span) if ahead else (second - span, second)
        return cls((begin + _SECOND).isoformat(), (end + _SECOND).isoformat())

    def hold(self, found: object) -> bool:
        """Tell whether a value is a time between them."""
        if not isinstance(found, str):
            return False
        if _MOMENT.fullmatch(found):
            return self.low <= found[:_MOMENT_LENGTH] < self.high
        return _DATE.fullmatch(found) is not None and self.low <= found + _MIDNIGHT < self.high

    @property
    def dates(self) -> tuple[str, str]:
        """The first date that they hold, and the first that is later than all, as text."""
        return _first_date(self.low), _first_date(self.high)


def moment_of(found: object) -> datetime | None:
    """Give the time that a value tells; None where it tells none."""
    if not isinstance(found, str) or not (_MOMENT.fullmatch(found) or _DATE.fullmatch(found)):
        return None
    return _read(found[:_DATE_LENGTH], found[_DATE_LENGTH:_MOMENT_LENGTH] or _MIDNIGHT)


def day_of_year(found: object) -> str | None:
    """Give month and day of the time that a value tells, as `03-01`; None where it tells none."""
    if not isinstance(found, str) or not (_MOMENT.fullmatch(found) or _DATE.fullmatch(found)):
        return None
    return found[_DAY_OF_YEAR]


def _read(date: str, time: str) -> datetime | None:
    try:
        return datetime.fromisoformat(date + time).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        # A day that its month does not have, such as 30 February, is text behind all of the month, and before the next.
        first = datetime.fromisoformat(f"{date[:8]}01").replace(tzinfo=UTC)
        return (first + timedelta(days=31)).replace(day=1) - _SECOND
    except (ValueError, OverflowError):
        return None  # the year 0000, or after 9999


def _first_date(moment: str) -> str:
    """Give the first date whose midnight is not before a moment."""
    date = moment[:_DATE_LENGTH]
    if moment.endswith(_MIDNIGHT):
        return date
    return (datetime.fromisoformat(date) + timedelta(days=1)).date().isoformat()
