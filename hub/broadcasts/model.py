"""A broadcast: one message to everybody who is in a segment when it starts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from hub.kit import ids
from hub.kit.errors import HubError
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING

LONGEST_NAME: Final = 100
FASTEST: Final = 1_000_000
"""Messages a minute that a pace has at most."""
BEST_OF: Final = (Channel.PUSH, Channel.EMAIL, Channel.SMS)
"""The channels of which the best is taken where none are named, and their order where nobody knows."""
USUAL_PRIORITY: Final = 25
"""Below what journeys usually say: what a customer has just done matters more than what all are told."""


class State(StrEnum):
    """Where a broadcast stands.

    `finished` means that nothing of it waits to be sent any more. One that is `paused` goes on from where it was.
    """

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


ENDED: Final = frozenset({State.FINISHED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Definition:
    """What is to be said to whom, and when.

    Attributes:
        name: what people call it.
        segment: who is in it when the broadcast starts is told.
        template: what they are told.
        channels: in this order; the first that reaches a customer is taken.
        brand: in whose name.
        topic: what it is about, for consent: one that is advertising.
        at: when; at once where neither this nor `local_at` is given.
        local_at: what the clocks show where each customer is when they are told: a date and a time without a zone.
        per_minute: how many messages a minute at most; None is no limit.
        priority: 0 to 100, against what else the same customers are to be told.
        best_first: whether those of the channels are tried first on which the customer takes most notice.
        at_best_hour: whether each is told in the hour of theirs, within a day, in which they take most notice.
    """

    name: str
    segment: str
    template: str
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    brand: str = DEFAULT_BRAND
    topic: str = MARKETING
    at: datetime | None = None
    local_at: datetime | None = None
    per_minute: int | None = None
    priority: int = USUAL_PRIORITY
    best_first: bool = False
    at_best_hour: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """From which share on, of the messages that went out, a broadcast pauses itself.

    Attributes:
        bounces: the share that bounced; 0 is no limit.
        complaints: the share of those who complained; 0 is no limit.
    """

    bounces: float = 0.05
    complaints: float = 0.003


@dataclass(frozen=True, slots=True)
class Feedback:
    """What came back of the messages of a broadcast: how many went out, bounced, and were complained of."""

    out: int
    bounced: int
    complained: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment at which some of the recipients are told. Without local times there is one."""

    at: datetime
    size: int


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """How far a broadcast is: `offset` customers of this `page` of the recipients, of those who belong to one `moment`.

    The messages of everybody before it are stored.
    """

    moment: int = 0
    page: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it stands.

    Attributes:
        rev: raised by every change.
        started_at: since when its recipients are fixed; None before.
        moments: when whom; None while they are being listed.
        cursor: how far it is.
        queued: how many messages are stored.
        left_out: how many of the recipients have none, for they were merged with somebody who has one, or erased.
        paced_at: up to when its pace is used up.
        may_hold: whether messages of it may be held by a pause.
        is_watched: whether it pauses itself by its limits; not any more, once somebody has resumed it after that.
        due: when to look at it again; None once there is nothing to do.
        reason: why it was cancelled or paused, where the hub did so itself.
    """

    id: UUID
    rev: int
    definition: Definition
    state: State
    created_at: datetime
    created_by: str
    starts_at: datetime
    due: datetime | None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    moments: tuple[Moment, ...] | None = None
    cursor: Cursor = Cursor()
    queued: int = 0
    left_out: int = 0
    paced_at: datetime | None = None
    may_hold: bool = False
    is_watched: bool = True
    reason: str | None = None

    @property
    def recipients(self) -> int | None:
        """How many customers are to be told; None before they are listed."""
        return None if self.moments is None else sum(it.size for it in self.moments)

    @property
    def is_written(self) -> bool:
        """Whether every recipient has been come to."""
        return self.moments is not None and self.cursor.moment >= len(self.moments)

    def message_id(self, profile_id: UUID) -> UUID:
        """Make the key of the one message that this customer gets of it."""
        return ids.key_of("broadcast message", self.id, profile_id)


class NoSuchBroadcast(HubError):
    """An id that no broadcast has."""

    code = "NOT_FOUND"

    def __init__(self, broadcast_id: UUID) -> None:
        super().__init__(f"There is no broadcast {broadcast_id}.")
        self.broadcast_id = broadcast_id


class BadBroadcast(HubError):
    """Something of a definition cannot be. `field` says what, by its name there."""

    code: ClassVar[str] = "BAD_USER_INPUT"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotAdvertising(BadBroadcast):
    """A topic of which people need not be asked: what must be said is said to each for a reason of their own."""

    code = "NOT_ELIGIBLE"

    def __init__(self, brand: str, topic: str) -> None:
        super().__init__(
            "topic", f"`{topic}` of the brand `{brand}` is no topic of the class marketing: a broadcast needs one."
        )


class NoWayOut(BadBroadcast):
    """A template by which customers would be written to without being told how to be rid of it."""

    code = "NO_WAY_OUT"

    def __init__(self, message: str) -> None:
        super().__init__("template", message)


class WrongState(HubError):
    """A broadcast is in a state in which this cannot be done."""

    code = "NOT_ELIGIBLE"

    def __init__(self, verb: str, state: State) -> None:
        super().__init__(f"The broadcast is {state.value}: it cannot be {verb}.")
        self.state = state
