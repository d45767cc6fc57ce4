"""Adjustments: points that the staff give or take by hand, and what waits for a second person."""

import re
from datetime import datetime
from typing import Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.kit import pages
from hub.kit.errors import HubError
from hub.ledger import adjusting
from hub.ledger.adjusting import AdjustmentState, NoSuchAdjustment, SamePerson
from hub.programs import service as programs
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import BadId, uuid_of
from hub_api.subjects import NoSuchProfile, meant

MOST_POINTS: Final = 1_000_000_000
LONGEST_NOTE: Final = 500
_REASON: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


class BadAdjustment(HubError):
    """What is asked for cannot be done to any wallet."""

    code = "BAD_USER_INPUT"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@strawberry.type
class Adjustment:
    """Points that somebody gives or takes by hand."""

    profile_id: strawberry.Private[UUID]
    id: strawberry.ID = strawberry.field(description="By which it is agreed to or declined.")
    program: str = strawberry.field(description="In which program.")
    currency: str = strawberry.field(description="In which wallet.")
    points: int = strawberry.field(description="How many; below zero where they are taken.")
    reason: str = strawberry.field(description="Why, as a code.")
    note: str = strawberry.field(description="Why, in words of who asked for it.")
    state: AdjustmentState = strawberry.field(description="Where it stands.")
    asked_by: str = strawberry.field(description="Who asked for it.")
    asked_at: datetime = strawberry.field(description="When.")
    decided_by: str | None = strawberry.field(description="Who agreed to it or declined it, where that was needed.")
    refusal: str | None = strawberry.field(description="The code by which it was impossible.")

    @classmethod
    def of(cls, it: adjusting.Adjustment) -> Self:
        """Show an adjustment."""
        return cls(
            id=strawberry.ID(str(it.id)),
            profile_id=it.owner,
            program=it.program,
            currency=it.currency,
            points=it.points,
            reason=it.reason,
            note=it.note,
            state=it.state,
            asked_by=it.asked_by,
            asked_at=it.asked_at,
            decided_by=it.decided_by,
            refusal=it.refusal,
        )


States = Annotated[
    list[AdjustmentState] | None, strawberry.argument(description="Only those; what waits, if it is left out.")
]


@strawberry.type
class AdjustmentQueries:
    """How adjustments are found."""

    @strawberry.field(extensions=[Needs(Scope.POINTS_WRITE, unlimited=True)])
    async def adjustments(
        self,
        states: States = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Adjustment]:
        """The adjustments of all customers, newest first."""
        wanted = pages.span(first, after, last, before)
        found = await adjusting.page(wanted, states=states or [AdjustmentState.WAITING])
        return Connection.of(found, Adjustment.of)


@strawberry.input
class AdjustPointsInput:
    """Points to give or to take by hand."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="Whose: the `id` of the profile.")
    program: str = strawberry.field(description="In which program.")
    currency: str = strawberry.field(description="In which wallet.")
    points: int = strawberry.field(description="How many; below zero to take them.")
    reason: str = strawberry.field(description="Why: a code of small letters, digits and `_`.")
    note: str = strawberry.field(description="Why, in words; at most 500 characters.")


@strawberry.type
class AdjustPointsPayload:
    """It is posted, or waits for a second person."""

    adjustment: Adjustment = strawberry.field(description="The adjustment.")


@strawberry.type
class PointsNotAdjusted(UserError):
    """It was refused, and nothing was moved."""

    @classmethod
    def of(cls, error: HubError, field: str) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", field])


AdjustPointsResult: TypeAlias = Annotated[
    AdjustPointsPayload | PointsNotAdjusted | IdempotencyKeyReused,
    strawberry.union("AdjustPointsResult", description="What became of `adjustPoints`."),
]


@strawberry.input
class DecideAdjustmentInput:
    """An adjustment that waits for a second person."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    adjustment_id: strawberry.ID = strawberry.field(description="The adjustment's `id`.")
    agreed: bool = strawberry.field(description="False declines it.")


