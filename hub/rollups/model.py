"""What is counted of a profile, by definitions that are data: rollups, preferences, engagement, stages of a life."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

from hub.conditions.evaluator import Holds, compiled
from hub.conditions.model import Addend, Condition, Path, Units

State: TypeAlias = Mapping[str, Any]
"""What a profile keeps for one definition, as MongoDB stores it; `counting`, `preferring` and `engagement` say how."""

STAGES: Final = "stages"
"""The name of the one definition of stages."""


ENGAGEMENT: Final = "engagement"
"""The name of the one definition of engagement."""


class Aspect(StrEnum):
    """What a preference is about. A journey reads it as `profile.preferred.store`."""

    CHANNEL = "channel"
    STORE = "store"

    @property
    def measure(self) -> str:
        """The name of its definition, under which a profile keeps its state."""
        return f"preferred-{self}"


@dataclass(frozen=True, slots=True)
class Rollup:
    """Counts events, and adds up one of their properties.

    Attributes:
        name: lower case with hyphens.
        events: the names of those that count.
        where: what must be true of their `properties`.
        value: the property that is added up, or the units of its products; None only counts.
        currency: the property that says in which currency `value` is; None where it is no money.
        windows: in days, ascending; it is kept for a lifetime besides.
        kept: the property of which the first and the last event keep what they told.
    """

    name: str
    events: frozenset[str]
    where: Condition | None = None
    value: Addend | None = None
    windows: tuple[int, ...] = ()
    currency: Path | None = None
    kept: Path | None = None
    holds: Holds | None = field(init=False, repr=False, compare=False)
    """Its `where` as one function, kept because it is asked with every event."""
    is_unit: Holds | None = field(init=False, repr=False, compare=False)
    """Of which products the pieces are added up, where it is not of all."""

    def __post_init__(self) -> None:
        of = self.value.of if isinstance(self.value, Units) else None
        object.__setattr__(self, "holds", compiled(self.where) if self.where else None)
        object.__setattr__(self, "is_unit", compiled(of) if of else None)


@dataclass(frozen=True, slots=True)
class Sign:
    """An event that speaks for something: for the value of a property, or always for the same. `weight` is from 1."""

    event: str
    weight: int
    by: Path | None = None
    always: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """Where a customer likes to shop: what most days of the last `within_days` spoke for, by their strongest sign."""

    aspect: Aspect
    signs: tuple[Sign, ...]
    within_days: int

    @property
    def name(self) -> str:
        """The name of the definition."""
        return self.aspect.measure

    @property
    def events(self) -> frozenset[str]:
        """The names of the events that count."""
        return frozenset(sign.event for sign in self.signs)


@dataclass(frozen=True, slots=True)
class Engagement:
    """On which channel and at which hour a customer takes notice of messages: the `last` events that are such signs."""

    signs: tuple[Sign, ...]
    last: int

    @property
    def name(self) -> str:
        """The name of the definition."""
        return ENGAGEMENT

    @property
    def events(self) -> frozenset[str]:
        """The names of the events that count."""
        return frozenset(sign.event for sign in self.signs)


Measure: TypeAlias = Rollup | Preference | Engagement


@dataclass(frozen=True, slots=True)
class Rule:
    """A stage, and when a customer is at it. `written` is the condition in its canonical text."""

    stage: str
    when: Condition
    written: str
    holds: Holds = field(init=False, repr=False, compare=False)
    """The condition as one function, kept because it is asked with every order."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", compiled(self.when))


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """So many whole days after the `first` or `last` event of a rollup, a rule may begin or cease to hold."""

    rollup: str
    end: str
    days: int


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of a customer's life: of the first rule that holds. Whom none fits has no stage."""

    rules: tuple[Rule, ...]
    reads: frozenset[str]
    """The names of the rollups that the rules read."""
    turns: tuple["Turn", ...]
    """What may lead to another stage by time alone."""

    @property
    def name(self) -> str:
        """The name of the definition."""
        return STAGES


Definition: TypeAlias = Measure | Stages
