"""Messages: what was told to a profile, and what became of it."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from hub.events.announcing import HUB
from hub.messaging import model
from hub.messaging.model import MessageClass, Outcome, State
from hub.profiles.model import Channel
from hub_api.nodes import global_id
from hub_api.timeline import TimelineEntry


@strawberry.type
class Attempt:
    """One call to a provider, or one look-up at it."""

    at: datetime = strawberry.field(description="When it began.")
    channel: Channel = strawberry.field(description="On which channel.")
    provider: str = strawberry.field(description="Through whom.")
    outcome: Outcome = strawberry.field(description="How it ended.")
    provider_id: str | None = strawberry.field(description="The provider's own id of the message.")
    detail: str | None = strawberry.field(description="What the provider said, without the customer's data.")

    @classmethod
    def of(cls, attempt: model.Attempt) -> Self:
        """Show an attempt."""
        return cls(
            at=attempt.at,
            channel=attempt.channel,
            provider=attempt.provider,
            outcome=attempt.outcome,
            provider_id=attempt.provider_id,
            detail=attempt.detail,
        )


@strawberry.type
class Message(TimelineEntry):
    """One attempt to tell one profile one thing."""

    profile_id: strawberry.Private[UUID]
    template: str = strawberry.field(description="What it says.")
    channel: Channel = strawberry.field(description="The channel it is on.")
    channels: list[Channel] = strawberry.field(description="The channels it may take, in this order.")
    message_class: MessageClass = strawberry.field(description="What to do where nobody can tell if it arrived.")
    state: State = strawberry.field(description="Where it stands.")
    reason: str | None = strawberry.field(description="Why it was not sent.")
    attempts: list[Attempt] = strawberry.field(description="The calls that were made for it, from the first on.")
    created_at: datetime = strawberry.field(description="When it was decided.")
    due: datetime | None = strawberry.field(description="When it is tried next; none once it is settled.")
    delivered_at: datetime | None = strawberry.field(description="When it reached the mailbox or device, as reported.")
    opened_at: datetime | None = strawberry.field(description="When it was first opened by a person.")
    clicked_at: datetime | None = strawberry.field(description="When a link in it was first followed.")
    bounced_at: datetime | None = strawberry.field(description="When it came back.")
    complained_at: datetime | None = strawberry.field(description="When the customer reported it as unwanted.")
    duplicated_at: datetime | None = strawberry.field(description="When a provider first told of it a second time.")
    brand: str = strawberry.field(description="The brand that sends it.")
    topic: str = strawberry.field(description="What it is about, for consent.")
    journey: str | None = strawberry.field(description="The name of the journey that sends it, if one does.")
    version: int | None = strawberry.field(description="The version of that journey.")
    step: str | None = strawberry.field(description="The step that sends it.")
    broadcast_id: strawberry.ID | None = strawberry.field(description="The broadcast that sends it, if one does.")
    run_id: strawberry.ID | None = strawberry.field(description="The run that sends it.")
    why: JSON = strawberry.field(
        description="What its channels and its hour were chosen by, where a broadcast asked for the best: an object."
    )
    snippets: list[str] = strawberry.field(description="The versions of snippets that it says, such as `footer/3`.")

    @classmethod
    def of(cls, message: model.Message) -> Self:
        """Show a message."""
        return cls(
            id=global_id("Message", message.id),
            at=message.created_at,
            name=message.template,
            source=HUB.id,
            profile_id=message.profile_id,
            template=message.template,
            channel=message.channel,
            channels=list(message.channels),
            message_class=message.message_class,
            state=message.state,
            reason=message.reason,
            attempts=[Attempt.of(attempt) for attempt in message.attempts],
            created_at=message.created_at,
            due=message.due,
            delivered_at=message.delivered_at,
            opened_at=message.opened_at,
            clicked_at=message.clicked_at,
            bounced_at=message.bounced_at,
            complained_at=message.complained_at,
            duplicated_at=message.duplicated_at,
            brand=message.brand,
            topic=message.topic,
            journey=message.journey,
            version=message.version,
            step=message.step,
            broadcast_id=global_id("Broadcast", message.broadcast_id) if message.broadcast_id else None,
            run_id=global_id("Run", message.run_id) if message.run_id else None,
            why=JSON(dict(message.why)),
            snippets=list(message.snippets),
        )
