"""The contact policy: one for all that is sent, whoever asks. It is about advertising; what must be said is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from hub.kit.local_time import Hours, Weekday
from hub.profiles.model import Channel

NAME: Final = "contact"
"""The name of the policy: there is one."""


class Period(StrEnum):
    """A stretch of the calendar, in the customer's time zone. A week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Then(StrEnum):
    """What becomes of a message that must not go out now."""

    SKIP = "skip"
    DEFER = "defer"
    NEXT = "next"


class Obstacle(StrEnum):
    """What may stand in a message's way, as the policy names it."""

    CAPPED = "capped"
    QUIET_HOURS = "quiet_hours"
    OPEN_CASE = "open_case"


Per: TypeAlias = timedelta | Period
"""The time that a cap counts: the last hours or days, or a stretch of the calendar."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which messages a rule is about: of these channels, brands and topics; of all where none is named."""

    channels: frozenset[Channel] = frozenset()
    brands: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()

    def holds(self, channel: Channel, brand: str, topic: str) -> bool:
        """Tell whether it is about such a message."""
        return (
            (not self.channels or channel in self.channels)
            and (not self.brands or brand in self.brands)
            and (not self.topics or topic in self.topics)
        )


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many messages in a time."""

    most: int
    per: Per
    of: Reach = Reach()


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours, in the customer's time zone, in which nobody is disturbed: those that begin on these days, all if none."""

    hours: Hours
    days: frozenset[Weekday] = frozenset()
    of: Reach = Reach()


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and when customers may be told what nobody is obliged to tell them.

    Attributes:
        zone: the time zone of customers of whom none is known.
        caps: how many messages at most.
        quiet: hours in which none goes out.
        then: what becomes of a message that meets an obstacle.
        longest: how long a message is deferred at most; then it is not worth sending any more.
        spread: over which time messages are spread that were deferred until the same moment.
    """

    zone: str = "UTC"
    caps: tuple[Cap, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    then: Mapping[Obstacle, Then] = field(
        default_factory=lambda: MappingProxyType(
            {Obstacle.CAPPED: Then.SKIP, Obstacle.QUIET_HOURS: Then.DEFER, Obstacle.OPEN_CASE: Then.DEFER}
        )
    )
    longest: timedelta = timedelta(days=3)
    spread: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Place:
    """A message that counts under the caps: it has gone out on a channel, or is about to."""

    message_id: UUID
    channel: Channel
    brand: str
    topic: str
    at: datetime
