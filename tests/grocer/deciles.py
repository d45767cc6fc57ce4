"""Segments of the grocer's customers by where they stand among all: as the file alone says who is in.

The second column is computed by polars and imports nothing of the hub.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import polars as pl

from tests.grocer.regulars import Basket

Cut: TypeAlias = Callable[[Sequence[Basket]], set[int]]
"""Who is in, of all households with these baskets."""


def first(share: float, number: pl.Expr, *, largest: bool) -> Cut:
    """Cut so many percent of the households from one end of a number, rounded up."""

    def cut(bought: Sequence[Basket]) -> set[int]:
        rows = [(it.household, it.cents, it.at) for it in bought]
        baskets = pl.DataFrame(rows, schema=["household", "cents", "at"], orient="row")
        ranked = baskets.group_by("household").agg(number.alias("number")).sort("number", descending=largest)
        many = math.ceil(share * len(ranked) / 100)
        ends = ranked["number"]
        # Of equals the hub takes the smaller of its own ids, of which the file knows nothing.
        assert many == len(ranked) or ends[many - 1] != ends[many]
        return set(ranked["household"].head(many).to_list())

    return cut


DECILES: Final[dict[str, tuple[str, Cut]]] = {
    "top-decile": ("top(baskets.sum, 10%)", first(10, pl.col("cents").sum(), largest=True)),
    "small-baskets": ("bottom(baskets.average, 25%)", first(25, pl.col("cents").mean(), largest=False)),
    "here-last": ("bottom(baskets.days_since_last, 10%)", first(10, pl.col("at").max(), largest=True)),
}
"""By name: the rule, and who is in."""
