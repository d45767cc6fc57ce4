"""A profile, the identifiers that point to it, and what may be read of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from hub.kit import ids


class IdentifierKind(StrEnum):
    """Kinds of identifier, the strongest first: an event belongs to the profile that its strongest one names."""

    USER = "user"
    ANONYMOUS = "anonymous"
    EMAIL = "email"
    PHONE = "phone"
    MEMBER = "member"


CONTACTS: Final = (IdentifierKind.EMAIL, IdentifierKind.PHONE)
"""Kinds of identifier by which a customer is reached."""


class Unranked(StrEnum):
    """Why rankings have to look at a profile again: something has happened, or it is silent and not announced."""

    LOUD = "loud"
    SILENT = "silent"


class Channel(StrEnum):
    """A way to reach a customer."""

    EMAIL = "email"
    PUSH = "push"
    SMS = "sms"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name by which a profile is found. `value` is in its look-up form."""

    kind: IdentifierKind
    value: str

    @property
    def id(self) -> UUID:
        """The key of its document."""
        return ids.key_of("identifier", self.kind, self.value)


@dataclass(frozen=True, slots=True)
class Owned:
    """An identifier as it is stored: whose it is, and whether it was verified.

    A server source verifies it, a link or code that its owner was sent, or a token of an issuer that the hub believes.
    `profile_id` is the profile it was born under, which another one may have absorbed since.
    """

    identifier: Identifier
    profile_id: UUID
    verified: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer.

    `seq` is the last place given to an event of this profile; `counted` names the events of the last batch that are
    already in the traits and counts, with the seq each was given, so that a retry does not count them again.
    `verified` names what was vouched for: `user`, that there is such a user; `email` and `phone`, that they are reached
    there. Where somebody who is vouched for is reached, no client source changes.

    Merging links and moves nothing: a head has the ids of those it absorbed in `members`, and each of them names the
    profile that absorbed it. Rows keep the profile they were born under, so that a head's rows are those of `own_ids`.

    `consents` is the state of each consent, `rollups` what its events and orders add up to, `stage` where it stands in
    its life as a customer, and `life` says from what that follows and since when. `edition` is that of the definitions
    for which rollups and stage are complete. `segments` says in which segments it is, and by which edition of them it
    was sorted. `unranked` is what the next write says to the rankings, if anything: see `Unranked`.
    """

    id: UUID
    rev: int = 0
    seq: int = 0
    traits: Mapping[str, Any] = field(default_factory=dict)
    verified: frozenset[str] = frozenset()
    devices: tuple[str, ...] = ()
    locale: str | None = None
    zone: str | None = None
    events: int = 0
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    counted: Mapping[UUID, int] = field(default_factory=dict)
    members: tuple[UUID, ...] = ()
    absorbed_by: UUID | None = None
    consents: Mapping[str, Any] = field(default_factory=dict)
    rollups: Mapping[str, Any] = field(default_factory=dict)
    stage: str | None = None
    life: Mapping[str, Any] = field(default_factory=dict)
    edition: int = 0
    segments: Mapping[str, Any] = field(default_factory=dict)
    unranked: "Unranked | None" = None

    @property
    def own_ids(self) -> tuple[UUID, ...]:
        """The profiles whose rows are this one's: its own id, and those it absorbed."""
        return (self.id, *self.members)

    @property
    def due(self) -> datetime | None:
        """When time alone changes it; None where it never does."""
        if self.absorbed_by is not None:
            return None
        return min((it for it in (self.life.get("due"), self.segments.get("due")) if it is not None), default=None)

    @property
    def next_change_at(self) -> datetime | None:
        """When to look at it again: for what is decided and not announced yet, else when time alone changes it."""
        pending = [row["at"] for moves in (self.life, self.segments) for row in moves.get("pending", ())]
        return min(pending, default=None) or self.due

    @property
    def segment_names(self) -> frozenset[str]:
        """The segments it is in."""
        return frozenset(it["name"] for it in self.segments.get("in", ()))

    @property
    def name(self) -> str | None:
        """What this customer is called."""
        parts = (_text(self.traits.get(it)) for it in ("firstName", "lastName"))
        return _text(self.traits.get("name")) or " ".join(filter(None, parts)) or None

    @property
    def email(self) -> str | None:
        """Where e-mail reaches this customer."""
        return _text(self.traits.get("email"))

    @property
    def phone(self) -> str | None:
        """Where SMS reaches this customer."""
        return _text(self.traits.get("phone"))

    @property
    def device(self) -> str | None:
        """The device heard from last: where push reaches this customer."""
        return self.devices[-1] if self.devices else None

    @property
    def language(self) -> str:
        """The language this customer reads, as the trait `locale` says, else as their device does, else English."""
        return _text(self.traits.get("locale")) or self.locale or "en"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
