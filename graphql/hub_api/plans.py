"""Plans: what one pays for to have more of a program, and who has paid."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.database import OwnIds
from hub.kit import money
from hub.membership import paying, plans, service, subscriptions
from hub.membership.paying import Every, Status
from hub.profiles import store
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.money import Money
from hub_api.needs import Needs
from hub_api.subjects import meant


@strawberry.type
class Plan:
    """What one pays for."""

    name: str = strawberry.field(description='Its name, which rules ask for: `profile.plans contains "plus"`.')
    program: str = strawberry.field(description="Of which program.")
    price: Money = strawberry.field(description="Of one period.")
    every: Every = strawberry.field(description="How long one payment lasts.")
    grace_days: int = strawberry.field(description="How many days a late payment is waited for.")

    @classmethod
    def of(cls, plan: paying.Plan) -> Self:
        """Show a plan."""
        price = Money.of(money.Money(plan.price, plan.currency))
        return cls(name=plan.name, program=plan.program, price=price, every=plan.every, grace_days=plan.grace_days)


@strawberry.type
class Subscription:
    """That a customer has paid for a plan."""

    profile_id: strawberry.Private[UUID]
    plan: str = strawberry.field(description="The plan.")
    status: Status = strawberry.field(description="Where it stands; in `GRACE` its perks hold still.")
    until: datetime | None = strawberry.field(description="Until when it is paid for.")
    perks_until: datetime | None = strawberry.field(description="When its perks end, if nothing is paid any more.")
    cancelled_at: datetime | None = strawberry.field(description="When it was cancelled.")
    refund: Money | None = strawberry.field(description="What is owed for the days after it was cancelled.")

    @classmethod
    def of(cls, it: paying.Subscription, now: datetime) -> Self:
        """Show it as it is now."""
        last = it.last
        owed = Money.of(money.Money(it.refund, last.currency)) if last and it.cancelled_at else None
        return cls(
            profile_id=it.profile_id,
            plan=it.plan,
            status=it.status(now),
            until=last.until if last else None,
            perks_until=it.lasts_until,
            cancelled_at=it.cancelled_at,
            refund=owed,
        )


@strawberry.type
class Subscribed:
    """What a profile has paid for."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def subscriptions(self, info: Info) -> list[Subscription]:
        """What this customer has paid for, by plan; also what is over."""
        found = await info.context.loaders.one(subscriptions.of, self.own_ids) or []
        return [Subscription.of(it, info.context.clock()) for it in found]


@strawberry.type
class PlanQueries:
    """How plans are found."""

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def plans(self) -> list[Plan]:
        """All plans, by name."""
        return [Plan.of(it) for it in await plans.load()]


@strawberry.input
class SavePlanInput:
    """A plan as it is from now on. What was paid before keeps its price and its time."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="Lower-case letters and digits, with single hyphens between.")
    program: str = strawberry.field(description="Of which program.")
    price: Decimal = strawberry.field(description="Of one period, as text: `9.90`.")
    currency_code: str = strawberry.field(description="ISO 4217, such as `EUR`.")
    every: Every = strawberry.field(description="How long one payment lasts.")
    grace_days: int = strawberry.field(default=7, description="How many days a late payment is waited for: 0 to 60.")

    @property
    def plan(self) -> paying.Plan:
        """The input in the words of the hub."""
        price = money.minor_of(str(self.price), self.currency_code)
        return paying.Plan(self.name, self.program, price, self.currency_code, self.every, self.grace_days)


@strawberry.input
class CancelPlanInput:
    """What a customer does not want to pay for any more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    plan: str = strawberry.field(description="The plan.")
    id: strawberry.ID | None = strawberry.field(default=None, description="The profile; a customer means themself.")


@strawberry.type
class SavePlanPayload:
    """The plan is stored."""

    plan: Plan = strawberry.field(description="As it is now.")


@strawberry.type
class CancelPlanPayload:
    """Its perks are over; what they got before stays theirs."""

    subscription: Subscription | None = strawberry.field(
        description="With what is owed; none where there never was one."
    )


SavePlanResult: TypeAlias = Annotated[
    SavePlanPayload | IdempotencyKeyReused,
    strawberry.union("SavePlanResult", description="What became of `savePlan`."),
]
CancelPlanResult: TypeAlias = Annotated[
    CancelPlanPayload | IdempotencyKeyReused,
    strawberry.union("CancelPlanResult", description="What became of `cancelPlan`."),
]


@strawberry.type
class PlanMutations:
    """What changes plans, and ends paid memberships."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def save_plan(self, info: Info, input: SavePlanInput) -> SavePlanResult:  # noqa: A002 - its name on the wire
        """Make a plan, or change what it is."""
        context = info.context

        async def do() -> Done:
            plan = plans.checked(input.plan)
            await service.program_of(plan.program)
            before = await plans.save(plan)
            change = Change("save plan", plan.name, _told(before) if before else None, _told(plan))
            return Done({"plan": plan.name}, change)

        try:
            answer = await context.once("savePlan", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return SavePlanPayload(plan=Plan.of(await plans.named(answer["plan"])))

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def cancel_plan(self, info: Info, input: CancelPlanInput) -> CancelPlanResult:  # noqa: A002 - as above
        """End a paid membership now. The days that were paid for and are not had are owed: who takes payments pays."""
        context = info.context

        async def do() -> Done:
            profile = await meant(info, input.id, Scope.PROFILE_WRITE)
            plan = await plans.named(input.plan)
            ended = await subscriptions.cancel(profile, plan.name, at=context.clock(), now=context.clock())
            change = Change("cancel plan", str(profile.id), None, {"plan": plan.name, "refund": ended.refund})
            return Done({"profile": str(profile.id)}, change)

        try:
            answer = await context.once("cancelPlan", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        profile_id = UUID(answer["profile"])
        head = (await store.heads([profile_id])).get(profile_id)
        held = (await subscriptions.of([head.own_ids])).get(head.own_ids, []) if head else []
        shown = next((Subscription.of(it, context.clock()) for it in held if it.plan == input.plan), None)
        return CancelPlanPayload(subscription=shown)


def _told(plan: paying.Plan) -> dict[str, object]:
    return {"price": plan.price, "currency": plan.currency, "every": plan.every.value, "grace_days": plan.grace_days}
