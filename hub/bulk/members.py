"""Members: who is in a segment, row after row, as `export profiles` shows them, with since when they are in."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from hub.bulk import exports
from hub.bulk.rows import HUB
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument, profile_of
from hub.segments import store


async def rows(segment: str) -> AsyncIterator[dict[str, Any]]:
    """Give a row of every member, in order of their ids. A row is as it is when it is read."""
    async for batch in batches(segment):
        for profile, row in zip(batch, await exports.shown(batch), strict=True):
            yield {**row, HUB: {**row[HUB], "since": _since(profile, segment)}}


async def batches(segment: str) -> AsyncIterator[list[Profile]]:
    """Give the members themselves, never many at once. Who was absorbed is in as their head, and not for themselves."""
    async for batch in exports.batches(ProfileDocument, {**store.members_of(segment), "absorbed_by": None}):
        yield [profile_of(row) for row in batch]


def _since(profile: Profile, segment: str) -> datetime | None:
    return next((it["since"] for it in profile.segments["in"] if it["name"] == segment), None)
