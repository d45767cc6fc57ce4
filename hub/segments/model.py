"""A segment: a rule that picks customers, under a name."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.conditions import turning as times
from hub.conditions.evaluator import Holds, compiled
from hub.conditions.model import Asked, Condition, Followed, Path, Ranked, Tally, Within, asked, tallies_in
from hub.profiles.model import Profile
from hub.rankings import grades
from hub.rankings.model import Boundaries
from hub.rollups import asking
from hub.rollups import turning as numbers
from hub.rollups.service import PURCHASES
from hub.segments import scope
from hub.segments.scope import ROOT, is_number


@dataclass(frozen=True, slots=True)
class Segment:
    """A rule that picks customers.

    Attributes:
        name: lower case with hyphens.
        when: of whom it is true is in.
        written: the rule in its canonical text.
    """

    name: str
    when: Condition
    written: str
    asks: frozenset[str] = field(init=False, compare=False)
    """What of a profile it looks at: `profile.country`, `profile.stage`, `consent`, and rollups by their names."""
    is_timed: bool = field(init=False, compare=False)
    """Whether time alone moves customers in and out."""
    windows: tuple[tuple[str, int | None], ...] = field(init=False, repr=False, compare=False)
    """The rollups it looks at, each with the days of the window, None for a lifetime."""
    consents: tuple[Path, ...] = field(init=False, repr=False, compare=False)
    """The consents it looks at."""
    ranked: frozenset[Ranked] = field(init=False, repr=False, compare=False)
    """The rankings at whose ends it looks."""
    graded: tuple[Path, ...] = field(init=False, repr=False, compare=False)
    """The scores of the RFM grid for which it asks."""
    tallies: Mapping[str, Tally] = field(init=False, repr=False, compare=False)
    """What it has counted of events, by name."""
    _holds: Holds = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = tuple(asked(self.when))
        object.__setattr__(self, "asks", frozenset(it for part in parts for it in subjects_of(part)))
        object.__setattr__(self, "is_timed", any(map(_is_timed, parts)))
        object.__setattr__(self, "windows", scope.windows_in(parts))
        object.__setattr__(self, "consents", scope.consents_in(parts))
        object.__setattr__(self, "ranked", scope.ranked_in(parts))
        object.__setattr__(self, "graded", scope.graded_in(parts))
        object.__setattr__(self, "tallies", tallies_in(self.when))
        object.__setattr__(self, "_holds", compiled(self.when))

    def picks(self, facts: Mapping[str, Any], now: datetime) -> bool:
        """Tell whether somebody is in, by what `facts_of` gives."""
        return self._holds(facts, now)


class Turns:
    """When time alone may next move somebody in or out of one of many segments."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        parts = [part for it in segments for part in asked(it.when)]
        self._times = times.Turns(parts)
        self._numbers = numbers.Turns(filter(is_number, parts))

    def next(self, profile: Profile, facts: Mapping[str, Any], after: datetime) -> datetime | None:
        """Tell the moment, where `facts_of` gives what is known of a profile; None where there is none."""
        turns = (self._times.next(facts, after), self._numbers.next(profile.rollups, after))
        return min(filter(None, turns), default=None)


def facts_of(
    profile: Profile, segments: Collection[Segment], at: datetime, boundaries: Boundaries = scope.NO_BOUNDARIES
) -> Mapping[str, Any]:
    """Give what the rules of these segments are asked of: the same as a query finds in the profile's row."""
    windows = {window: 0 for it in segments for window in it.windows}
    words = (path for it in segments for path in it.consents)
    ends = {end: boundaries[end] for it in segments for end in it.ranked if end in boundaries}
    graded = {path: 0 for it in segments for path in it.graded}
    return scope.told(profile, windows, words, at, boundaries=ends, graded=graded)


def subjects_of(asked: Asked) -> tuple[str, ...]:
    """Name what must change for another answer: a trait, the stage, the consents, or rollups."""
    if isinstance(asked, Followed):
        return asked.tally.name, asked.after.name
    if asked.path[0] == grades.ROOT:
        return (PURCHASES,)
    return (".".join(asked.path[:2]) if asked.path[0] == ROOT else asked.path[0],)


def _is_timed(asked: Asked) -> bool:
    if isinstance(asked, Followed):
        return asked.days is not None
    if not is_number(asked):
        return isinstance(asked, Within)
    if isinstance(asked, Ranked):
        return False  # it is other people who move them
    return asked.path[1] in asking.MOVING or asking.window_of(asked.path) is not None
