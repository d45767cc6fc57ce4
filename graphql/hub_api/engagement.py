"""Engagement: where and when a customer takes notice of messages."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.contact import hours
from hub.contact.model import Policy
from hub.contact.store import Policies
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.rollups import engagement
from hub.rollups.model import ENGAGEMENT
from hub_api.context import Info
from hub_api.needs import Needs
from hub_api.nodes import global_id


@strawberry.type
class Habit:
    """A channel or an hour at which a customer takes notice of messages, and why the hub believes so."""

    value: str = strawberry.field(description="The channel, such as `push`, or the hour of their day, `0` to `23`.")
    points: int = strawberry.field(description="The weights of the messages that speak for it.")
    messages: int = strawberry.field(description="How many these are.")
    last_at: datetime = strawberry.field(description="When the last of them was taken notice of.")
    last_event_id: strawberry.ID = strawberry.field(description="The event that told so.")

    @classmethod
    def of(cls, habit: engagement.Habit) -> Self:
        """Show a habit."""
        return cls(
            value=habit.value,
            points=habit.points,
            messages=habit.messages,
            last_at=habit.at,
            last_event_id=global_id("Event", habit.event),
        )


@strawberry.type
class Engagement:
    """Where and when a customer takes notice of messages, by the last of them."""

    messages: int = strawberry.field(description="Of how many messages it is known.")
    channels: list[Habit] = strawberry.field(description="The best first; none while too little is known.")
    hours: list[Habit] = strawberry.field(description="As for channels.")
    time_zone: str = strawberry.field(description="Whose hours these are.")


@strawberry.type
class Engaged:
    """What a profile shows of its engagement."""

    profile_id: strawberry.Private[UUID]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def engagement(self, info: Info) -> Engagement:
        """Where and when they take notice of messages."""
        profile = await info.context.loaders.one(profiles_store.heads, self.profile_id) or Profile(self.profile_id)
        policy = await info.context.loaders.one(_policies, None) or Policy()
        [zone, *_] = hours.zones(profile.zone, profile.phone, policy)
        found = engagement.habits(profile.rollups.get(ENGAGEMENT), zone)
        return Engagement(
            messages=found.messages,
            channels=[Habit.of(it) for it in found.channels],
            hours=[Habit.of(it) for it in found.hours],
            time_zone=zone.key,
        )


async def _policies(keys: Collection[None]) -> Mapping[None, Policy]:
    """Read the policy, once for all profiles of an answer."""
    return dict.fromkeys(keys, await Policies().current())
