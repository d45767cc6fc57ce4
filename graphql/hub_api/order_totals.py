"""What a customer's orders come to: how many, and in each currency what was paid, given back and kept."""

import asyncio
from datetime import datetime
from typing import Self

import strawberry

from hub.access.model import Scope
from hub.commerce import totals
from hub.commerce.totals import Totals
from hub.database import OwnIds
from hub.kit import money
from hub.profiles import store
from hub_api.context import Info
from hub_api.money import Money
from hub_api.needs import Needs


@strawberry.type
class Turnover:
    """What was paid in one currency."""

    gross: Money = strawberry.field(description="What was paid.")
    refunded: Money = strawberry.field(description="What was given back of it.")
    net: Money = strawberry.field(description="What was paid less what was given back.")

    @classmethod
    def of(cls, currency: str, turnover: totals.Turnover) -> Self:
        """Show a turnover."""
        gross, refunded = money.Money(turnover.gross, currency), money.Money(turnover.refunded, currency)
        return cls(gross=Money.of(gross), refunded=Money.of(refunded), net=Money.of(gross - refunded))


@strawberry.type
class OrderTotals:
    """What orders come to, each by its newest version: those that were completed, and not cancelled."""

    count: int = strawberry.field(description="How many.")
    first_at: datetime | None = strawberry.field(description="When the first one was completed.")
    last_at: datetime | None = strawberry.field(description="When the last one was completed.")
    by_currency: list[Turnover] = strawberry.field(description="In each currency; amounts of two are never added up.")

    @classmethod
    def of(cls, found: Totals) -> Self:
        """Show totals."""
        return cls(
            count=found.count,
            first_at=found.first_at,
            last_at=found.last_at,
            by_currency=[Turnover.of(code, it) for code, it in sorted(found.by_currency.items())],
        )


@strawberry.type
class Bought:
    """What a profile has bought, all in all."""

    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def order_totals(self, info: Info) -> OrderTotals:
        """What this profile's orders come to, those of profiles that were merged into it as well."""
        # Each profile keeps the totals of its own orders: merging moves nothing.
        found = await asyncio.gather(*(info.context.loaders.one(store.load, it) for it in self.own_ids))
        return OrderTotals.of(totals.together(Totals.of(it.rollups) for it in found if it))
