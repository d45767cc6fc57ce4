"""Shipping: what it costs to bring a cart to a country, by the first rule that fits, in each way of shipping."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from hub.kit.money import Money

GRAMS_PER_KILOGRAM: Final = 1_000
PER_CENT: Final = 100


class Basis(StrEnum):
    """What a price of shipping is made of."""

    FREE = "free"
    FLAT = "flat"
    BY_WEIGHT = "by_weight"
    BY_VALUE = "by_value"


@dataclass(frozen=True, slots=True)
class Flat:
    """The same for every cart: `minor` units; 0 is free."""

    minor: int


@dataclass(frozen=True, slots=True)
class ByWeight:
    """So many minor units, and as many more for each kilogram that is begun."""

    base: int
    per_kilogram: int


@dataclass(frozen=True, slots=True)
class ByValue:
    """A share of what the cart costs, in per cent, but at least and at most so many minor units."""

    percent: Decimal
    least: int = 0
    most: int | None = None


Fee: TypeAlias = Flat | ByWeight | ByValue


@dataclass(frozen=True, slots=True)
class Band:
    """From a number, and below another one if there is an end."""

    since: int = 0
    below: int | None = None

    def holds(self, number: int) -> bool:
        """Tell whether a number lies in it."""
        return self.since <= number and (self.below is None or number < self.below)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent: its worth, its weight unless that is unknown, where to, and from which brand."""

    value: Money
    grams: int | None
    country: str
    brand: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. An empty tuple and a missing band ask nothing; `value` is in minor units of `currency`."""

    name: str
    methods: tuple[str, ...]
    currency: str
    fee: Fee
    countries: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    value: Band | None = None
    weight: Band | None = None

    @property
    def basis(self) -> Basis:
        """What its price is made of."""
        match self.fee:
            case Flat(0):
                return Basis.FREE
            case Flat():
                return Basis.FLAT
            case ByWeight():
                return Basis.BY_WEIGHT
        return Basis.BY_VALUE

    def fits(self, parcel: Parcel) -> bool:
        """Tell whether it has a price for a parcel. One that asks for the weight fits none of unknown weight."""
        if parcel.grams is None and (self.weight or isinstance(self.fee, ByWeight)):
            return False
        return (
            parcel.value.currency == self.currency
            and (not self.countries or parcel.country in self.countries)
            and (not self.brands or parcel.brand in self.brands)
            and (self.value is None or self.value.holds(parcel.value.minor))
            and (self.weight is None or self.weight.holds(parcel.grams or 0))
        )

    def price(self, parcel: Parcel) -> Money:
        """Say what it costs to send a parcel that fits."""
        return Money(_minor(self.fee, parcel), self.currency)


@dataclass(frozen=True, slots=True)
class Option:
    """A way of shipping that a cart can take, its price, and the rule that says so."""

    method: str
    price: Money
    rule: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Table:
    """All rules, in the order in which they are tried."""

    rules: tuple[Rule, ...]

    def options(self, parcel: Parcel, method: str | None = None) -> list[Option]:
        """List the ways in which a parcel can be sent, or one of them: in the order in which the table names them."""
        methods = dict.fromkeys(it for rule in self.rules for it in rule.methods)
        wanted = methods if method is None else [it for it in methods if it == method]
        firsts = ((it, _first(self.rules, it, parcel)) for it in wanted)
        return [Option(it, rule.price(parcel), rule.name, rule.basis) for it, rule in firsts if rule]


def _first(rules: Sequence[Rule], method: str, parcel: Parcel) -> Rule | None:
    return next((rule for rule in rules if method in rule.methods and rule.fits(parcel)), None)


def _minor(fee: Fee, parcel: Parcel) -> int:
    match fee:
        case Flat(minor):
            return minor
        case ByWeight(base, per_kilogram):
            return base + per_kilogram * -(-(parcel.grams or 0) // GRAMS_PER_KILOGRAM)
        case ByValue(percent, least, most):
            share = (parcel.value.minor * percent / PER_CENT).to_integral_value(ROUND_HALF_UP)
            return max(least, int(share) if most is None else min(int(share), most))
