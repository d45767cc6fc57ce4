"""Completing a profile: a customer gives something of themself for an incentive, and is credited for a field once.

Who clears a field and fills it again has completed it already, and so has who was merged with somebody who did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.events import store as events_store
from hub.events.announcing import HUB, Announcement, announce
from hub.events.model import Event
from hub.profiles import fields
from hub.profiles.fields import Value
from hub.profiles.model import Profile

COMPLETED: Final = "Profile Field Completed"


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer says of themself, checked, and which text they agreed to."""

    fields: Mapping[str, Value]
    consent_version: str | None = None


async def say(profile: Profile, said: Said, *, cause: UUID, now: datetime) -> Sequence[str]:
    """Announce what a customer says of themself, durable before this returns. Under the same cause it is one event.

    Returns:
        The fields that were empty before.
    """
    properties = fields.properties_of(said.fields, profile.traits, consent_version=said.consent_version)
    await announce([Announcement(fields.CHANGED, profile.id, str(cause), now, properties)], now=now)
    completed: Sequence[str] = properties["completed"]
    return completed


async def credit(event: Event, profile: Profile, *, now: datetime) -> None:
    """Announce each field that a customer has completed by an event, unless they ever did before."""
    if event.source != HUB.id or event.name != fields.CHANGED:
        return
    made = [_completed(event, name, profile.id) for name in event.properties["completed"]]
    before = await events_store.load(
        [_completed(event, name, own_id).id for name in event.properties["completed"] for own_id in profile.members]
    )
    names = {it.properties["field"] for it in before.values()}
    await announce([it for it in made if it.properties["field"] not in names], now=now)


def _completed(event: Event, name: str, profile_id: UUID) -> Announcement:
    """Say that a field was completed: the same event, whenever it is said of this profile."""
    told = {"field": name, "consent_version": event.properties.get("consent_version")}
    properties = {key: value for key, value in told.items() if value is not None}
    return Announcement(COMPLETED, profile_id, f"field {name}", event.at, properties)
