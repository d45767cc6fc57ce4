"""The points of a program as somebody would keep them on paper: every single point is a slip that lies somewhere.

It knows nothing of the hub's rules: it imports only what names a lot. What it says is what the ledger has to say.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Slip:
    """One point. `place` is `open`, the id of a hold, or what became of it."""

    owner: UUID
    currency: str
    lot: UUID
    origin: str
    earned_at: datetime
    usable_at: datetime | None
    expires_at: datetime | None
    place: object = "open"

    def matured(self, now: datetime) -> bool:
        return self.usable_at is not None and self.usable_at <= now

    def usable(self, now: datetime) -> bool:
        return self.matured(now) and (self.expires_at is None or now < self.expires_at)


@dataclass(slots=True)
class Paper:
    """All slips, what is owed by owner and currency, and for how long something is held."""

    slips: list[Slip] = field(default_factory=list)
    owed: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    until: dict[UUID, datetime] = field(default_factory=dict)
    spent: dict[str, list[Slip]] = field(default_factory=dict)

    def open(self, owner: UUID, currency: str) -> list[Slip]:
        found = [it for it in self.slips if (it.owner, it.currency, it.place) == (owner, currency, "open")]
        return sorted(found, key=lambda it: (it.expires_at or NEVER, it.earned_at, it.lot))

    def available(self, owner: UUID, currency: str, now: datetime) -> int:
        usable = sum(it.usable(now) for it in self.open(owner, currency))
        return max(0, usable - self.owed[owner, currency])

    def settle(self, owner: UUID, currency: str, now: datetime) -> None:
        for slip in [it for it in self.open(owner, currency) if it.matured(now)][: self.owed[owner, currency]]:
            slip.place = "paid"
            self.owed[owner, currency] -= 1

    def take(self, owner: UUID, currency: str, points: int, place: object, which: Callable[[Slip], bool]) -> list[Slip]:
        taken = [it for it in self.open(owner, currency) if which(it)][:points]
        for slip in taken:
            slip.place = place
        return taken

    def earn(self, points: int, slip: Callable[[], Slip]) -> None:
        self.slips += [slip() for _ in range(points)]

    def back(self, slips: Iterable[Slip]) -> None:
        """Put slips back, under the terms that their lot has now where it is still open."""
        for slip in slips:
            there = next((it for it in self.open(slip.owner, slip.currency) if it.lot == slip.lot), slip)
            slip.place, slip.usable_at, slip.expires_at = "open", there.usable_at, there.expires_at

    def lots(self, owner: UUID, currency: str) -> Counter[tuple[UUID, datetime | None, datetime | None]]:
        return Counter((it.lot, it.usable_at, it.expires_at) for it in self.open(owner, currency))

    def held(self, owner: UUID, currency: str) -> Counter[UUID]:
        places = (it.place for it in self.slips if (it.owner, it.currency) == (owner, currency))
        return Counter(it for it in places if isinstance(it, UUID))
