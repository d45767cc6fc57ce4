"""What an order or event earns in a program, rule by rule, and why a rule gives nothing."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, Self
from uuid import UUID


class Why(StrEnum):
    """Why a rule or multiplier gives nothing, or less than it would."""

    ANOTHER_CURRENCY = "another_currency"
    BEFORE_PICKUP = "before_pickup"
    BELOW_THRESHOLD = "below_threshold"
    CANCELLED = "cancelled"
    CAPPED = "capped"
    LOWER = "lower"
    NOT_COMPLETED = "not_completed"
    NOT_ITS_TURN = "not_its_turn"
    NOT_MATCHING = "not_matching"
    NOT_SAMPLED = "not_sampled"
    NOTHING_LEFT = "nothing_left"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was true of a member when an order or event first earned. A later calculation goes by the same.

    Attributes:
        member: by whose id samples are drawn.
        number: which order of the member it is, from 1.
        tier: the member's.
        held: which of the program's questions about the customer were answered with yes, by their place.
    """

    member: UUID
    number: int = 1
    tier: str | None = None
    held: frozenset[int] = frozenset()

    @property
    def row(self) -> dict[str, Any]:
        """The facts as a posting keeps them."""
        return {"member": str(self.member), "number": self.number, "tier": self.tier, "held": sorted(self.held)}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read what a posting has kept."""
        return cls(UUID(row["member"]), row["number"], row["tier"], frozenset(row["held"]))


@dataclass(frozen=True, slots=True)
class Given:
    """What one rule gives.

    Attributes:
        points: so many, after caps.
        uncapped: so many it would give without caps.
        amount: the amount that counts, in minor units, before it is multiplied; the pieces of a rule per piece.
        times: by how much it is multiplied.
        multipliers: by which.
        lines: the points of each line by its place, where they are rounded by line. What is beside lines is -1.
        why: why it gives nothing, or less.
    """

    rule: str
    wallet: str
    points: int = 0
    uncapped: int = 0
    amount: int | Fraction = 0
    times: Decimal = Decimal(1)
    multipliers: tuple[str, ...] = ()
    lines: Mapping[int, int] = field(default_factory=dict)
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Award:
    """What an order earns in a program: each rule with its points, and why multipliers did not hold."""

    given: tuple[Given, ...] = ()
    unheld: Mapping[str, Why] = field(default_factory=dict)

    @property
    def points(self) -> dict[str, int]:
        """The points by wallet; wallets without any are left out."""
        found: defaultdict[str, int] = defaultdict(int)
        for it in self.given:
            found[it.wallet] += it.points
        return {wallet: points for wallet, points in found.items() if points}


NO_ROOMS: Final[Mapping[str, int]] = MappingProxyType({})
"""No rule is capped."""
