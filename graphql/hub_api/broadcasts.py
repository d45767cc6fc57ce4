"""Broadcasts: one message to everybody in a segment, and what became of it."""

import datetime as dt
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.broadcasts import model, numbers, store
from hub.broadcasts.model import State
from hub.kit import pages
from hub.profiles.model import Channel
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, global_id, parsed, uuid_of


@strawberry.type
class LocalTime:
    """What the clocks show where each customer is."""

    date: dt.date = strawberry.field(description="The day.")
    time: dt.time = strawberry.field(description="The time of the day, to the minute.")


@strawberry.type
class SkippedBroadcastMessages:
    """How many messages of a broadcast must not or cannot be sent, for one reason."""

    reason: str = strawberry.field(description="That of the decision, in lower case.")
    count: int = strawberry.field(description="How many.")


@strawberry.type
class BroadcastNumbers:
    """What became of everybody a broadcast is for, counted now."""

    recipients: int | None = strawberry.field(description="How many it is for; none before it starts.")
    to_come: int | None = strawberry.field(description="For how many there is no message yet.")
    left_out: int = strawberry.field(description="Who was merged with somebody who has one, or erased, has none.")
    waiting: int = strawberry.field(description="Those that wait for a sender, are with one, held or deferred.")
    sent: int = strawberry.field(description="Those that a provider has taken, the delivered among them.")
    delivered: int = strawberry.field(description="Those that a provider reported as delivered.")
    skipped: list[SkippedBroadcastMessages] = strawberry.field(description="Those that must not be sent, by reason.")
    failed: int = strawberry.field(description="Those that were refused, or could not be rendered.")
    unknown: int = strawberry.field(description="Those of which nobody can tell whether they arrived.")
    cancelled: int = strawberry.field(description="Those that were taken back.")
    opened: int = strawberry.field(description="Those of the above that somebody has opened.")
    clicked: int = strawberry.field(description="Those of the above of which somebody has followed a link.")
    bounced: int = strawberry.field(description="Those of the above that came back.")
    complained: int = strawberry.field(description="Those of the above that somebody has complained of.")

    @classmethod
    def of(cls, found: numbers.Numbers) -> Self:
        """Show the numbers."""
        skipped = [SkippedBroadcastMessages(reason=reason, count=count) for reason, count in found.skipped.items()]
        return cls(
            recipients=found.recipients,
            to_come=found.to_come,
            left_out=found.left_out,
            waiting=found.waiting,
            sent=found.sent,
            delivered=found.delivered,
            skipped=skipped,
            failed=found.failed,
            unknown=found.unknown,
            cancelled=found.cancelled,
            opened=found.opened,
            clicked=found.clicked,
            bounced=found.bounced,
            complained=found.complained,
        )


@strawberry.type
class Broadcast(Node):
    """One message to everybody who is in a segment when it starts."""

    broadcast: strawberry.Private[model.Broadcast]
    name: str = strawberry.field(description="What people call it.")
    segment: str = strawberry.field(description="Whom it is for: those who are in it at the start.")
    template: str = strawberry.field(description="What they are told.")
    channels: list[Channel] = strawberry.field(description="The channels it may take, in this order.")
    brand: str = strawberry.field(description="The brand that sends it.")
    topic: str = strawberry.field(description="What it is about, for consent.")
    at: datetime | None = strawberry.field(description="When, if at one time for all.")
    local_at: LocalTime | None = strawberry.field(description="When, if at everybody's own time.")
    per_minute: int | None = strawberry.field(description="How many messages a minute at most; none is no limit.")
    priority: int = strawberry.field(description="0 to 100, against what else the same customers are to be told.")
    best_channel: bool = strawberry.field(description="Whether a customer's best channels are tried first.")
    best_hour: bool = strawberry.field(description="Whether each is told in their best hour.")
    state: State = strawberry.field(description="Where it stands.")
    reason: str | None = strawberry.field(description="Why, where the hub itself paused or cancelled it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    starts_at: datetime = strawberry.field(description="When its recipients are listed.")
    started_at: datetime | None = strawberry.field(description="When they were.")
    ended_at: datetime | None = strawberry.field(description="When it was finished or cancelled.")

    @classmethod
    def of(cls, broadcast: model.Broadcast) -> Self:
        """Show a broadcast."""
        said = broadcast.definition
        local_at = said.local_at
        return cls(
            id=global_id("Broadcast", broadcast.id),
            broadcast=broadcast,
            name=said.name,
            segment=said.segment,
            template=said.template,
            channels=list(said.channels),
            brand=said.brand,
            topic=said.topic,
            at=said.at,
            local_at=LocalTime(date=local_at.date(), time=local_at.time()) if local_at else None,
            per_minute=said.per_minute,
            priority=said.priority,
            best_channel=said.best_first,
            best_hour=said.at_best_hour,
            state=broadcast.state,
            reason=broadcast.reason,
            created_at=broadcast.created_at,
            starts_at=broadcast.starts_at,
            started_at=broadcast.started_at,
            ended_at=broadcast.ended_at,
        )

    @strawberry.field(extensions=[Needs(Scope.JOURNEYS_READ)])
    async def numbers(self, info: Info) -> BroadcastNumbers:
        """What became of everybody it is for, counted now."""
        tally = await info.context.loaders.one(numbers.tallies, self.broadcast.id)
        return BroadcastNumbers.of(numbers.of(self.broadcast, tally or numbers.Tally()))


@strawberry.type
class BroadcastQueries:
    """How broadcasts are found."""

    @strawberry.field(extensions=[Needs(Scope.JOURNEYS_READ)])
    async def broadcasts(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Broadcast]:
        """All broadcasts, the last one made first."""
        return Connection.of(await store.page(pages.span(first, after, last, before)), Broadcast.of)

    @strawberry.field(extensions=[Needs(Scope.JOURNEYS_READ)])
    async def broadcast(self, info: Info, id: strawberry.ID) -> Broadcast | None:  # noqa: A002 - its name on the wire
        """One broadcast."""
        found = await info.context.loaders.one(store.load, id_of(id))
        return Broadcast.of(found) if found else None


def id_of(id_: strawberry.ID) -> UUID:
    """Read the id of a broadcast.

    Raises:
        BadId: it is none.
    """
    type_name, own_id = parsed(id_)
    if type_name != "Broadcast":
        raise BadId
    return uuid_of(own_id)
