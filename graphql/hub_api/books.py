"""The books: what points will cost, how they came and went in a month, and the mutation `closeMonth`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.books import model, service
from hub.books.model import Month
from hub.kit.errors import HubError
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.money import Money
from hub_api.needs import Needs

AtMoment = Annotated[datetime | None, strawberry.argument(description="What there was then; now, if it is left out.")]
OfMonth = Annotated[str, strawberry.argument(description="A month in the program's zone, such as `2026-11`.")]


@strawberry.type
class Liability:
    """What the points of one wallet will cost."""

    wallet: str = strawberry.field(description="The wallet's name in the program.")
    points: int = strawberry.field(description="What members may still spend: unexpired and held.")
    unexpired: int = strawberry.field(description="In wallets, pending or not, and not expired.")
    held: int = strawberry.field(description="Locked, for vouchers that are not used yet.")
    owed: int = strawberry.field(description="What members owe; it is not taken off the rest.")
    breakage: Decimal | None = strawberry.field(description="Per cent that are never spent, as the program expects.")
    full_cost: Money | None = strawberry.field(description="If all are spent; null where the program says no cost.")
    expected_cost: Money | None = strawberry.field(description="Less the breakage: the liability.")

    @classmethod
    def of(cls, it: model.Liability) -> Self:
        """Show it."""
        return cls(
            wallet=it.wallet,
            points=it.points.spendable,
            unexpired=it.points.unexpired,
            held=it.points.held,
            owed=it.points.owed,
            breakage=Decimal(it.breakage) if it.breakage is not None else None,
            full_cost=Money.of(it.full) if it.full else None,
            expected_cost=Money.of(it.expected) if it.expected else None,
        )


@strawberry.type
class RollForwardLine:
    """How the points of a wallet came and went, for one brand.

    opening + earned - takenBack - spent - expired + adjusted + exchanged + moved = closing
    """

    wallet: str = strawberry.field(description="The wallet's name in the program.")
    brand: str = strawberry.field(description="The brand of the postings; the program's, where they name none.")
    opening: int = strawberry.field(description="What there was when the month began: in wallets and held, less owed.")
    earned: int = strawberry.field(description="Earned.")
    taken_back: int = strawberry.field(description="Taken back, after returns for example.")
    spent: int = strawberry.field(description="Spent, less what was given back.")
    expired: int = strawberry.field(description="Expired, less what was reinstated.")
    adjusted: int = strawberry.field(description="Given by hand, less what was taken.")
    exchanged: int = strawberry.field(description="Exchanged from other wallets, less to them.")
    moved: int = strawberry.field(description="Come from other members, less gone to them.")
    closing: int = strawberry.field(description="What there was when the month ended, or is by now.")

    @classmethod
    def of(cls, it: model.Line) -> Self:
        """Show it."""
        return cls(
            wallet=it.wallet,
            brand=it.brand,
            opening=it.opening,
            earned=it.earned,
            taken_back=it.taken_back,
            spent=it.spent,
            expired=it.expired,
            adjusted=it.adjusted,
            exchanged=it.exchanged,
            moved=it.moved,
            closing=it.closing,
        )


@strawberry.type
class RollForward:
    """How the points of a program came and went in a month."""

    program: str = strawberry.field(description="The program.")
    month: str = strawberry.field(description="The month, such as `2026-11`.")
    since: datetime = strawberry.field(description="When it begins in the program's zone.")
    until: datetime = strawberry.field(description="When it ends.")
    closed_at: datetime | None = strawberry.field(description="Since when it stays as it is; null while it is open.")
    lines: list[RollForwardLine] = strawberry.field(description="By wallet and brand.")

    @classmethod
    def of(cls, it: model.RollForward) -> Self:
        """Show it."""
        return cls(
            program=it.program,
            month=str(it.month),
            since=it.since,
            until=it.until,
            closed_at=it.closed_at,
            lines=[RollForwardLine.of(line) for line in it.lines],
        )


@strawberry.type
class BooksQueries:
    """How the books are read."""

    @strawberry.field(extensions=[Needs(Scope.BOOKS_READ, unlimited=True)])
    async def liability(self, info: Info, program: str, at: AtMoment = None) -> list[Liability]:
        """What the points of a program will cost, by spendable wallet. At a past moment, all postings are replayed."""
        return [Liability.of(it) for it in await service.liability(program, at, now=info.context.clock())]

    @strawberry.field(extensions=[Needs(Scope.BOOKS_READ, unlimited=True)])
    async def roll_forward(self, info: Info, program: str, month: OfMonth) -> RollForward:
        """How the points of a program came and went in a month. Reads all its postings."""
        return RollForward.of(await service.roll_forward(program, Month.of(month), now=info.context.clock()))


@strawberry.input
class CloseMonthInput:
    """A month that is over."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    program: str = strawberry.field(description="Of which program.")
    month: str = strawberry.field(description="Such as `2026-11`: the one after the month that was closed last.")


@strawberry.type
class CloseMonthPayload:
    """It stays as it is. What is told of it later counts in the month in which it is booked."""

    roll_forward: RollForward = strawberry.field(description="The month.")


@strawberry.type
class MonthNotClosed(UserError):
    """It cannot be closed, or not yet. Nothing has changed."""

    @classmethod
    def of(cls, error: HubError, field: str) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", field])


CloseMonthResult: TypeAlias = Annotated[
    CloseMonthPayload | MonthNotClosed | IdempotencyKeyReused,
    strawberry.union("CloseMonthResult", description="What became of `closeMonth`."),
]


@strawberry.type
class BooksMutations:
    """What closes the books."""

    @strawberry.mutation(extensions=[Needs(Scope.BOOKS_WRITE, unlimited=True)])
    async def close_month(
        self,
        info: Info,
        input: CloseMonthInput,  # noqa: A002 - its name on the wire
    ) -> CloseMonthResult:
        """Close a month of a program for good."""
        context = info.context

        async def do() -> Done:
            month, by = Month.of(input.month), context.caller.subject
            closed = await service.close(input.program, month, by=by, now=context.clock())
            change = Change("close month", input.program, None, {"month": str(month)})
            return Done({}, change if closed.new else None)

        try:
            await context.once("closeMonth", input, do)
        except model.NotActive as error:
            return MonthNotClosed.of(error, "program")
        except (model.BadMonth, model.MonthNotOver, model.OutOfTurn) as error:
            return MonthNotClosed.of(error, "month")
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        shown = await service.roll_forward(input.program, Month.of(input.month), now=context.clock())
        return CloseMonthPayload(roll_forward=RollForward.of(shown))
