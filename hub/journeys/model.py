"""A run: one profile's way through one version of a journey."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from hub.journeys.definition import StepId
from hub.kit import ids
from hub.messaging.model import USUAL_PRIORITY
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING

DEFAULT_SHARD = 0


class Status(StrEnum):
    """Where a run stands. Being due is a time, not a status."""

    WAITING = "waiting"
    FINISHED = "finished"
    EXITED = "exited"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Version:
    """The name of an immutable published definition."""

    journey: str
    number: int

    @property
    def id(self) -> str:
        """The `_id` of its document: `abandoned-cart/3`."""
        return f"{self.journey}/{self.number}"

    @property
    def cohort(self) -> str:
        """The cohort of its runs, which is the tail of the workflow id `cohort/{journey}/{version}/{shard}`."""
        return f"{self.id}/{DEFAULT_SHARD}"


@dataclass(frozen=True, slots=True)
class Input:
    """An event that concerns a waiting run, written into the run itself."""

    event_id: UUID
    name: str
    seq: int


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Tell the customer something: becomes a row in `messages` under a key made of run, step and visit."""

    step: StepId
    visit: int
    template: str
    channels: tuple[Channel, ...]
    brand: str = DEFAULT_BRAND
    topic: str = MARKETING
    priority: int = USUAL_PRIORITY
    why: Mapping[str, str] = field(default_factory=dict)
    """What its channels and its hour were chosen by, where the step asked for the best: see `hub.messaging.habits`."""


@dataclass(frozen=True, slots=True)
class ReleaseGuard:
    """Let the customer enter again: a run's last intent."""


Intent: TypeAlias = SendMessage | ReleaseGuard


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a run's trail: what was decided at a step, when, and on which values."""

    at: datetime
    step: StepId | None
    did: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One profile's way through one version.

    A live run waits at `step`; `due` is when it goes on, None if it has not reached a wait yet. `matches` are the
    entering event's values for the exits of its version, in their order. `visits` counts the steps it came to.
    `inputs` are events not considered yet, `heard` the ids of those that were. `intents` are decided and not yet
    performed. `rev` rises with every write that is not the run's own clearing of intents.
    """

    id: UUID
    version: Version
    profile_id: UUID
    guard_id: UUID
    key: str | None
    event_id: UUID
    seq: int
    matches: tuple[Any, ...]
    entered_at: datetime
    status: Status
    step: StepId | None
    due: datetime | None = None
    visits: int = 0
    rev: int = 0
    inputs: tuple[Input, ...] = ()
    heard: tuple[UUID, ...] = ()
    intents: tuple[Intent, ...] = ()
    trail: tuple[Mark, ...] = ()
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def live(self) -> bool:
        """Whether the run is still on its way."""
        return self.status is Status.WAITING

    def message_id(self, intent: SendMessage) -> UUID:
        """The key of a message: profile, run, step and visit, never the attempt."""
        return ids.key_of("message", self.profile_id, self.id, intent.step, intent.visit)


def guard_id(profile_id: UUID, journey: str, key: str | None) -> UUID:
    """The key of an entry guard: at most one live run holds it."""
    return ids.key_of("guard", profile_id, journey, *([] if key is None else [key]))


def run_id(profile_id: UUID, journey: str, key: str | None, event_id: UUID) -> UUID:
    """The key of a run: the same entering event makes the same run, whoever processes it and how often."""
    return ids.key_of("run", profile_id, journey, *([] if key is None else [key]), event_id)
