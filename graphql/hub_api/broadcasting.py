"""The mutations that create and steer broadcasts."""

import datetime as dt
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.broadcasts import model, service, store
from hub.broadcasts.model import BadBroadcast, Definition, State
from hub.broadcasts.service import Changed
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING
from hub_api.broadcasts import Broadcast, id_of
from hub_api.context import Context, Info, Keyed
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs


@strawberry.input
class LocalTimeInput:
    """What the clocks are to show where each customer is."""

    date: dt.date = strawberry.field(description="The day.")
    time: dt.time = strawberry.field(description="The time of the day, to the minute.")


@strawberry.input
class CreateBroadcastInput:
    """One message to everybody who is in a segment when it starts. Without a time it starts at once."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="What people call it, 1 to 100 characters.")
    segment: str = strawberry.field(description="A live segment.")
    template: str = strawberry.field(description="A stored template.")
    channels: list[Channel] | None = strawberry.field(
        default=None,
        description="In this order: the first that reaches a customer is taken. E-mail, if none is named; with "
        "`bestChannel` push, e-mail and SMS.",
    )
    best_channel: bool = strawberry.field(
        default=False, description="Those of the channels come first on which a customer takes most notice."
    )
    best_hour: bool = strawberry.field(
        default=False,
        description="Each is told in the hour of theirs in which they take most notice, within a day from the start.",
    )
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="In whose name.")
    topic: str = strawberry.field(default=MARKETING, description="What it is about: a topic of the class marketing.")
    at: datetime | None = strawberry.field(default=None, description="When it starts.")
    local_at: LocalTimeInput | None = strawberry.field(
        default=None,
        description="When each customer is told, by their own clock; by that of the policy's `zone`, where their zone "
        "is not known.",
    )
    per_minute: int | None = strawberry.field(default=None, description="How many messages a minute at most.")
    priority: int = strawberry.field(default=model.USUAL_PRIORITY, description="0 to 100; what journeys say has 50.")

    def definition(self) -> Definition:
        """Give what is to be said to whom, and when."""
        local_at = self.local_at
        usual = model.BEST_OF if self.best_channel else (Channel.EMAIL,)
        return Definition(
            name=self.name,
            segment=self.segment,
            template=self.template,
            channels=tuple(usual if self.channels is None else self.channels),
            brand=self.brand,
            topic=self.topic,
            at=self.at,
            local_at=datetime.combine(local_at.date, local_at.time.replace(tzinfo=None)) if local_at else None,
            per_minute=self.per_minute,
            priority=self.priority,
            best_first=self.best_channel,
            at_best_hour=self.best_hour,
        )


@strawberry.input
class PauseBroadcastInput:
    """A broadcast to be paused."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The broadcast.")


@strawberry.input
class ResumeBroadcastInput:
    """A broadcast to go on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The broadcast.")


@strawberry.input
class CancelBroadcastInput:
    """A broadcast to be ended for good."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The broadcast.")


@strawberry.type
class CreateBroadcastPayload:
    """It is stored, and starts by itself when its time has come."""

    broadcast: Broadcast = strawberry.field(description="The broadcast as it stands now.")


@strawberry.type
class PauseBroadcastPayload:
    """It is paused: what no sender had begun to send is held."""

    broadcast: Broadcast = strawberry.field(description="The broadcast as it stands now.")


@strawberry.type
class ResumeBroadcastPayload:
    """It goes on from where it was."""

    broadcast: Broadcast = strawberry.field(description="The broadcast as it stands now.")


@strawberry.type
class CancelBroadcastPayload:
    """Nobody else hears of it."""

    broadcast: Broadcast = strawberry.field(description="The broadcast as it stands now.")


@strawberry.type
class BroadcastRefused(UserError):
    """Something of the broadcast cannot be: its code says of what kind that is."""

    @classmethod
    def of(cls, error: BadBroadcast) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", error.field])


@strawberry.type
class NoSuchBroadcast(UserError):
    """An id that no broadcast has."""

    @classmethod
    def of(cls, error: model.NoSuchBroadcast) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "id"])


@strawberry.type
class WrongBroadcastState(UserError):
    """The broadcast is in a state in which this cannot be done."""

    state: State = strawberry.field(description="The state it is in.")

    @classmethod
    def of(cls, error: model.WrongState) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "id"], state=error.state)


