from datetime import UTC, datetime
from uuid import UUID

import pytest

from hub.database import Database, Row
from hub.intake.repeats import Repeats
from hub.kit import ids

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def batch(*names: str) -> dict[UUID, Row]:
    return {
        ids.key_of(name): {"_id": ids.key_of(name), "name": name, "routed": False, "accepted_at": NOW} for name in names
    }


async def stored(database: Database) -> list[str]:
    return sorted([row["name"] async for row in database["events"].find()])


@pytest.fixture
def repeats() -> Repeats:
    return Repeats()


async def test_a_batch_that_comes_again_is_stored_once_and_its_new_neighbours_too(
    database: Database, repeats: Repeats
) -> None:
    await repeats.store(batch("a", "b"))
    await repeats.store(batch("b", "c"))  # met by the insert
    await repeats.store(batch("a", "c", "d"))  # looked for before it
    await repeats.store(batch("a", "b"))  # nothing is left to insert

    assert await stored(database) == ["a", "b", "c", "d"]


async def test_a_repeat_never_changes_what_is_stored(database: Database, repeats: Repeats) -> None:
    await repeats.store(batch("a"))
    for _ in range(2):
        await repeats.store({key: {**row, "name": "other"} for key, row in batch("a").items()})

    assert await stored(database) == ["a"]
