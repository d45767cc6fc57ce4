"""The back-fill: profiles that do not know the newest definitions are completed, batch by batch.

What they count follows from their own events, and in which segments they are from what they are.

Events go on being applied meanwhile, and none is lost or counted twice, whoever else fills or dies:

- What a profile has taken in at the revision that is read is what is stamped with its ids, and what it still names as
  counted. A name is taken away only after its event is stamped, so between both none is missing.
- What is taken in later raises the revision. Then this attempt is not saved, and the profile is still behind.
- What is taken in after the save finds states of the new version and counts itself. Before it, Apply leaves a state
  of another version alone.

Nothing is kept about how far it has come: the index of what is behind is the memory.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.commerce import reading
from hub.commerce.reading import BadOrder
from hub.events import store as events_store
from hub.events.model import Event
from hub.intake import standing
from hub.intake.standing import Defined
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.rollups import rules, store
from hub.rollups.catalogue import Catalogue
from hub.segments import store as segments_store

BATCH: Final = 100
_CHOICE: Final = 10 * BATCH


async def step(defined: Defined, *, now: datetime) -> int:
    """Complete one batch of profiles, and tell how many were taken up: none where all know what is defined."""
    behind = await store.behind(defined.rollups.edition, _CHOICE)
    behind = behind or await segments_store.behind(defined.segments.edition, _CHOICE)
    # Any of them: processes that fill at the same time should not all take the same ones.
    chosen = behind if len(behind) <= BATCH else random.sample(behind, BATCH)
    profiles = await profiles_store.load(chosen)
    history = await _history(profiles.values(), _missing(profiles.values(), defined.rollups))
    filled = [standing.completed(it, history[it.id], defined, now=now) for it in profiles.values()]
    await profiles_store.save(filled, token=ids.new_id())
    return len(behind)


async def progress(defined: Defined) -> tuple[int, int]:
    """Tell how many profiles know all that is defined, of how many."""
    counted, total = await store.progress(defined.rollups.edition)
    sorted_ = (await segments_store.progress(defined.segments.edition))[0] if defined.segments.edition else total
    return min(counted, sorted_), total


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
