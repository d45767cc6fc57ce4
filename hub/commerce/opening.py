"""When a store is open: hours of each weekday and of single dates, in the store's own time zone.

Hours are what stands on the door, so they are local (see `hub/kit/local_time.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.kit.local_time import Hours, Weekday

_EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)
"""Beyond them the day before or after may be none that there is: nobody is open then."""


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
        stretches = (it.on(day, zone) for day in (today - timedelta(days=1), today) for it in self._of(day))
        return any(since <= moment < until for since, until in stretches)

    def _of(self, day: date) -> tuple[Hours, ...]:
        exception = self.exceptions.get(day)
        return self.weekly.get(Weekday.of(day), ()) if exception is None else exception
