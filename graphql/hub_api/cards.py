"""The member card: where a customer stands in a program, the same for an app, a widget and a desk."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.card import model, service
from hub.profiles import store
from hub_api.context import Info
from hub_api.needs import Needs

Program = Annotated[
    str | None, strawberry.argument(description="Of which program; left out, it is the first one by name.")
]


@strawberry.type
class CardTier:
    """The tier that a member has."""

    name: str = strawberry.field(description="Its name, which never changes.")
    label: str = strawberry.field(description="What it is called.")
    until: datetime | None = strawberry.field(description="Until when at least; null is for ever.")


@strawberry.type
class CardNextTier:
    """The next tier that a member can reach."""

    name: str = strawberry.field(description="Its name, which never changes.")
    label: str = strawberry.field(description="What it is called.")
    gap: int = strawberry.field(description="So many points are missing; minor units where tiers are by what is spent.")


@strawberry.type
class CardExpiring:
    """The points that expire first."""

    points: int = strawberry.field(description="How many.")
    at: datetime = strawberry.field(description="When.")


@strawberry.type
class CardPoints:
    """What is in a wallet whose points can be spent."""

    wallet: str = strawberry.field(description="Its name in the program.")
    label: str = strawberry.field(description="What its points are called.")
    balance: int = strawberry.field(description="All points, pending or not, less what is owed.")
    available: int = strawberry.field(description="What can be spent.")
    pending: int = strawberry.field(description="What cannot be spent yet.")
    expiring: CardExpiring | None = strawberry.field(description="What expires next; null where nothing does.")

    @classmethod
    def of(cls, it: model.Points) -> Self:
        """Show it."""
        return cls(
            wallet=it.wallet,
            label=it.label,
            balance=it.balance,
            available=it.available,
            pending=it.pending,
            expiring=CardExpiring(points=it.expiring.points, at=it.expiring.at) if it.expiring else None,
        )


@strawberry.type
class CardReward:
    """A reward on a card."""

    name: str = strawberry.field(description="Its name, which never changes.")
    label: str = strawberry.field(description="What it is called.")
    wallet: str | None = strawberry.field(description="Which wallet it costs points of; null where it costs nothing.")
    cost: int = strawberry.field(description="How many points it costs.")
    missing: int = strawberry.field(description="How many of them are missing.")

    @classmethod
    def of(cls, it: model.CardReward) -> Self:
        """Show it."""
        return cls(name=it.name, label=it.label, wallet=it.wallet, cost=it.cost, missing=it.missing)


@strawberry.type
class MemberCard:
    """Where a member stands in a program, in their own language: one value for every channel."""

    program: str = strawberry.field(description="The program.")
    label: str = strawberry.field(description="What the program is called.")
    tier: CardTier | None = strawberry.field(description="The tier; null is none.")
    next_tier: CardNextTier | None = strawberry.field(
        description="The next tier; null for who has reached the last, and where there are no tiers."
    )
    points: list[CardPoints] = strawberry.field(description="The wallets whose points can be spent.")
    next_reward: CardReward | None = strawberry.field(
        description="Of the rewards for which only points are missing, the one for which the fewest are."
    )
    rewards: list[CardReward] = strawberry.field(description="What can be had now, by name.")
    open_vouchers: int = strawberry.field(description="How many vouchers can still be used, of whatever program.")

    @classmethod
    def of(cls, card: model.Card) -> Self:
        """Show a card."""
        tier, following = card.tier, card.next_tier
        return cls(
            program=card.program,
            label=card.label,
            tier=CardTier(name=tier.name, label=tier.label, until=tier.until) if tier else None,
            next_tier=CardNextTier(name=following.name, label=following.label, gap=following.gap)
            if following
            else None,
            points=[CardPoints.of(it) for it in card.points],
            next_reward=CardReward.of(card.next_reward) if card.next_reward else None,
            rewards=[CardReward.of(it) for it in card.rewards],
            open_vouchers=card.open_vouchers,
        )


@dataclass(frozen=True, slots=True)
class _Cards:
    """The cards of a program. Called with profiles, it reads those of all of them at once."""

    program: str | None
    clock: Callable[[], datetime]

    async def __call__(self, profile_ids: Collection[UUID]) -> dict[UUID, model.Card]:
        """Read the card of each, none where there is no such program."""
        program = await service.program_named(self.program)
        if program is None:
            return {}
        heads = await store.heads(profile_ids)
        cards = await service.cards({it.id: it for it in heads.values()}.values(), program, now=self.clock())
        return {asked: cards[it.id] for asked, it in heads.items()}


async def card_of(profile_id: UUID, program: str | None, info: Info) -> MemberCard | None:
    """Give the card of a customer; None where there is no such program."""
    found = await info.context.loaders.one(_Cards(program, info.context.clock), profile_id)
    return MemberCard.of(found) if found else None


@strawberry.type
class HasCard:
    """What a profile shows of where it stands."""

    profile_id: strawberry.Private[UUID]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def member_card(self, info: Info, program: Program = None) -> MemberCard | None:
        """Where this customer stands in a program: tier, points, rewards and vouchers; null where there is none."""
        return await card_of(self.profile_id, program, info)
