"""A reward: what it gives, what it costs, whom it is for, and why somebody cannot have it now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.kit.errors import HubError
from hub.kit.languages import by_nearness
from hub.kit.money import Money
from hub.kit.problems import did_you_mean
from hub.segments.model import Segment

USUAL_TIME: Final = timedelta(days=30)
"""How long a voucher can be used where its reward does not say."""


class RewardKind(StrEnum):
    """What a reward gives."""

    AMOUNT = "amount"
    PERCENT = "percent"
    FREE_PRODUCT = "free_product"
    FREE_SHIPPING = "free_shipping"
    GIFT_BALANCE = "gift_balance"
    EARLY_ACCESS = "early_access"
    EVENT = "event"
    EXPERIENCE = "experience"
    DONATION = "donation"
    GESTURE = "gesture"


class RewardState(StrEnum):
    """Where a reward stands: customers vote for it, have it, or have it no longer."""

    PROPOSED = "proposed"
    LIVE = "live"
    RETIRED = "retired"


class Reason(StrEnum):
    """Why somebody cannot have a reward now."""

    NOT_LIVE = "NOT_LIVE"
    ONLY_GIVEN = "ONLY_GIVEN"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    NOT_HERE = "NOT_HERE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    LIMIT_REACHED = "LIMIT_REACHED"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    INSUFFICIENT_POINTS = "INSUFFICIENT_POINTS"
    MAY_NOT_SPEND = "MAY_NOT_SPEND"
    CAPPED = "CAPPED"


@dataclass(frozen=True, slots=True)
class Cost:
    """How many points of which wallet of a program a reward costs: one at least."""

    program: str
    wallet: str
    points: int

    @property
    def purse(self) -> tuple[str, str]:
        """The program and its wallet."""
        return self.program, self.wallet


@dataclass(frozen=True, slots=True)
class Gives:
    """What a reward gives; which of these are there follows from its kind.

    Attributes:
        amount: off the price, onto the gift balance, or to a good cause.
        percent: off the price, 1 to 100.
        most: at most so much off.
        skus: the variants of which one is free, or that are opened early.
        sales: the names of sales that are opened early.
        opens: when they are open to everybody.
        seats: how many may come.
        at: when it takes place.
        to: to whom it is given.
    """

    amount: Money | None = None
    percent: int | None = None
    most: Money | None = None
    skus: tuple[str, ...] = ()
    sales: tuple[str, ...] = ()
    opens: datetime | None = None
    seats: int | None = None
    at: datetime | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward in one version.

    Attributes:
        name: lower case with hyphens; stays through all versions.
        kind: what it gives, in a word.
        gives: how much of it.
        labels: what it is called, by language.
        state: where it stands.
        cost: what it costs; None is nothing.
        audience: whom it is for; everybody where there is none.
        stores: in which stores; in all where none is named.
        since: from when on it can be had.
        before: up to when.
        stock: how many there are; None is no limit. Those of an event are its seats.
        per_member: how many one member may have; None is no limit.
        auto: whether a voucher comes by itself as soon as there are the points for it, as with a punch card.
        stacking: of the vouchers of one such class an order takes one; None goes with every other.
        lasts: how long a voucher can be used.
    """

    name: str
    kind: RewardKind
    gives: Gives
    labels: Mapping[str, str]
    state: RewardState = RewardState.LIVE
    cost: Cost | None = None
    audience: Segment | None = None
    stores: frozenset[str] = frozenset()
    since: datetime | None = None
    before: datetime | None = None
    stock: int | None = None
    per_member: int | None = None
    auto: bool = False
    stacking: str | None = None
    lasts: timedelta = USUAL_TIME

    def label_in(self, language: str) -> str:
        """Name it in the nearest language."""
        return self.labels[by_nearness(self.labels, language)[0]]


class NoSuchReward(HubError):
    """A name that no published reward has."""

    code = "NOT_FOUND"

    def __init__(self, name: str, known: Collection[str]) -> None:
        super().__init__(f"There is no reward `{name[:64]}`.{did_you_mean(name, known)}")


class NotProposed(HubError):
    """A vote for a reward that is not put to the vote."""

    code = "NOT_PROPOSED"

    def __init__(self, name: str, state: RewardState) -> None:
        super().__init__(f"`{name}` is not put to the vote: it is {state}.")
        self.state = state
