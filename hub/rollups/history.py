"""What profiles have taken in, as far as it is counted and they are not complete for it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from hub.commerce import reading
from hub.commerce.properties import BadOrder
from hub.events import store as events_store
from hub.events.model import Event
from hub.profiles.model import Profile
from hub.rollups import rules
from hub.rollups.catalogue import Catalogue


async def of(profiles: Collection[Profile], catalogue: Catalogue) -> Mapping[UUID, list[Event]]:
    """Read by their ids what these profiles have taken in of all that one of them is not complete for, in no order."""
    return await _history(profiles, _missing(profiles, catalogue))


def _missing(profiles: Collection[Profile], catalogue: Catalogue) -> set[str]:
    """Name the events of the definitions that one of these profiles is not complete for."""
    missing = {measure.name: measure for profile in profiles for measure in rules.missing(profile, catalogue)}
    return {name for measure in missing.values() for name in measure.events}


async def _history(profiles: Collection[Profile], names: Collection[str]) -> Mapping[UUID, list[Event]]:
    """Read what these profiles have taken in, in no order, under the ids of the profiles."""
    owners: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for profile in profiles:
        for own_id in profile.own_ids:
            owners[own_id].append(profile.id)  # an absorbed profile is complete for itself as well
    counted: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for profile in profiles:
        for event_id in profile.counted:
            counted[event_id].append(profile.id)
    history: defaultdict[UUID, dict[UUID, Event]] = defaultdict(dict)
    async for event in events_store.stamped(owners, names):
        for owner in owners[event.profile_id] if event.profile_id else ():
            history[owner][event.id] = event
    for event in (await events_store.load(counted)).values():
        for owner in counted[event.id]:
            history[owner][event.id] = event
    return {it.id: [event for event in history[it.id].values() if _happened(event, it)] for it in profiles}


def _happened(event: Event, profile: Profile) -> bool:
    """Tell whether an event counts: one that was set aside as a bad order is no purchase.

    It may not be stamped yet. Whose it is, it is as good or bad an order.
    """
    return not isinstance(reading.tried(replace(event, profile_id=profile.id)), BadOrder)
