"""When time alone next changes what conditions ask: of many of them at once, so that each time is read only once."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hub.conditions import yearly
from hub.conditions.evaluator import value_at
from hub.conditions.model import Asked, Path, Within
from hub.conditions.times import moment_of

_NOW: Final = timedelta()


class Turns:
    """The turns of all that is asked of times: so long before or after a time, it begins or ceases to be within.

    Of what comes again every year it is the midnights of the days around it.
    """

    def __init__(self, asked: Iterable[Asked]) -> None:
        spans: dict[Path, set[timedelta]] = {}
        days: dict[Path, set[timedelta]] = {}
        for it in asked:
            if isinstance(it, Within) and it.yearly:
                days.setdefault(it.path, set()).update(yearly.turns(it.span, ahead=it.ahead))
            elif isinstance(it, Within):
                spans.setdefault(it.path, {_NOW}).add(-it.span if it.ahead else it.span)
        self._spans: Mapping[Path, Sequence[timedelta]] = {path: sorted(it) for path, it in spans.items()}
        self._days: Mapping[Path, Sequence[timedelta]] = {path: sorted(it) for path, it in days.items()}

    def next(self, value: Mapping[str, Any], after: datetime) -> datetime | None:
        """Tell when time alone next changes something that is asked of a value; None where it never does."""
        turns = [self._next(value_at(path, value), path, after) for path in self._spans]
        turns += [yearly.next_turn(value_at(path, value), days, after) for path, days in self._days.items()]
        return min(filter(None, turns), default=None)

    def _next(self, said: object, path: Path, after: datetime) -> datetime | None:
        moment = moment_of(said)
        if moment is None:
            return None
        spans = self._spans[path]
        place = bisect_right(spans, after - moment)
        try:
            return moment + spans[place] if place < len(spans) else None
        except OverflowError:  # in a year that Python does not know
            return None
