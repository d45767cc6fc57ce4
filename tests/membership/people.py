"""People who join programs, and what is told of it."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from hub.database import Database
from hub.kit import ids
from hub.membership.model import Joining, Way
from hub.profiles import store
from hub.profiles.model import Profile
from hub.programs import service as programs
from tests.programs.written import FINCH

NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
APP: Final = Joining(Way.APP, consent_version="v3")


async def activated(*names: str, at: datetime = NOON) -> None:
    """Have programs of these names."""
    for name in names:
        version = (await programs.draft(FINCH.replace("finch-club", name), by="t", key=name, now=NOON)).version
        await programs.activate(version, by="t", key=name, now=at)


async def somebody(**traits: Any) -> Profile:
    """Make a customer."""
    profile = Profile(id=ids.new_id(), traits=traits, first_seen_at=NOON, last_seen_at=NOON)
    await store.save([profile], token=ids.new_id())
    return await known(profile.id)


async def known(profile_id: UUID) -> Profile:
    return (await store.heads([profile_id]))[profile_id]


async def joins(database: Database) -> list[dict[str, Any]]:
    """Read what was announced, in order of time."""
    found = database["events"].find({"name": "Member Joined"}).sort([("at", 1), ("_id", 1)])
    return [it["properties"] async for it in found]
