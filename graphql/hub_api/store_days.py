"""A store's day: what it has sold and given back, and where its tills say otherwise."""

from datetime import date, datetime
from typing import Self

import strawberry

from hub.access.model import Scope
from hub.kit import money
from hub.tills import closing, days
from hub.tills.closing import LineKind
from hub_api.context import Info
from hub_api.money import Money
from hub_api.needs import Needs


@strawberry.type
class DaySums:
    """How many there are, and what they come to."""

    count: int = strawberry.field(description="How many.")
    amounts: list[Money] = strawberry.field(description="In each currency; amounts of two are never added up.")

    @classmethod
    def of(cls, sums: closing.Sums) -> Self:
        """Show sums."""
        return cls(
            count=sums.count,
            amounts=[Money.of(money.Money(minor, code)) for code, minor in sums.by_currency.items()],
        )


@strawberry.type
class DayDifference:
    """Something of which the tills and the hub have not the same."""

    what: LineKind = strawberry.field(description="Of what.")
    id: str | None = strawberry.field(description="The receipt's or refund's name; null where only sums are known.")
    tills: DaySums = strawberry.field(description="What the tills have of it.")
    hub: DaySums = strawberry.field(description="What the hub has of it.")

    @classmethod
    def of(cls, it: closing.Difference) -> Self:
        """Show a difference."""
        return cls(what=it.what, id=it.id, tills=DaySums.of(it.tills), hub=DaySums.of(it.hub))


@strawberry.type
class StoreDay:
    """A day of a store."""

    store_id: str = strawberry.field(description="Which store.")
    day: date = strawberry.field(description="Which day.")
    since: datetime = strawberry.field(description="When it begins.")
    until: datetime = strawberry.field(description="When it is over.")
    orders: DaySums = strawberry.field(description="What its tills have sold, each receipt by its newest version.")
    refunds: DaySums = strawberry.field(description="What was given back there, wherever it was bought.")
    vouchers: DaySums = strawberry.field(description="The vouchers that its receipts took.")
    joins: DaySums = strawberry.field(description="Those who joined a program at its tills.")
    closed_at: datetime | None = strawberry.field(description="When its tills closed it; null while they have not.")
    differences: list[DayDifference] = strawberry.field(
        description="Where its tills say otherwise, as the hub has it now; empty while they have not closed it."
    )

    @classmethod
    def of(cls, found: days.Report) -> Self:
        """Show a day."""
        return cls(
            store_id=found.day.store,
            day=found.day.day,
            since=found.day.since,
            until=found.day.until,
            orders=DaySums.of(found.hub[LineKind.ORDER]),
            refunds=DaySums.of(found.hub[LineKind.REFUND]),
            vouchers=DaySums.of(found.hub[LineKind.VOUCHER]),
            joins=DaySums.of(found.hub[LineKind.JOIN]),
            closed_at=found.closing.closed_at if found.closing else None,
            differences=[DayDifference.of(it) for it in found.differences],
        )


@strawberry.type
class StoreDayQueries:
    """How a store's day is found."""

    @strawberry.field(extensions=[Needs(Scope.TILLS_READ)])
    async def store_day(self, info: Info, store_id: str, day: date) -> StoreDay:
        """What a store has sold and given back on a day; for who is limited to stores, one of theirs."""
        return StoreDay.of(await days.report(info.context.caller, store_id, day))
