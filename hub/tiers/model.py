"""The words of tiers: what a member has of each level, the tier that follows, and how far the next one is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.kit import ids


@dataclass(frozen=True, slots=True)
class Grant:
    """What a member has of one level.

    Attributes:
        until: the level stays until then. None: for ever.
        qualified: whether the points were enough for it at the last look.
        before: until when it stayed before the points were enough this time. None: it was not there.
        counts_until: until when the points are enough if no more come. None: for ever. Fewer before that are a refund.
    """

    until: datetime | None
    qualified: bool = False
    before: datetime | None = None
    counts_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A tier that was reached or lost. `tier` is what the member has since then; None: no tier."""

    at: datetime
    tier: str | None
    was: str | None
    up: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands in a program.

    Attributes:
        owner: whose, a profile or an account.
        rev: rises with every change; 0 where it is not stored.
        grants: by the name of the level.
        changes: every tier there has been, oldest first.
        told: how many of the changes are announced.
        due: when time alone may change the tier next. None: never.
        folded: the owners, absorbed since, whose grants are in these.
    """

    program: str
    owner: UUID
    rev: int = 0
    grants: Mapping[str, Grant] = field(default_factory=dict)
    changes: Sequence[Change] = ()
    told: int = 0
    due: datetime | None = None
    folded: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def id(self) -> UUID:
        """By which it is stored."""
        return ids.key_of("standing", self.program, self.owner)

    @property
    def tier(self) -> str | None:
        """The tier as of the last look."""
        return self.changes[-1].tier if self.changes else None

    @property
    def since(self) -> datetime | None:
        """Since when."""
        return self.changes[-1].at if self.changes else None

    def tier_at(self, at: datetime) -> str | None:
        """Tell which tier it was at a past moment."""
        return next((it.tier for it in reversed(self.changes) if it.at <= at), None)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the next tier is: `gap` points are missing of `least`. No `tier`: there is none above."""

    tier: str | None
    least: int
    balance: int

    @property
    def gap(self) -> int:
        """What is missing."""
        return max(0, self.least - self.balance)
