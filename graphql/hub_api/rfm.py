"""The RFM grid: how recently, how often and for how much customers have bought."""

from decimal import Decimal
from typing import Self

import strawberry

from hub.access.model import Scope
from hub.rankings import rfm
from hub_api.needs import Needs


@strawberry.type
class RfmRevenue:
    """What customers of a cell have spent, in one currency."""

    amount: Decimal = strawberry.field(description="As text, to the hundredth: `19.90`.")
    currency_code: str | None = strawberry.field(description="ISO 4217; none where the rollup names no currency.")


@strawberry.type
class RfmCell:
    """The customers with the same three scores, from 1, the last fifth of all, to 5, the first."""

    recency: int = strawberry.field(description="How recently they have bought.")
    frequency: int = strawberry.field(description="How often.")
    monetary: int = strawberry.field(description="For how much in all.")
    customers: int = strawberry.field(description="How many they are.")
    revenue: list[RfmRevenue] = strawberry.field(description="What they have spent, by currency.")

    @classmethod
    def of(cls, cell: rfm.Cell) -> Self:
        """Show a cell."""
        return cls(
            recency=cell.recency,
            frequency=cell.frequency,
            monetary=cell.monetary,
            customers=cell.customers,
            revenue=[RfmRevenue(amount=it.amount, currency_code=it.currency) for it in cell.revenue],
        )


@strawberry.type
class RfmGrid:
    """All who have bought, by three scores; counted now."""

    customers: int = strawberry.field(description="How many are in a cell.")
    others: int = strawberry.field(description="How many have bought and have no sum, as in several currencies.")
    cells: list[RfmCell] = strawberry.field(description="Those that somebody is in, the best first.")


@strawberry.type
class RfmQueries:
    """How customers are graded."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def rfm_grid(self, rollup: str = "purchases") -> RfmGrid:
        """How recently, how often and for how much customers have bought, each in fifths, by a rollup."""
        found = await rfm.grid(rollup)
        return RfmGrid(customers=found.customers, others=found.others, cells=[RfmCell.of(it) for it in found.cells])
