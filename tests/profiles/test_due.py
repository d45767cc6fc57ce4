"""Which profiles the keepers look at, where several of them look at the same time."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.kit import ids
from hub.profiles import listing, store
from hub.profiles.model import Profile

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def due_before_noon(*minutes: int) -> list[Profile]:
    profiles = [
        Profile(id=ids.new_id(), segments={"due": NOON - it * MINUTE}, first_seen_at=NOON, last_seen_at=NOON)
        for it in minutes
    ]
    await store.save(profiles, token=ids.new_id())
    return profiles


async def test_profiles_are_looked_at_when_they_are_due_and_the_longest_due_first() -> None:
    just, long_, _later = await due_before_noon(0, 5, -1)

    assert [it.id for it in await listing.due(NOON, 2)] == [long_.id, just.id]


async def test_where_many_are_due_each_is_looked_at_and_not_by_all_keepers_at_once() -> None:
    everybody = await due_before_noon(*range(9))
    longest_first = [it.id for it in reversed(everybody)]

    pages = {tuple(it.id for it in await listing.due(NOON, 4)) for _ in range(100)}

    assert pages == {tuple(longest_first[:4]), tuple(longest_first[4:8]), tuple(longest_first[8:])}
