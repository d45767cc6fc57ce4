"""When time alone next changes the numbers that rules ask of rollups: of many rules at once.

A number of days turns so many days after its event, a window at the midnight at which it loses a day, or a sequence its
last event.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from hub.conditions.model import Asked, Followed
from hub.rollups import asking, counting
from hub.rollups.model import State

_DAY: Final = timedelta(days=1)


class Turns:
    """The turns of all that is asked of rollups: which windows, and how many days after which event."""

    def __init__(self, asked: Iterable[Asked]) -> None:
        windows: dict[str, set[int]] = {}
        days: dict[tuple[str, str], set[int]] = {}
        ends: dict[str, set[int]] = {}
        for it in asked:
            rollup = it.path[0]
            if isinstance(it, Followed):
                ends.setdefault(rollup, set()).update(() if it.days is None else (it.days,))
            elif (window := asking.window_of(it.path)) is not None:
                windows.setdefault(rollup, set()).add(window)
            elif end := asking.MOVING.get(it.path[1]):
                days.setdefault((rollup, end), set()).update(asking.turns(it))
        self._windows: Mapping[str, Sequence[int]] = {name: sorted(it) for name, it in windows.items()}
        self._ends: Mapping[str, Sequence[int]] = {name: sorted(it) for name, it in ends.items()}
        self._days: Mapping[tuple[str, str], Sequence[int]] = {name: sorted(it) for name, it in days.items()}

    def next(self, rollups: Mapping[str, State], after: datetime) -> datetime | None:
        """Tell when time alone next changes a number that is asked of a profile's states; None where it never does."""
        return min(self._all(rollups, after), default=None)

    def _all(self, rollups: Mapping[str, State], after: datetime) -> Iterator[datetime]:
        for (name, end), days in self._days.items():
            if (state := rollups.get(name)) and state.get(asking.COUNT):
                happened = state[end]["at"]
                place = bisect_right(days, (after - happened) // _DAY)
                if place < len(days):
                    with suppress(OverflowError):  # in a year that Python does not know
                        yield happened + days[place] * _DAY
        for name, windows in self._windows.items():
            if (state := rollups.get(name)) and state.get(asking.COUNT):
                yield from _lost(state, windows, after)
        for name, days_back in self._ends.items():
            if (state := rollups.get(name)) and state.get(asking.COUNT):
                last = counting.day_of(state["last"]["at"])
                moments = (counting.EPOCH + (last + days) * _DAY for days in days_back)
                yield from (it for it in moments if it > after)


def _lost(state: State, windows: Sequence[int], after: datetime) -> Iterator[datetime]:
    """List when each of these windows loses the first day that it holds."""
    today = counting.day_of(after)
    held = sorted(day for day in map(int, state["days"]) if day <= today)
    for window in windows:
        place = bisect_right(held, today - window)
        if place < len(held):
            yield counting.EPOCH + (held[place] + window) * _DAY
