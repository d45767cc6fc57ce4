"""A program in one version: which wallets a member has in it, and what puts points into them.

Amounts are minor units of the program's currency. Points are whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from hub.conditions.model import Condition, Path
from hub.kit.languages import by_nearness
from hub.programs.cost import Cost
from hub.programs.expiry import Expiry
from hub.programs.tiers import Tiers

Texts: TypeAlias = Mapping[str, str]
"""What people read, by language such as `de`."""


class WalletKind(StrEnum):
    """What the points of a wallet are for: to be spent, or to qualify for a tier."""

    SPENDABLE = "spendable"
    QUALIFYING = "qualifying"


class Negative(StrEnum):
    """What is taken back where a refund asks for points that are spent already."""

    ONLY_PENDING = "only_pending"
    WITHIN_BALANCE = "within_balance"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Wallet:
    """A currency of points. `one` and `many` are what its points are called.

    Attributes:
        warn_days: so many days before points expire their owner is told; 0 is not at all.
        pending_days: so many days after the purchase, or after the pick-up, points can be used; 0 is at once.
        negative: what is taken back of what was spent.
        cost: what its points cost the shop, where it says so.
    """

    name: str
    kind: WalletKind
    one: Texts
    many: Texts
    expiry: Expiry | None
    pending_days: int
    negative: Negative
    warn_days: int = 0
    cost: Cost | None = None

    @property
    def is_told(self) -> bool:
        """Whether people are told of it. What only counts for tiers has no words."""
        return bool(self.many)

    def called(self, points: int, language: str) -> str:
        """Say so many points, such as `1 point`."""
        words = self.one if abs(points) == 1 else self.many
        return f"{points} {words[by_nearness(words, language)[0]]}"


@dataclass(frozen=True, slots=True)
class Basis:
    """Which amount of an order counts: with or without tax and shipping, less its discounts or not."""

    with_tax: bool
    less_discount: bool
    with_shipping: bool


class Rounding(StrEnum):
    """What becomes of a part of a point."""

    DOWN = "down"
    NEAREST = "nearest"
    UP = "up"


class By(StrEnum):
    """Whether points are rounded for each line, or once for the order."""

    ORDER = "order"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class PerAmount:
    """So many points for each `step` of an amount, in minor units."""

    step: int
    points: int
    basis: Basis
    rounding: Rounding
    by: By


@dataclass(frozen=True, slots=True)
class PerUnit:
    """So many points for each piece that is kept. What is sold by weight is one piece a line."""

    points: int


@dataclass(frozen=True, slots=True)
class PerVisit:
    """So many points once a day in each store, in the program's zone."""

    points: int


@dataclass(frozen=True, slots=True)
class PerOrders:
    """So many points with every so-manieth order of a customer."""

    every: int
    points: int


@dataclass(frozen=True, slots=True)
class PerEvent:
    """So many points for an event. `once` for ever, or once for each value of this property; never both."""

    event: str
    points: int
    once: bool = False
    once_by: Path | None = None


Gives: TypeAlias = PerAmount | PerUnit | PerVisit | PerOrders | PerEvent
"""What a rule counts."""


class Period(StrEnum):
    """Over which time a cap counts, in the program's zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least amount of an order, in minor units, and which of its amounts is asked."""

    amount: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class Rule:
    """What puts points into a wallet.

    Attributes:
        gives: what it counts.
        where: what must be true of order or event, and of the customer.
        lines: which lines of an order count.
        threshold: from which amount of the order on.
        caps: how many points a member gets by it at most, by period.
        sample: for how many per cent of the members it is.
        texts: how it is said, where that does not follow from the rest.
    """

    name: str
    wallet: str
    gives: Gives
    where: Condition | None
    lines: Condition | None
    threshold: Threshold | None
    caps: Mapping[Period, int]
    sample: Decimal
    texts: Texts


@dataclass(frozen=True, slots=True)
class Multiplier:
    """What multiplies the points of rules per amount or per piece.

    Attributes:
        times: by how much, with up to two digits behind the point; more than one.
        of: the rules.
        where: what must be true, as of a rule.
        threshold: from which amount on.
    """

    name: str
    times: Decimal
    of: frozenset[str]
    where: Condition | None
    threshold: Threshold | None
    sample: Decimal
    texts: Texts


class Combine(StrEnum):
    """What becomes of several that hold at once: all of them count, or only the best one."""

    SUM = "sum"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Program:
    """A program in one version.

    Attributes:
        brand: whose program it is.
        zone: in which days, weeks and hours begin and end.
        currency: of all its amounts. An order in another one earns nothing.
        rules_combine: whether the rules of a wallet add up, or the one counts that gives most.
        multipliers_combine: whether what multipliers add is added up, or the highest counts.
        imports: whether orders that stood in a file earn.
        tiers: its levels, if it has any.
    """

    name: str
    texts: Texts
    brand: str
    zone: ZoneInfo
    currency: str
    wallets: Mapping[str, Wallet]
    rules: Mapping[str, Rule]
    multipliers: Mapping[str, Multiplier]
    rules_combine: Combine = Combine.SUM
    multipliers_combine: Combine = Combine.BEST
    imports: bool = False
    tiers: Tiers | None = None
