"""The totals of a profile's orders: how many, from when to when, and for how much in each currency.

An order is in the totals by its contribution. When it changes, the old contribution is taken out and the new one put
in, so that the totals are always the sum of what is in them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from hub.commerce.model import Order

ROLLUP: Final = "orders"
"""Where the totals lie in a profile's rollups."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one order adds: itself, its time, and its amounts in minor units where it has any."""

    at: datetime
    currency: str | None = None
    gross: int = 0
    refunded: int = 0

    @classmethod
    def of(cls, order: Order) -> Self | None:
        """Give what an order contributes; None where it was not completed, or was cancelled."""
        if order.contents is None or order.completed_at is None or order.cancelled_at is not None:
            return None
        gross, refunded = order.gross, order.refunded
        if gross is None or refunded is None:
            return cls(order.completed_at)
        return cls(order.completed_at, gross.currency, gross.minor, refunded.minor)


@dataclass(frozen=True, slots=True)
class Turnover:
    """Amounts of one currency in minor units."""

    gross: int = 0
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of some orders. A currency stands in `by_currency` once an order had an amount in it."""

    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    by_currency: Mapping[str, Turnover] = field(default_factory=dict)

    @classmethod
    def of(cls, rollups: Mapping[str, Any]) -> Self:
        """Read the totals of a profile from its rollups."""
        row = rollups.get(ROLLUP)
        if row is None:
            return cls()
        by_currency = {code: Turnover(**amounts) for code, amounts in row["by_currency"].items()}
        return cls(row["count"], row["first_at"], row["last_at"], by_currency)

    @property
    def row(self) -> dict[str, Any]:
        """The totals as they lie in a profile's rollups."""
        return {
            "count": self.count,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "by_currency": {
                code: {"gross": it.gross, "refunded": it.refunded} for code, it in sorted(self.by_currency.items())
            },
        }


def moved(totals: Totals, before: Contribution | None, after: Contribution | None) -> Totals:
    """Take out what an order contributed before and put in what it contributes now.

    The first and the last time cannot be taken out: see `takes_back`.
    """
    by_currency = dict(totals.by_currency)
    for contribution, sign in ((before, -1), (after, 1)):
        if contribution is not None and contribution.currency is not None:
            turnover = by_currency.get(contribution.currency, Turnover())
            by_currency[contribution.currency] = Turnover(
                turnover.gross + sign * contribution.gross, turnover.refunded + sign * contribution.refunded
            )
    times = _times(totals.first_at, totals.last_at, after.at if after else None)
    return Totals(
        totals.count + (after is not None) - (before is not None),
        min(times, default=None),
        max(times, default=None),
        by_currency,
    )


def takes_back(before: Contribution | None, after: Contribution | None) -> bool:
    """Tell whether a time leaves the totals, so that the first and the last have to be looked up among the orders."""
    return before is not None and (after is None or after.at != before.at)


def together(several: Iterable[Totals]) -> Totals:
    """Add up totals, such as those of a profile and of the ones it absorbed."""
    total = Totals()
    for one in several:
        times = _times(total.first_at, total.last_at, one.first_at, one.last_at)
        by_currency = dict(total.by_currency)
        for code, added in one.by_currency.items():
            turnover = by_currency.get(code, Turnover())
            by_currency[code] = Turnover(turnover.gross + added.gross, turnover.refunded + added.refunded)
        first_at, last_at = min(times, default=None), max(times, default=None)
        total = Totals(total.count + one.count, first_at, last_at, by_currency)
    return total


def _times(*times: datetime | None) -> list[datetime]:
    return [it for it in times if it is not None]
