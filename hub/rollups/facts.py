"""What rules may ask of a profile: its traits by their names, its `stage`, and `preferred.channel` and `.store`.

A trait that has one of these two names cannot be asked for: nobody makes themselves a better customer by saying so.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.profiles import listing
from hub.profiles.model import Profile
from hub.rollups import preferring
from hub.rollups.model import Aspect

_PREFERENCES: Final = tuple(aspect.measure for aspect in Aspect)


def of(profile: Profile, *, now: datetime) -> Mapping[str, Any]:
    """Give the value of `profile` in a condition."""
    found = {it: preferring.preferred(profile.rollups.get(it.measure), now=now) for it in Aspect}
    preferred = {aspect.value: it.value for aspect, it in found.items() if it}
    return {**profile.traits, "stage": profile.stage, "preferred": preferred}


async def load(profile_ids: Collection[UUID], *, rollups: Collection[str]) -> dict[UUID, Profile]:
    """Read profiles, as far as rules may ask of them and of these rollups, by the ids that were asked for.

    Of those that were absorbed it is their head.
    """
    return await listing.outlines(profile_ids, rollups=[*_PREFERENCES, *rollups])
