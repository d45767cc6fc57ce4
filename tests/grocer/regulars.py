"""Twenty segments of the grocer's customers: as a marketer writes them, and as the file alone says who is in.

The second column is computed from the baskets and imports nothing of the hub.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

import polars as pl

from tests.grocer.oracle import transactions

BULK: Final = 25
"""Pieces from which on a basket is a large one."""
EARLY: Final = 12
"""The hour until which it is morning."""


@dataclass(frozen=True, slots=True)
class Basket:
    """What a household paid for at once: pieces, cents, the departments they were from, and the pieces from each."""

    id: int
    household: int
    at: datetime
    cents: int
    pieces: int
    departments: tuple[str, ...]
    shelves: tuple[tuple[str | None, int], ...]


def baskets(households: Collection[int]) -> list[Basket]:
    """Read the baskets of some households, in the order of time."""
    shelves = pl.scan_parquet(transactions().with_name("products.parquet")).select("product_id", "department")
    lines = pl.scan_parquet(transactions()).filter(pl.col("household_id").is_in(list(households)))
    bought = lines.join(shelves, on="product_id", how="left")
    found = (
        bought.group_by("basket_id", "household_id")
        .agg(
            pl.col("transaction_timestamp").min().alias("at"),
            (pl.col("sales_value") * 100).round().cast(pl.Int64).sum().alias("cents"),
            pl.col("quantity").sum().alias("pieces"),
            pl.col("department").drop_nulls().unique().sort().alias("departments"),
        )
        .sort("at", "basket_id")
        .collect()
    )
    pieces: defaultdict[int, list[tuple[str | None, int]]] = defaultdict(list)
    of_shelves = bought.group_by("basket_id", "department").agg(pl.col("quantity").sum()).sort("department").collect()
    for basket, department, quantity in of_shelves.iter_rows():
        pieces[basket].append((department, int(quantity)))
    return [
        Basket(
            row["basket_id"],
            row["household_id"],
            row["at"],
            row["cents"],
            row["pieces"],
            tuple(row["departments"]),
            tuple(pieces[row["basket_id"]]),
        )
        for row in found.iter_rows(named=True)
    ]


ROLLUPS: Final = (
    "{rollup: baskets, event: Order Completed, value: properties.total, windows: [30d, 90d, 180d]}",
    f"{{rollup: bulk, event: Order Completed, where: properties.pieces >= {BULK}, windows: [30d]}}",
    f"{{rollup: mornings, event: Order Completed, where: properties.hour < {EARLY}, windows: [90d]}}",
    '{rollup: produce, event: Order Completed, where: properties.departments contains "PRODUCE", windows: [90d]}',
    '{rollup: meat, event: Order Completed, where: properties.departments contains "MEAT", windows: [90d]}',
)


@dataclass(frozen=True, slots=True)
class Buyer:
    """What a household had bought until a moment."""

    bought: Sequence[Basket]
    now: datetime

    def window(self, days: int) -> "Buyer":
        """Leave out what was bought before the last so many days, today included."""
        first: date = self.now.date() - timedelta(days=days - 1)
        return Buyer([it for it in self.bought if it.at.date() >= first], self.now)

    def of(self, department: str) -> "Buyer":
        """Leave out the baskets without anything from a department."""
        return Buyer([it for it in self.bought if department in it.departments], self.now)

    @property
    def bulk(self) -> "Buyer":
        """Leave out the small baskets."""
        return Buyer([it for it in self.bought if it.pieces >= BULK], self.now)

    @property
    def mornings(self) -> "Buyer":
        """Leave out what was bought later than in the morning."""
        return Buyer([it for it in self.bought if it.at.hour < EARLY], self.now)

    @property
    def times(self) -> int:
        """How often they bought."""
        return len(self.bought)

    @property
    def spent(self) -> float:
        """What they paid, in dollars."""
        return sum(it.cents for it in self.bought) / 100

    def ago(self, place: int) -> int:
        """How many whole days ago they bought: for the first time, 0, or for the last, -1."""
        return (self.now - sorted(it.at for it in self.bought)[place]).days

    @property
    def gap(self) -> int:
        """How many whole days lie between the last two times."""
        *_, one, other = sorted(it.at for it in self.bought)
        return (other - one).days


IsIn: TypeAlias = Callable[[Buyer], bool]

SEGMENTS: Final[dict[str, tuple[str, IsIn]]] = {
    "lapsed": ("baskets.days_since_last >= 60", lambda it: it.times > 0 and it.ago(-1) >= 60),
    "newcomers": ("baskets.days_since_first < 30", lambda it: it.times > 0 and it.ago(0) < 30),
    "repeat": ("baskets.count >= 2", lambda it: it.times >= 2),
    "frequent": ("baskets.30d.count >= 8", lambda it: it.window(30).times >= 8),
    "quiet": (
        "baskets.30d.count = 0 and baskets.90d.count > 0",
        lambda it: it.window(30).times == 0 and it.window(90).times > 0,
    ),
    "big-spenders": ("baskets.sum >= 1000", lambda it: it.times > 0 and it.spent >= 1000),
    "large-average": ("baskets.average > 40", lambda it: it.times > 0 and it.spent / it.times > 40),
    "large-average-lately": (
        "baskets.30d.average > 50",
        lambda it: it.window(30).times > 0 and it.window(30).spent / it.window(30).times > 50,
    ),
    "middling": (
        "baskets.90d.sum between 200 and 500",
        lambda it: it.window(90).times > 0 and 200 <= it.window(90).spent <= 500,
    ),
    "bulk-buyers": ("bulk.count >= 3", lambda it: it.bulk.times >= 3),
    "bulk-lately": ("bulk.30d.count in [1, 2]", lambda it: it.window(30).bulk.times in {1, 2}),
    "never-bulk": ("bulk.count = 0", lambda it: it.bulk.times == 0),
    "early-birds": (
        "mornings.count >= 5 and mornings.90d.count >= 2",
        lambda it: it.mornings.times >= 5 and it.mornings.window(90).times >= 2,
    ),
    "long-gap": ("baskets.days_between_last_two > 21", lambda it: it.times > 1 and it.gap > 21),
    "loyal": (
        'segment("repeat") and baskets.180d.count >= 30',
        lambda it: it.times >= 2 and it.window(180).times >= 30,
    ),
    "win-back": (
        'segment("lapsed") and segment("repeat") and baskets.sum > 50',
        lambda it: it.times > 1 and it.ago(-1) >= 60 and it.spent > 50,
    ),
    "still-here": ('not segment("lapsed")', lambda it: not (it.times > 0 and it.ago(-1) >= 60)),
    "vegetarians": (
        "produce.count >= 2 and meat.count = 0",
        lambda it: it.of("PRODUCE").times >= 2 and it.of("MEAT").times == 0,
    ),
    "fresh": (
        "produce.90d.count >= 10 or meat.90d.count >= 10",
        lambda it: it.of("PRODUCE").window(90).times >= 10 or it.of("MEAT").window(90).times >= 10,
    ),
    "old-friends": (
        "baskets.days_since_first >= 200 and baskets.days_since_last < 14",
        lambda it: it.times > 0 and it.ago(0) >= 200 and it.ago(-1) < 14,
    ),
}
"""By name: the rule, and who is in."""
