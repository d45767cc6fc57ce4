"""Events: what happened to a profile, and the mutation `track`."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from hub.access import idempotency
from hub.access.model import Caller, Forbidden, Scope
from hub.events import model
from hub.events.model import Kind
from hub.intake import track as intake
from hub.intake.track import EventRefused, Happening
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import global_id
from hub_api.timeline import TimelineEntry


@strawberry.type
class Event(TimelineEntry):
    """Something that happened to a profile. It never changes."""

    profile_id: strawberry.Private[UUID | None]
    kind: Kind = strawberry.field(description="Which call of the Segment spec told of it.")
    properties: JSON = strawberry.field(
        description="What it was about. Empty where that is a store, or a brand's consent, beyond the caller's limits."
    )
    accepted_at: datetime = strawberry.field(description="When the hub took it in.")

    @classmethod
    def of(cls, event: model.Event) -> Self:
        """Show an event."""
        return cls(
            id=global_id("Event", event.id),
            profile_id=event.profile_id,
            kind=event.kind,
            name=event.name,
            source=event.source,
            properties=JSON(event.properties),
            at=event.at,
            accepted_at=event.accepted_at,
        )


def seen(caller: Caller, event: model.Event) -> model.Event:
    """Give an event as a caller sees it: without properties that name a store, or a consent's brand, not theirs."""
    # Other events name the brand of a product, which is no secret.
    brand = _text(event.properties.get("brand")) if event.name.startswith("Consent ") else None
    if caller.sees_store(_text(event.properties.get("store_id"))) and caller.sees_brand(brand):
        return event
    return replace(event, properties={})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@strawberry.input
class TrackInput:
    """Something that happened, and to whom: `userId`, `anonymousId` or both."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    event: str = strawberry.field(description="What happened, such as `Order Completed`.")
    user_id: str | None = strawberry.field(default=None, description="The customer's id in your own systems.")
    anonymous_id: str | None = strawberry.field(default=None, description="The id of a device that has not signed in.")
    properties: JSON | None = strawberry.field(default=None, description="What it was about: an object.")
    timestamp: datetime | None = strawberry.field(default=None, description="When it happened; now, if left out.")

    @property
    def happening(self) -> Happening:
        """The input in the words of intake."""
        return Happening(self.event, self.user_id, self.anonymous_id, self.properties, self.timestamp)


@strawberry.type
class TrackPayload:
    """The event is stored, and what follows from it will happen."""

    event: Event = strawberry.field(description="The event as it is stored.")


@strawberry.type
class InvalidEvent(UserError):
    """The event cannot be used; it is kept as a dead letter."""

    reason: str = strawberry.field(description="What is wrong, as a word that never changes.")

    @classmethod
    def of(cls, error: EventRefused) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input"], reason=error.reason)


TrackResult: TypeAlias = Annotated[
    TrackPayload | InvalidEvent | IdempotencyKeyReused,
    strawberry.union("TrackResult", description="What became of `track`."),
]


@strawberry.type
class EventMutations:
    """What changes events."""

    @strawberry.mutation(extensions=[Needs(Scope.EVENTS_WRITE)])
    async def track(self, info: Info, input: TrackInput) -> TrackResult:  # noqa: A002 - the argument's name on the wire
        """Tell the hub that something happened. It is durable before the answer."""
        source = info.context.caller.source
        if source is None:
            raise Forbidden(Scope.EVENTS_WRITE)
        try:
            event = await intake.track(
                source,
                input.happening,
                key=input.idempotency_key,
                now=info.context.clock(),
                region=info.context.settings.phone_region,
            )
        except EventRefused as error:
            return InvalidEvent.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return TrackPayload(event=Event.of(event))
