"""Rewards as a customer sees them: what each costs, what it gives, and why they cannot have it now. And their votes."""

from datetime import datetime
from typing import Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Limited, Scope
from hub.rewards import model, service
from hub.rewards.model import NoSuchReward, NotProposed, RewardKind, RewardState
from hub.rewards.offering import Offered
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.money import Money
from hub_api.needs import Needs
from hub_api.subjects import meant

SENTENCES: Final = {
    model.Reason.NOT_LIVE: "It cannot be had: customers may vote for it.",
    model.Reason.ONLY_GIVEN: "It is given, and cannot be redeemed.",
    model.Reason.NOT_YET: "It cannot be had yet.",
    model.Reason.EXPIRED: "It can be had no longer.",
    model.Reason.NOT_HERE: "It cannot be had in this store.",
    model.Reason.NOT_ELIGIBLE: "It is for other customers.",
    model.Reason.LIMIT_REACHED: "You have had as many as one customer may have.",
    model.Reason.OUT_OF_STOCK: "There is none left.",
    model.Reason.INSUFFICIENT_POINTS: "Points are missing.",
    model.Reason.MAY_NOT_SPEND: "You collect for an account and may not spend its points.",
    model.Reason.CAPPED: "They were thanked and told enough of late.",
}


@strawberry.type
class RewardCost:
    """What a reward costs."""

    program: str = strawberry.field(description="The program.")
    wallet: str = strawberry.field(description="Which wallet of the customer in it.")
    points: int = strawberry.field(description="How many points of it.")


@strawberry.type
class RewardValue:
    """What a reward gives. What is null does not belong to its kind."""

    amount: Money | None = strawberry.field(description="Off the price, onto the gift balance, or to a good cause.")
    percent: int | None = strawberry.field(description="Off the price, 1 to 100.")
    most: Money | None = strawberry.field(description="At most so much off.")
    skus: list[str] = strawberry.field(description="The variants of which one is free, or that are opened early.")
    sales: list[str] = strawberry.field(description="The sales that are opened early.")
    opens: datetime | None = strawberry.field(description="When they are open to everybody.")
    at: datetime | None = strawberry.field(description="When it takes place.")
    to: str | None = strawberry.field(description="To whom it is given.")

    @classmethod
    def of(cls, gives: model.Gives) -> Self:
        """Show what a reward gives."""
        return cls(
            amount=Money.of(gives.amount) if gives.amount else None,
            percent=gives.percent,
            most=Money.of(gives.most) if gives.most else None,
            skus=list(gives.skus),
            sales=list(gives.sales),
            opens=gives.opens,
            at=gives.at,
            to=gives.to,
        )


@strawberry.type
class RewardReason:
    """Why a customer cannot have a reward now."""

    code: str = strawberry.field(description="Never changes: decide by this.")
    message: str = strawberry.field(description="One sentence for a person.")


@strawberry.type
class Reward:
    """A reward as it stands to one customer."""

    profile_id: strawberry.Private[UUID]
    name: str = strawberry.field(description="Its name, which never changes.")
    kind: RewardKind = strawberry.field(description="What it gives, in a word.")
    state: RewardState = strawberry.field(description="Whether it can be had, or be voted for.")
    label: str = strawberry.field(description="What it is called, in the nearest language.")
    cost: RewardCost | None = strawberry.field(description="What it costs; null is nothing.")
    value: RewardValue = strawberry.field(description="What it gives.")
    since: datetime | None = strawberry.field(description="From when on it can be had.")
    until: datetime | None = strawberry.field(description="Up to when.")
    stores: list[str] = strawberry.field(description="In which stores; in all where none is named.")
    left: int | None = strawberry.field(description="How many there are still; null where there is no limit.")
    available: bool = strawberry.field(description="Whether they can have it now.")
    reasons: list[RewardReason] = strawberry.field(description="Why they cannot have it now, if they cannot.")
    missing_points: int = strawberry.field(description="How many points they lack.")
    purchases_needed: int | None = strawberry.field(
        description="How many purchases such as theirs give the missing points; null where they have none to go by."
    )
    has_voted: bool = strawberry.field(description="Whether they voted for it.")

    @classmethod
    def of(cls, offered: Offered, profile_id: UUID, language: str) -> Self:
        """Show a reward to a customer, in the nearest language."""
        reward = offered.reward
        cost = reward.cost
        return cls(
            profile_id=profile_id,
            name=reward.name,
            kind=reward.kind,
            state=reward.state,
            label=reward.label_in(language),
            cost=RewardCost(program=cost.program, wallet=cost.wallet, points=cost.points) if cost else None,
            value=RewardValue.of(reward.gives),
            since=reward.since,
            until=reward.before,
            stores=sorted(reward.stores),
            left=offered.left,
            available=not offered.reasons,
            reasons=[RewardReason(code=it.value, message=SENTENCES[it]) for it in offered.reasons],
            missing_points=offered.missing,
            purchases_needed=offered.purchases,
            has_voted=offered.voted,
        )


Id = Annotated[
    strawberry.ID | None, strawberry.argument(description="The customer; who asks for themself leaves it out.")
]
StoreId = Annotated[str | None, strawberry.argument(description="The store in which they are.")]
Language = Annotated[str | None, strawberry.argument(description="Such as `de-AT`. Left out, it is the customer's.")]


@strawberry.type
class RewardQueries:
    """What a customer may have."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_self=True)])
    async def rewards(
        self,
        info: Info,
        *,
        id: Id = None,  # noqa: A002 - its name on the wire
        store_id: StoreId = None,
        language: Language = None,
    ) -> list[Reward]:
        """The rewards that are live or proposed, as they stand to a customer; what they can have comes first."""
        context = info.context
        if not context.caller.sees_store(store_id):
            raise Limited
        profile = await meant(info, id, Scope.PROFILE_READ)
        found = await service.offered(profile, shop=store_id, now=context.clock())
        return [Reward.of(it, profile.id, language or profile.language) for it in found]


@strawberry.input
class VoteForRewardInput:
    """Which reward a customer would like."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    reward: str = strawberry.field(description="A reward that is proposed.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose vote; a customer leaves it out, and means themself."
    )


@strawberry.type
class VoteForRewardPayload:
    """The vote counts, once for each customer, however often they vote."""

    reward: str = strawberry.field(description="The reward.")


@strawberry.type
class VoteNotTaken(UserError):
    """There is no such reward, or it is not put to the vote: see the code."""

    @classmethod
    def of(cls, error: NoSuchReward | NotProposed) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "reward"])


VoteForRewardResult: TypeAlias = Annotated[
    VoteForRewardPayload | VoteNotTaken | IdempotencyKeyReused,
    strawberry.union("VoteForRewardResult", description="What became of `voteForReward`."),
]


@strawberry.type
class RewardMutations:
    """What a customer does about rewards."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def vote_for_reward(
        self,
        info: Info,
        input: VoteForRewardInput,  # noqa: A002 - its name on the wire
    ) -> VoteForRewardResult:
        """Say that a customer would like a reward that is proposed."""

        async def do() -> Done:
            profile = await meant(info, input.id, Scope.PROFILE_WRITE)
            await service.vote(input.reward, profile, now=info.context.clock())
            return Done({}, Change("vote for reward", str(profile.id), None, {"reward": input.reward}))

        try:
            await info.context.once("voteForReward", input, do)
        except (NoSuchReward, NotProposed) as error:
            return VoteNotTaken.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return VoteForRewardPayload(reward=input.reward)
