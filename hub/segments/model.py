"""A segment: a rule that picks customers, under a name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.conditions.evaluator import Holds, compiled, next_turn
from hub.conditions.model import Asked, Condition, Within, asked
from hub.profiles.model import Profile
from hub.rollups import asking
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
    asked: tuple[Asked, ...] = field(init=False, repr=False, compare=False)
    """What it asks, one by one."""
    _holds: Holds = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = tuple(asked(self.when))
        object.__setattr__(self, "asked", parts)
        object.__setattr__(self, "asks", frozenset(map(subject_of, parts)))
        object.__setattr__(self, "is_timed", any(map(_is_timed, parts)))
        object.__setattr__(self, "_holds", compiled(self.when))

    def picks(self, facts: Mapping[str, Any], now: datetime) -> bool:
        """Tell whether somebody is in, by what `facts_of` gives."""
        return self._holds(facts, now)

    def next_turn(self, profile: Profile, facts: Mapping[str, Any], after: datetime) -> datetime | None:
        """Tell when time alone may next move somebody in or out."""
        turns = [next_turn(self.when, facts, after)]
        turns += [asking.next_turn(it, profile.rollups.get(it.path[0]), after) for it in self.asked if is_number(it)]
        return min((it for it in turns if it is not None), default=None)


def facts_of(profile: Profile, segments: Iterable[Segment], at: datetime) -> Mapping[str, Any]:
    """Give what the rules of these segments are asked of: the same as a query finds in the profile's row."""
    return scope.told(profile, [it for segment in segments for it in segment.asked], at)


def subject_of(asked: Asked) -> str:
    """Name what must change for another answer: a trait, the stage, the consents, or a rollup."""
    return ".".join(asked.path[:2]) if asked.path[0] == ROOT else asked.path[0]


def _is_timed(asked: Asked) -> bool:
    if not is_number(asked):
        return isinstance(asked, Within)
    return asked.path[1] in asking.MOVING or asking.window_of(asked.path) is not None
