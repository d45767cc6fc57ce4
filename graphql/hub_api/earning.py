"""Earning: why an order has earned what it has."""

from decimal import Decimal
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.earning import explaining, model
from hub.earning.explaining import Explained
from hub.earning.model import Why
from hub_api.context import Info
from hub_api.needs import Needs
from hub_api.orders import asked_for


@strawberry.type
class EarningLine:
    """The points of a line, where a rule rounds by line."""

    place: int = strawberry.field(description="Which line of the order, from 0; -1 is what stands beside them.")
    points: int = strawberry.field(description="How many.")


@strawberry.type
class EarningRule:
    """What one rule gives for an order."""

    name: str = strawberry.field(description="The rule.")
    wallet: str = strawberry.field(description="Where its points go.")
    points: int = strawberry.field(description="How many it gives.")
    uncapped: int = strawberry.field(description="How many it would give without its caps.")
    amount: Decimal = strawberry.field(description="What counts: minor units of money, or pieces, to four digits.")
    times: Decimal = strawberry.field(description="By how much it is multiplied.")
    multipliers: list[str] = strawberry.field(description="By which multipliers.")
    lines: list[EarningLine] = strawberry.field(description="By line, where it is rounded by line.")
    why: Why | None = strawberry.field(description="Why it gives nothing, or less.")

    @classmethod
    def of(cls, given: model.Given) -> "EarningRule":
        """Show what a rule gives."""
        exact = Decimal(given.amount.numerator) / Decimal(given.amount.denominator)
        return cls(
            name=given.rule,
            wallet=given.wallet,
            points=given.points,
            uncapped=given.uncapped,
            amount=round(exact, 4).normalize() + 0,
            times=given.times,
            multipliers=list(given.multipliers),
            lines=[EarningLine(place=place, points=points) for place, points in given.lines.items()],
            why=given.why,
        )


@strawberry.type
class UnheldMultiplier:
    """A multiplier that does not hold for an order."""

    name: str = strawberry.field(description="Its name.")
    why: Why = strawberry.field(description="Why not.")


@strawberry.type
class WalletPoints:
    """Points of a wallet."""

    wallet: str = strawberry.field(description="The wallet.")
    points: int = strawberry.field(description="How many.")


@strawberry.type
class ProgramEarning:
    """What an order earns in a program, as it is with all that was given back of it."""

    program: str = strawberry.field(description="The program.")
    version: int = strawberry.field(description="The version that was active when the order was completed.")
    earns: list[WalletPoints] = strawberry.field(description="What it earns, by wallet.")
    has_got: list[WalletPoints] = strawberry.field(description="What the ledger says it has got, by wallet.")
    rules: list[EarningRule] = strawberry.field(description="Each rule about orders.")
    unheld: list[UnheldMultiplier] = strawberry.field(description="The multipliers that do not hold.")
    is_kept: bool = strawberry.field(
        description="Whether it goes by what was true of the customer at the first points."
    )
    tier: str | None = strawberry.field(description="The tier it goes by.")
    number: int = strawberry.field(description="Which order of the customer it is.")

    @classmethod
    def of(cls, it: Explained) -> "ProgramEarning":
        """Show it."""
        return cls(
            program=it.version.name,
            version=it.version.number,
            earns=[WalletPoints(wallet=name, points=points) for name, points in it.award.points.items()],
            has_got=[WalletPoints(wallet=name, points=points) for name, points in it.got.items()],
            rules=[EarningRule.of(given) for given in it.award.given],
            unheld=[UnheldMultiplier(name=name, why=why) for name, why in it.award.unheld.items()],
            is_kept=it.kept,
            tier=it.facts.tier,
            number=it.facts.number,
        )


@strawberry.type
class EarningExplanation:
    """Why an order has earned what it has."""

    profile_id: strawberry.Private[UUID]
    programs: list[ProgramEarning] = strawberry.field(
        description="Each program that was active when the order was completed."
    )


@strawberry.type
class EarningQueries:
    """How it is told what was earned."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_self=True)])
    async def explain_earning(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - its name on the wire
    ) -> EarningExplanation | None:
        """Which rules have given what for an order, and why others have not; for a customer, one of their own."""
        order = await asked_for(info, id)
        if order is None or order.contents is None:
            return None
        explained = await explaining.explain(order.id, now=info.context.clock())
        return EarningExplanation(
            profile_id=order.contents.profile_id, programs=[ProgramEarning.of(it) for it in explained]
        )
