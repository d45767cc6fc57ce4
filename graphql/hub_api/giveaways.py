"""Giveaways: members who are drawn by chance."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce.checks import BadCommerce
from hub.kit import ids
from hub.membership import draws, service
from hub.membership.draws import Giveaway
from hub.profiles.consent import is_name
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs

MOST_WINNERS: int = 10_000


@strawberry.type
class GiveawayDraw:
    """A draw that was made, and whether anybody who draws again finds the same winners."""

    id: strawberry.ID = strawberry.field(description="Names it.")
    giveaway: str = strawberry.field(description="What was drawn.")
    program: str = strawberry.field(description="Whose members took part.")
    at: datetime = strawberry.field(description="When it was drawn.")
    seed: str = strawberry.field(description="Those win whose SHA-256 of `SEED/ID` is least.")
    entrants: int = strawberry.field(description="How many took part. Their ids are kept with the draw.")
    winners: int = strawberry.field(description="How many have won.")
    reproduced: bool = strawberry.field(description="Whether seed and entrants give these winners again.")

    @classmethod
    def of(cls, draw: draws.Draw) -> Self:
        """Show a draw, and draw it again."""
        return cls(
            id=strawberry.ID(str(draw.id)),
            giveaway=draw.giveaway,
            program=draw.program,
            at=draw.at,
            seed=draw.seed,
            entrants=len(draw.entrants),
            winners=len(draw.winners),
            reproduced=draw.is_reproduced,
        )


@strawberry.type
class GiveawayQueries:
    """How draws are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def giveaway_draws(self, giveaway: str) -> list[GiveawayDraw]:
        """The draws of a giveaway, the newest first."""
        return [GiveawayDraw.of(it) for it in await draws.of(giveaway)]


@strawberry.input
class DrawGiveawayInput:
    """What is drawn, among whom, and within which bounds."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input draws once.")
    giveaway: str = strawberry.field(description="Its name: draws of one name share bounds.")
    program: str = strawberry.field(description="Whose members take part.")
    winners: int = strawberry.field(description="How many at most.")
    most_per_day: int = strawberry.field(description="The budget: how many of this name win on one day, in UTC.")
    cool_down_days: int = strawberry.field(description="Who has won takes no part for so many days.")
    segment: str | None = strawberry.field(default=None, description="Only who is in it takes part.")

    @property
    def wanted(self) -> Giveaway:
        """The input in the words of the hub."""
        if not is_name(self.giveaway):
            raise BadCommerce("giveaway", "It is named by a-z, 0-9, - and _.")
        if not 1 <= self.winners <= MOST_WINNERS or self.most_per_day < 0 or self.cool_down_days < 0:
            raise BadCommerce("winners", f"One draw has 1 to {MOST_WINNERS} winners, and no bound is below nothing.")
        bounds = (self.winners, self.most_per_day, self.cool_down_days)
        return Giveaway(self.giveaway, self.program, *bounds, self.segment)


@strawberry.type
class DrawGiveawayPayload:
    """It is drawn; each winner has an event, `Giveaway Won`."""

    draw: GiveawayDraw = strawberry.field(description="With what makes it reproducible.")


DrawGiveawayResult: TypeAlias = Annotated[
    DrawGiveawayPayload | IdempotencyKeyReused,
    strawberry.union("DrawGiveawayResult", description="What became of `drawGiveaway`."),
]


@strawberry.type
class GiveawayMutations:
    """What draws."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def draw_giveaway(self, info: Info, input: DrawGiveawayInput) -> DrawGiveawayResult:  # noqa: A002 - its name on the wire
        """Draw members by chance, within the budget of the day, and nobody who rests."""
        context = info.context

        async def do() -> Done:
            wanted = input.wanted
            await service.program_of(wanted.program)
            key = ids.key_of("drawGiveaway", context.caller.kind, context.caller.subject, input.idempotency_key)
            made = await draws.draw(wanted, key=key, now=context.clock())
            after = {"draw": str(made.id), "entrants": len(made.entrants), "winners": len(made.winners)}
            return Done({"draw": str(made.id)}, Change("draw giveaway", wanted.name, None, after))

        try:
            answer = await context.once("drawGiveaway", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        found = {it.id: it for it in await draws.of(input.giveaway)}
        return DrawGiveawayPayload(draw=GiveawayDraw.of(found[UUID(answer["draw"])]))
