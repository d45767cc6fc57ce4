"""Tiers: which one a customer has in each program, and who would move if a version of a program held."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.commerce.checks import stamped
from hub.database import OwnIds
from hub.kit.languages import by_nearness
from hub.programs import model
from hub.programs.tiers import Level
from hub.tiers import rules, service, trying
from hub.tiers.service import Shown
from hub_api.context import Info
from hub_api.needs import Needs

Language = Annotated[str, strawberry.argument(description="Such as `de-AT`; the nearest is taken.")]

At = Annotated[datetime | None, strawberry.argument(description="A moment of which `tierAt` tells.")]


def _label(level: Level, language: str) -> str:
    return level.texts[by_nearness(level.texts, language)[0]]


@strawberry.type
class NextTier:
    """The next tier that somebody can reach."""

    tier: str = strawberry.field(description="Its name, which never changes.")
    label: str = strawberry.field(description="What it is called.")
    least: int = strawberry.field(description="So many points it takes; minor units where tiers are by what is spent.")
    gap: int = strawberry.field(description="So many are missing.")


@strawberry.type
class TierChange:
    """A tier that was reached or lost."""

    at: datetime = strawberry.field(description="When.")
    tier: str | None = strawberry.field(description="The tier since then; null is none.")
    was: str | None = strawberry.field(description="The one before.")


@strawberry.type
class MemberTier:
    """Where somebody stands in a program."""

    program: str = strawberry.field(description="The program.")
    tier: str | None = strawberry.field(description="The name of the tier, which never changes; null is none.")
    label: str | None = strawberry.field(description="What the tier is called.")
    perks: list[str] = strawberry.field(description="What it brings, with what the tiers below bring.")
    since: datetime | None = strawberry.field(description="Since when.")
    until: datetime | None = strawberry.field(description="Until when at least; null is for ever, or no tier.")
    balance: int = strawberry.field(description="The points that qualify now.")
    tier_at: str | None = strawberry.field(description="The tier at the moment that was asked for, or now.")
    next: NextTier | None = strawberry.field(description="The next tier; null for who has reached the last.")
    history: list[TierChange] = strawberry.field(description="Every tier there has been, the oldest first.")

    @classmethod
    def of(cls, it: Shown, language: str, *, at: datetime, now: datetime) -> Self:
        """Show it."""
        tier, own = it.standing.tier, it.tiers.level(it.rank)
        grant = it.standing.grants.get(tier or "")
        progress = rules.progress(it.tiers, it.wallet, it.rank, now)
        level = it.tiers.level(it.tiers.rank(progress.tier))
        return cls(
            next=NextTier(tier=level.name, label=_label(level, language), least=level.least, gap=progress.gap)
            if level
            else None,
            history=[TierChange(at=it.at, tier=it.tier, was=it.was) for it in it.standing.changes],
            program=it.program.name,
            tier=tier,
            label=_label(own, language) if own else None,
            tier_at=it.standing.tier_at(at),
            perks=list(it.tiers.perks(it.rank)),
            since=it.standing.since,
            until=grant.until if grant else None,
            balance=rules.balance(it.wallet, now),
        )


@strawberry.type
class Tiered:
    """Where a customer stands."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def tiers(
        self, info: Info, program: str | None = None, language: Language = "en", at: At = None
    ) -> list[MemberTier]:
        """Where this customer stands in each program that has tiers, by name; or in the one that is named."""
        found = await info.context.loaders.one(service.shown, self.own_ids) or []
        now = info.context.clock()
        moment = stamped(at) if at else now
        return [MemberTier.of(it, language, at=moment, now=now) for it in found if program in {None, it.program.name}]


@strawberry.type
class TierMove:
    """So many members would go from one tier to another."""

    was: str | None = strawberry.field(description="The tier they have; null is none.")
    tier: str | None = strawberry.field(description="The one they would have.")
    members: int = strawberry.field(description="How many.")


@strawberry.type
class TierTrial:
    """What would become of the tiers of all members, by the points they have now, if a version held."""

    members: int = strawberry.field(description="How many have points in the program.")
    up: int = strawberry.field(description="How many would rise.")
    down: int = strawberry.field(description="How many would fall.")
    moves: list[TierMove] = strawberry.field(description="From where to where, the most first.")

    @classmethod
    async def of(cls, program: model.Program, *, now: datetime) -> Self:
        """Try it out. Nothing changes."""
        trial = await trying.tried(program, now=now)
        counted = sorted(trial.moves.items(), key=lambda it: (-it[1], str(it[0])))
        moves = [TierMove(was=was, tier=tier, members=members) for (was, tier), members in counted]
        return cls(members=trial.members, up=trial.up, down=trial.down, moves=moves)
