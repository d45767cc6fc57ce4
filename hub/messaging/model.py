"""A message: one attempt to tell one profile one thing, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING

USUAL_PRIORITY: Final = 50
"""The priority of what says nothing of it."""
HIGHEST_PRIORITY: Final = 100
"""Priorities are whole numbers from 0."""


class State(StrEnum):
    """Where a message stands.

    `sent` means that a provider has it, `delivered` that it reported having brought it to the mailbox or device.
    `unknown` means it may or may not have arrived and nobody can tell; it is shown and never sent again. `deferred` is
    `queued` for later, with the reason for which it must not go out now, and `held` while its broadcast is paused.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    HELD = "held"
    CANCELLED = "cancelled"


class MessageClass(StrEnum):
    """What to do where nobody can tell whether a message arrived."""

    NEVER_TWICE = "never_twice"
    MUST_ARRIVE = "must_arrive"


class Outcome(StrEnum):
    """How one attempt ended."""

    ACCEPTED = "accepted"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    FOUND = "found"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to a provider, one look-up at it, or its report that it has a message of which nobody knew.

    `detail` is the provider's answer without personal data.
    """

    channel: Channel
    provider: str
    at: datetime
    outcome: Outcome
    provider_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt to tell one profile one thing.

    `id` is the key: of a journey's message made of profile, run, step and visit, of a broadcast's of broadcast and
    profile; else its sender's. Only a journey's has run, entering event, journey, version, step and visit. `about` is
    what another one is about, such as the consent that is to be confirmed: links are made of it when it is rendered, so
    that none is stored.

    `campaign` is what web statistics are to call it, where that is not the journey's name.

    `brand` and `topic` say which consent it needs. `place` says which of the ordered `channels` it is on: it moves on
    only where the one before certainly did not send. `due` is when to try next, or when the lease of a running attempt
    ends; None once the message is settled. Of two that compete for one customer's attention goes out the one with the
    higher `priority`.

    `snippets` are the versions of those whose words it says, as `NAME/VERSION`, since somebody has begun to send it.

    `why` is what its channels and its hour were chosen by, where the best were asked for: see `habits`.

    `delivered_at` to `complained_at` are the first of each that providers reported; they stand beside the state.
    `duplicated_at` is when a provider first told of a second message under the same key.
    """

    id: UUID
    profile_id: UUID
    template: str
    channels: tuple[Channel, ...]
    created_at: datetime
    run_id: UUID | None = None
    event_id: UUID | None = None
    journey: str | None = None
    version: int | None = None
    step: str | None = None
    visit: int | None = None
    about: UUID | None = None
    broadcast_id: UUID | None = None
    campaign: str | None = None
    brand: str = DEFAULT_BRAND
    topic: str = MARKETING
    message_class: MessageClass = MessageClass.NEVER_TWICE
    state: State = State.QUEUED
    place: int = 0
    due: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    reason: str | None = None
    priority: int = USUAL_PRIORITY
    snippets: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    bounced_at: datetime | None = None
    complained_at: datetime | None = None
    duplicated_at: datetime | None = None

    @property
    def channel(self) -> Channel:
        """The channel it is on."""
        return self.channels[self.place]

    def at(self, place: int) -> "Message":
        """Give it as it is on the channel at this place of its list, with nothing that keeps it from going out."""
        return self if place == self.place and self.reason is None else replace(self, place=place, reason=None)
