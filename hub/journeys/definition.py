"""A journey as the machine reads it: steps flattened out of their blocks, each naming what follows it.

`hub.journeys.language` makes a `Definition` from a document and names its problems; a published version keeps the
document, so that a definition can always be read again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from hub.conditions.model import Condition, Path
from hub.messaging.model import USUAL_PRIORITY
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING

StepId: TypeAlias = str
"""Where a step stands in its document: `0`, `2`, or `3.0.1` for the second step in the first arm of step 3."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Enter when `event` is heard and `where` holds; one live run per profile and value of `key`."""

    event: str
    key: Path | None = None
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """Leave at once when `event` is heard whose `match` equals that of the entering event."""

    event: str
    match: Path | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay here for a duration."""

    id: StepId
    then: StepId | None
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Send:
    """Tell the customer something, on the first channel of the list that reaches them.

    `brand` and `topic` say which consent it needs, `priority` who goes first where there is room for one. With
    `best_first` the channels come in the order in which the customer takes notice on them; with `at_best_hour` it waits
    for the hour at which they mostly do, a day at most.
    """

    id: StepId
    then: StepId | None
    template: str
    channels: tuple[Channel, ...]
    brand: str = DEFAULT_BRAND
    topic: str = MARKETING
    priority: int = USUAL_PRIORITY
    best_first: bool = False
    at_best_hour: bool = False


@dataclass(frozen=True, slots=True)
class Arm:
    """One way out of a branch. The last arm may be without a condition."""

    when: Condition | None
    then: StepId | None


@dataclass(frozen=True, slots=True)
class Branch:
    """Go the way of the first arm that holds; with none, go on behind the branch."""

    id: StepId
    then: StepId | None
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class End:
    """Finish the run here."""

    id: StepId


Step: TypeAlias = Wait | Send | Branch | End


@dataclass(frozen=True, slots=True)
class Definition:
    """A checked journey. `first` is the step a run begins at; a `then` of None finishes the run."""

    name: str
    entry: Entry
    exits: tuple[Exit, ...]
    first: StepId | None
    steps: Mapping[StepId, Step]
    source: str
    """The document as it was written, YAML or JSON."""