CreateBroadcastResult: TypeAlias = Annotated[
    CreateBroadcastPayload | BroadcastRefused | IdempotencyKeyReused,
    strawberry.union("CreateBroadcastResult", description="What became of `createBroadcast`."),
]
PauseBroadcastResult: TypeAlias = Annotated[
    PauseBroadcastPayload | NoSuchBroadcast | WrongBroadcastState | IdempotencyKeyReused,
    strawberry.union("PauseBroadcastResult", description="What became of `pauseBroadcast`."),
]
ResumeBroadcastResult: TypeAlias = Annotated[
    ResumeBroadcastPayload | NoSuchBroadcast | WrongBroadcastState | IdempotencyKeyReused,
    strawberry.union("ResumeBroadcastResult", description="What became of `resumeBroadcast`."),
]
CancelBroadcastResult: TypeAlias = Annotated[
    CancelBroadcastPayload | NoSuchBroadcast | WrongBroadcastState | IdempotencyKeyReused,
    strawberry.union("CancelBroadcastResult", description="What became of `cancelBroadcast`."),
]
_Refusal: TypeAlias = NoSuchBroadcast | WrongBroadcastState | IdempotencyKeyReused


@strawberry.type
class BroadcastMutations:
    """What creates and steers broadcasts."""

    @strawberry.mutation(extensions=[Needs(Scope.JOURNEYS_WRITE)])
    async def create_broadcast(self, info: Info, input: CreateBroadcastInput) -> CreateBroadcastResult:  # noqa: A002 - its name on the wire
        """Tell everybody who is in a segment one thing, once: now, at a time, or at everybody's own time."""
        context = info.context

        async def do() -> Changed:
            return await service.create(
                input.definition(),
                by=context.caller.subject,
                key=input.idempotency_key,
                now=context.clock(),
                brands=context.caller.brands,
            )

        try:
            return CreateBroadcastPayload(broadcast=await _once(context, "createBroadcast", input, do))
        except BadBroadcast as error:
            return BroadcastRefused.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.JOURNEYS_WRITE)])
    async def pause_broadcast(self, info: Info, input: PauseBroadcastInput) -> PauseBroadcastResult:  # noqa: A002 - its name on the wire
        """Hold a broadcast: what no sender has begun to send waits until it is resumed."""
        context, broadcast_id = info.context, id_of(input.id)

        async def do() -> Changed:
            return await service.pause(broadcast_id, now=context.clock(), brands=context.caller.brands)

        done = await _steered(context, "pauseBroadcast", input, do)
        return PauseBroadcastPayload(broadcast=done) if isinstance(done, Broadcast) else done

    @strawberry.mutation(extensions=[Needs(Scope.JOURNEYS_WRITE)])
    async def resume_broadcast(self, info: Info, input: ResumeBroadcastInput) -> ResumeBroadcastResult:  # noqa: A002 - its name on the wire
        """Let a paused broadcast go on from where it was."""
        context, broadcast_id = info.context, id_of(input.id)

        async def do() -> Changed:
            return await service.resume(broadcast_id, now=context.clock(), brands=context.caller.brands)

        done = await _steered(context, "resumeBroadcast", input, do)
        return ResumeBroadcastPayload(broadcast=done) if isinstance(done, Broadcast) else done

    @strawberry.mutation(extensions=[Needs(Scope.JOURNEYS_WRITE)])
    async def cancel_broadcast(self, info: Info, input: CancelBroadcastInput) -> CancelBroadcastResult:  # noqa: A002 - its name on the wire
        """End a broadcast for good: nobody else hears of it."""
        context, broadcast_id = info.context, id_of(input.id)

        async def do() -> Changed:
            return await service.cancel(broadcast_id, now=context.clock(), brands=context.caller.brands)

        done = await _steered(context, "cancelBroadcast", input, do)
        return CancelBroadcastPayload(broadcast=done) if isinstance(done, Broadcast) else done


async def _steered(
    context: Context, mutation: str, given: Keyed, do: Callable[[], Awaitable[Changed]]
) -> Broadcast | _Refusal:
    """Steer a broadcast once under the key of the input, and give it as it stands then, or why not."""
    try:
        return await _once(context, mutation, given, do)
    except model.NoSuchBroadcast as error:
        return NoSuchBroadcast.of(error)
    except model.WrongState as error:
        return WrongBroadcastState.of(error)
    except idempotency.IdempotencyKeyReused as error:
        return IdempotencyKeyReused.of(error)


async def _once(context: Context, mutation: str, given: Keyed, do: Callable[[], Awaitable[Changed]]) -> Broadcast:
    async def done() -> Done:
        changed = await do()
        return Done({"broadcast": str(changed.broadcast.id)}, changed.change)

    answer = await context.once(mutation, given, done)
    return Broadcast.of(await store.find(UUID(answer["broadcast"])))
