"""A segment: a rule that picks customers, under a name."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.conditions.evaluator import SEGMENTS, Holds, compiled, next_turn
from hub.conditions.model import Asked, Condition, Path, Within, asked
from hub.profiles import asking as consents
from hub.profiles.model import Profile
from hub.rollups import asking
from hub.segments.scope import ROOT, is_number

STAGE: Final = "stage"


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
    _asked: tuple[Asked, ...] = field(init=False, repr=False, compare=False)
    _holds: Holds = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = tuple(asked(self.when))
        object.__setattr__(self, "_asked", parts)
        object.__setattr__(self, "asks", frozenset(map(subject_of, parts)))
        object.__setattr__(self, "is_timed", any(map(_is_timed, parts)))
        object.__setattr__(self, "_holds", compiled(self.when))

    @property
    def windows(self) -> Iterator[tuple[str, int | None]]:
        """The rollups it looks at, each with the days of the window, None for a lifetime."""
        return ((it.path[0], asking.window_of(it.path)) for it in self._asked if is_number(it))

    @property
    def consents(self) -> Iterator[Path]:
        """The consents it looks at."""
        return (it.path for it in self._asked if it.path[0] == consents.ROOT)

    def picks(self, facts: Mapping[str, Any], now: datetime) -> bool:
        """Tell whether somebody is in, by what `facts_of` gives."""
        return self._holds(facts, now)

    def next_turn(self, profile: Profile, facts: Mapping[str, Any], after: datetime) -> datetime | None:
        """Tell when time alone may next move somebody in or out."""
        turns = [next_turn(self.when, facts, after)]
        turns += [asking.next_turn(it, profile.rollups.get(it.path[0]), after) for it in self._asked if is_number(it)]
        return min((it for it in turns if it is not None), default=None)


def facts_of(profile: Profile, segments: Collection[Segment], at: datetime) -> Mapping[str, Any]:
    """Give what the rules of these segments are asked of: the same as a query finds in the profile's row."""
    windows: dict[str, set[int]] = {}
    for segment in segments:
        for name, days in segment.windows:
            windows.setdefault(name, set()).update(() if days is None else (days,))
    numbers = {name: asking.value_of(profile.rollups.get(name), at, windows=it) for name, it in windows.items()}
    words = consents.value_of(profile.consents, (path for it in segments for path in it.consents))
    own = {ROOT: {**profile.traits, STAGE: profile.stage}, SEGMENTS: profile.segment_names, consents.ROOT: words}
    return {**own, **numbers}


def subject_of(asked: Asked) -> str:
    """Name what must change for another answer: a trait, the stage, the consents, or a rollup."""
    return ".".join(asked.path[:2]) if asked.path[0] == ROOT else asked.path[0]


def _is_timed(asked: Asked) -> bool:
    if not is_number(asked):
        return isinstance(asked, Within)
    return asked.path[1] in asking.MOVING or asking.window_of(asked.path) is not None
