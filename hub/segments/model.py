"""A segment: a rule that picks customers, under a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.conditions.evaluator import Holds, compiled, next_turn
from hub.conditions.model import Condition, Within, asked
from hub.profiles.model import Profile

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
    """What of a profile it looks at: the names of traits, and `stage`."""
    is_timed: bool = field(init=False, compare=False)
    """Whether time alone moves customers in and out."""
    _holds: Holds = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "asks", frozenset(part.path[1] for part in asked(self.when)))
        object.__setattr__(self, "is_timed", any(isinstance(it, Within) for it in asked(self.when)))
        object.__setattr__(self, "_holds", compiled(self.when))

    def picks(self, facts: Mapping[str, Any], now: datetime) -> bool:
        """Tell whether somebody is in, by what `facts_of` gives."""
        return self._holds(facts, now)

    def next_turn(self, facts: Mapping[str, Any], after: datetime) -> datetime | None:
        """Tell when time alone may next move somebody in or out."""
        return next_turn(self.when, facts, after) if self.is_timed else None


def facts_of(profile: Profile) -> Mapping[str, Any]:
    """Give what the rules of segments are asked of: the same as a query finds in the profile's row."""
    return {"profile": {**profile.traits, STAGE: profile.stage}}
