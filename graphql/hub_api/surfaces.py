"""Surfaces: what is live on each."""

from typing import Self

import strawberry

from hub.access.model import Scope
from hub.messaging.surfaces import Surface
from hub.surfaces import model, service
from hub_api.needs import Needs


@strawberry.type
class LiveMessage:
    """Something that customers may be told on a surface as of now."""

    template: str | None = strawberry.field(description="What it says, where it is sent.")
    brand: str | None = strawberry.field(description="The brand that sends it.")
    topic: str | None = strawberry.field(description="What it is about, for consent, where it is sent.")
    journey: str | None = strawberry.field(description="The journey that sends it, if one does.")
    version: int | None = strawberry.field(description="The version of that journey or content.")
    step: str | None = strawberry.field(description="The step that sends it.")
    broadcast: str | None = strawberry.field(description="The name of the broadcast that sends it, if one does.")

    content: str | None = strawberry.field(description="The content that is shown, where nothing is sent.")

    @classmethod
    def of(cls, message: model.LiveMessage) -> Self:
        """Show a live message."""
        return cls(
            template=message.template,
            brand=message.brand,
            topic=message.topic,
            journey=message.journey,
            version=message.version,
            step=message.step,
            broadcast=message.broadcast,
            content=message.content,
        )


@strawberry.type
class SurfaceContent:
    """A surface, and what is live there."""

    surface: Surface = strawberry.field(description="Where customers meet it.")
    messages: list[LiveMessage] = strawberry.field(
        description="By journey, version and step; then those of broadcasts."
    )


@strawberry.type
class SurfaceQueries:
    """How surfaces are seen."""

    @strawberry.field(extensions=[Needs(Scope.JOURNEYS_READ)])
    async def surfaces(self) -> list[SurfaceContent]:
        """Every surface, with each message that is live there: that somebody may be told by it as of now."""
        found = await service.live()
        return [
            SurfaceContent(surface=surface, messages=[LiveMessage.of(it) for it in messages])
            for surface, messages in found.items()
        ]
