"""A merge, its undoing, an erasure and a back-fill whose process is really killed, at every write, and run again.

They end in the same state as one that nobody disturbed, with nothing done twice, and lock nobody out on the way.
`./dev test` kills an erasure at some of its writes, `./dev chaos` at all.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from hub.database import APP_NAME, Database
from hub.intake import merging
from hub.kit import ids
from hub.privacy import store as erasures
from hub.privacy.service import SECOND_LOOK, Privacy
from hub.profiles import abandoned, identifier_store
from hub.profiles import store as profiles
from hub.profiles.model import Identifier, IdentifierKind
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import NOW, identify, order, route_all, said
from tests.mortal import Mortals, mortals
from tests.privacy.person import lives
from tests.rollups.stage import SPEND, Shop

ROUNDS: Final = int(os.environ.get("HUB_CHAOS_ROUNDS", "0"))
STRIDE: Final = 1 if ROUNDS else 10
NEVER: Final = 10**6
LATER: Final = NOW + SECOND_LOOK + timedelta(seconds=1)
PASSING: Final = {"token"}
"""Fields that name an attempt."""

State = dict[str, list[Any]]


@pytest.fixture
async def mortal(settings: Settings, database: Database) -> AsyncIterator[Mortals]:
    async with mortals(settings, database) as found:
        yield found


async def snapshot(database: Database) -> State:
    names = await database.list_collection_names(filter={"name": {"$not": {"$regex": "^(system\\.|meta$)"}}})
    return {name: rows for name in names if (rows := await database[name].find().sort("_id", 1).to_list())}


async def put_back(database: Database, rows: State) -> None:
    for name in await snapshot(database):
        await database[name].delete_many({})
    for name, kept in rows.items():
        await database[name].insert_many(kept)


def shown(state: State) -> State:
    """Leave out what names an attempt, and not what was done."""
    return {name: [{it: row[it] for it in row.keys() - PASSING} for row in rows] for name, rows in state.items()}


async def transactions(database: Database) -> int:
    """Count the transactions that are open."""
    stages = [
        {"$currentOp": {"allUsers": False, "idleSessions": True}},
        {"$match": {"appName": APP_NAME, "transaction": {"$exists": True}}},
    ]
    return len([row async for row in await database.client.admin.aggregate(stages)])


async def killed_at_every_write(
    database: Database,
    work: Callable[[int], Awaitable[bool]],
    finish: Callable[[], Awaitable[object]],
    *,
    stride: int = 1,
) -> tuple[int, int]:
    """Kill some work at every write, run it again, and compare what it led to.

    Returns:
        At how many halves of a write it was killed, and how often that left a transaction behind.
    """
    before = await snapshot(database)
    assert not await work(NEVER)
    await finish()
    expected = shown(await snapshot(database))
    assert expected != shown(before)
    length = left_behind = 0
    while True:
        await put_back(database, before)
        died = await work(length)
        left_behind += bool(await transactions(database))
        while await transactions(database):
            await abandoned.end(quiet_seconds=0)
        assert not await work(NEVER)
        await finish()
        assert shown(await snapshot(database)) == expected, f"killed after {length} halves of a write"
        if not died:
            return length, left_behind
        length += stride


async def profile_id_of(user_id: str) -> UUID:
    named = Identifier(IdentifierKind.USER, user_id)
    return (await identifier_store.owners([named]))[named].profile_id


async def two() -> tuple[UUID, UUID]:
    """Two customers who have done something, and are one."""
    for user in ("ada", "bob"):
        await said(identify(userId=user, traits={"name": user, user: True}), order(user, f"{user}-1", message=user))
    await route_all()
    return await profile_id_of("ada"), await profile_id_of("bob")


async def test_a_merge_whose_process_is_killed_at_any_write_ends_the_same_when_it_is_run_again(
    mortal: Mortals, database: Database
) -> None:
    ada, bob = await two()
    key = ids.new_id()

    halves, left_behind = await killed_at_every_write(
        database, lambda length: mortal.died(length, "merge", head=ada, other=bob, key=key, now=NOW), route_all
    )

    assert halves >= 12  # both profiles, clashes, the note, the announcement, and the commit
    assert left_behind >= 9
    head = (await profiles.heads([bob]))[bob]
    assert (head.id, head.members, head.events) == (ada, (bob,), 4)


async def test_an_unmerge_whose_process_is_killed_at_any_write_ends_the_same_when_it_is_run_again(
    mortal: Mortals, database: Database
) -> None:
    ada, bob = await two()
    await merging.merge(ada, bob, key=ids.new_id(), now=NOW)
    await route_all()
    key = ids.new_id()

    halves, left_behind = await killed_at_every_write(
        database, lambda length: mortal.died(length, "unmerge", other=bob, key=key, now=NOW), route_all
    )

    assert halves >= 10
    assert left_behind >= 7
    assert (await profiles.load([bob]))[bob].absorbed_by is None


async def test_an_erasure_whose_process_is_killed_at_any_write_ends_with_the_same_receipt_when_it_is_run_again(
    mortal: Mortals, database: Database, settings: Settings
) -> None:
    ada = await lives(settings)

    halves, _ = await killed_at_every_write(
        database,
        lambda length: mortal.died(length, "erase", profile=ada.id, now=NOW),
        lambda: Privacy(settings, DOCUMENTS).look_again(now=LATER),
        stride=STRIDE,
    )

    assert halves >= 30
    assert (await erasures.load([ada.id]))[ada.id].standing is erasures.Standing.ERASED


async def test_a_back_fill_whose_process_is_killed_at_any_write_ends_the_same_when_it_is_run_again(
    mortal: Mortals, database: Database
) -> None:
    shop = Shop(database)
    for place in range(8):
        await shop.bought(2**place, user=f"u{place % 3}")
    await shop.publish(SPEND)

    async def finish() -> None:
        pass

    halves, _ = await killed_at_every_write(database, lambda length: mortal.died(length, "fill", now=shop.now), finish)

    assert halves >= 2


async def test_both_profiles_of_a_merge_that_was_killed_are_free_again_before_mongodb_would_free_them(
    mortal: Mortals, database: Database
) -> None:
    ada, bob = await two()
    length = 0
    while not await transactions(database):
        assert await mortal.died(length, "merge", head=ada, other=bob, key=ids.new_id(), now=NOW)
        length += 1
    assert await abandoned.end() == 0  # somebody alive may be slow

    while await transactions(database):
        await abandoned.end(quiet_seconds=0.05)

    await said(*(identify(userId=user, traits={"seen": "again"}) for user in ("ada", "bob")))
    await route_all()
    assert [(await profiles.load([it]))[it].traits["seen"] for it in (ada, bob)] == ["again"] * 2
