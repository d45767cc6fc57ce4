"""A segment: a rule that picks customers, under a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.conditions.evaluator import compiled
from hub.conditions.model import Condition
from hub.profiles.model import Profile
from hub.rollups.stages import compares

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
    _holds: Callable[[Mapping[str, Any]], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "asks", frozenset(part.path[1] for part in compares(self.when)))
        object.__setattr__(self, "_holds", compiled(self.when))

    def picks(self, facts: Mapping[str, Any]) -> bool:
        """Tell whether somebody is in, by what `facts_of` gives."""
        return self._holds(facts)


def facts_of(profile: Profile) -> Mapping[str, Any]:
    """Give what the rules of segments are asked of: the same as a query finds in the profile's row."""
    return {"profile": {**profile.traits, STAGE: profile.stage}}