@strawberry.type
class DecideAdjustmentPayload:
    """It is posted, or declined."""

    adjustment: Adjustment = strawberry.field(description="The adjustment as it is now.")


DecideAdjustmentResult: TypeAlias = Annotated[
    DecideAdjustmentPayload | PointsNotAdjusted | IdempotencyKeyReused,
    strawberry.union("DecideAdjustmentResult", description="What became of `decideAdjustment`."),
]


@strawberry.type
class AdjustmentMutations:
    """What changes points by hand."""

    @strawberry.mutation(extensions=[Needs(Scope.POINTS_WRITE, unlimited=True)])
    async def adjust_points(
        self,
        info: Info,
        input: AdjustPointsInput,  # noqa: A002 - its name on the wire
    ) -> AdjustPointsResult:
        """Give or take points by hand. Above the limit of the installation it waits for a second person."""
        context = info.context

        async def do() -> Done:
            asked = await _asked(info, input)
            limit, now = context.settings.adjustment_limit, context.clock()
            made = await adjusting.adjust(asked, limit=limit, now=now)
            return Done({"id": str(made.id)}, _change("adjust points", made))

        try:
            answer = await context.once("adjustPoints", input, do)
        except BadAdjustment as error:
            return PointsNotAdjusted.of(error, error.field)
        except (NoSuchProfile, BadId) as error:
            return PointsNotAdjusted.of(error, "id")
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return AdjustPointsPayload(adjustment=await _shown(UUID(answer["id"])))

    @strawberry.mutation(extensions=[Needs(Scope.POINTS_WRITE, unlimited=True)])
    async def decide_adjustment(
        self,
        info: Info,
        input: DecideAdjustmentInput,  # noqa: A002 - its name on the wire
    ) -> DecideAdjustmentResult:
        """Agree to an adjustment that somebody else has asked for, or decline it."""
        context = info.context

        async def do() -> Done:
            adjustment = uuid_of(input.adjustment_id)
            by, now = context.caller.subject, context.clock()
            decided = await adjusting.decide(adjustment, agreed=input.agreed, by=by, now=now)
            return Done({"id": str(decided.id)}, _change("decide adjustment", decided))

        try:
            answer = await context.once("decideAdjustment", input, do)
        except (NoSuchAdjustment, SamePerson, BadId) as error:
            return PointsNotAdjusted.of(error, "adjustmentId")
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return DecideAdjustmentPayload(adjustment=await _shown(UUID(answer["id"])))


async def _asked(info: Info, asked: AdjustPointsInput) -> adjusting.Adjustment:
    profile = await meant(info, asked.id, Scope.POINTS_WRITE)
    if not 0 < abs(asked.points) <= MOST_POINTS:
        raise BadAdjustment("points", f"An adjustment is of 1 to {MOST_POINTS} points, given or taken.")
    if not _REASON.fullmatch(asked.reason):
        raise BadAdjustment("reason", "A reason is a code of small letters, digits and `_`, such as `goodwill`.")
    if len(asked.note) > LONGEST_NOTE:
        raise BadAdjustment("note", f"A note has at most {LONGEST_NOTE} characters.")
    known = (await programs.current()).newest_of_all()
    if not any(it.name == asked.program and asked.currency in it.wallets for it in known):
        raise BadAdjustment("currency", "There is no such wallet in an active program of this name.")
    by = info.context.caller.subject
    return adjusting.Adjustment(
        id=adjusting.adjustment_id(by, asked.idempotency_key),
        program=asked.program,
        owner=profile.id,
        currency=asked.currency,
        points=asked.points,
        reason=asked.reason,
        note=asked.note,
        asked_by=by,
        asked_at=info.context.clock(),
    )


async def _shown(adjustment: UUID) -> Adjustment:
    return Adjustment.of((await adjusting.load([adjustment]))[adjustment])


def _change(what: str, it: adjusting.Adjustment) -> Change:
    after = {"adjustment": str(it.id), "points": it.points, "reason": it.reason, "state": it.state.value}
    return Change(what, str(it.owner), None, after)
