"""What one customer does under the same identifiers, acknowledged in order, is applied in order."""

import asyncio
import random
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from hub.database import Database
from hub.intake.ringer import Ringer
from hub.intake.router import BATCH, Router
from tests.intake.inflow import APP, NOW, SHOP, Silence, identify, route_all, router, said, track
from tests.intake.test_dying import work_on_everything

PEOPLE = 5
PAIRS = 12


async def say_pairs(person: int, chance: random.Random) -> None:
    """Say pairs of things, the second of each only when the first is acknowledged, by one source or another."""
    for pair in range(PAIRS):
        for place in range(2):
            call = identify(
                anonymousId=f"phone {person}",
                userId=f"u{person}",
                messageId=f"{person}/{pair:02}/{place}",
                traits={"last": f"{pair:02}/{place}"},
            )
            at = NOW + timedelta(milliseconds=10 * pair + 5 * place)
            await said(call, source=chance.choice((SHOP, APP)), now=at)
        await asyncio.sleep(chance.random() / 500)


async def assert_in_order(database: Database, seed: int) -> None:
    order: defaultdict[str, list[str]] = defaultdict(list)
    async for row in database["events"].find({"routed": True}).sort("seq", 1):
        person, _, number = row["message_id"].partition("/")
        order[person].append(number)
    expected = [f"{pair:02}/{place}" for pair in range(PAIRS) for place in range(2)]
    assert dict(order) == {str(person): expected for person in range(PEOPLE)}, f"seed {seed}"
    last = [row["traits"]["last"] async for row in database["profiles"].find()]
    assert last == [expected[-1]] * PEOPLE, f"seed {seed}"


async def test_a_router_that_is_behind_takes_three_batches_at_once_and_keeps_the_order_of_each_customer(
    database: Database,
) -> None:
    people, rounds = 40, (2 * BATCH + 1_400) // 40
    for each in range(rounds):
        calls = [track("X", userId=f"u{it}", messageId=f"{it}/{each:04}") for it in range(people)]
        await said(*calls, now=NOW + timedelta(milliseconds=each))
    working = router()

    worked = [await working.step() for _ in range(3)]

    assert worked == [BATCH, BATCH + 1_400, 0]  # the second time more than two batches can hold
    order: defaultdict[str, list[str]] = defaultdict(list)
    async for row in database["events"].find({"routed": True}).sort("seq", 1):
        person, _, number = row["message_id"].partition("/")
        order[person].append(number)
    expected = [f"{each:04}" for each in range(rounds)]
    assert dict(order) == {str(person): expected for person in range(people)}


async def test_pairs_are_applied_in_order_by_rivals_of_which_one_is_killed(database: Database) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    speaking = [asyncio.create_task(say_pairs(person, chance)) for person in range(PEOPLE)]
    rivals = [asyncio.create_task(keep_at_it(f"router {place}", chance, speaking)) for place in range(3)]
    await speaking[0]
    rivals[0].cancel()
    await asyncio.gather(*speaking, *rivals[1:])
    with suppress(asyncio.CancelledError):
        await rivals[0]

    await route_all()

    await assert_in_order(database, seed)


async def keep_at_it(name: str, chance: random.Random, speaking: list[asyncio.Task[None]]) -> None:
    while not all(it.done() for it in speaking):
        await work_on_everything(name, chance)
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("off", [-5, 5])
async def test_a_router_whose_clock_is_five_seconds_off_puts_nothing_out_of_order(off: int, database: Database) -> None:
    """Each takes a turn at the same customers, so that what one has placed the other goes on from."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    now = NOW

    def wrong() -> datetime:
        return now + timedelta(seconds=off)

    routers = [Router("right", Ringer(Silence()), lambda: now), Router("wrong", Ringer(Silence()), wrong)]
    for pair in range(PAIRS):
        for place in range(2):
            now = NOW + timedelta(milliseconds=10 * pair + 5 * place)
            await said(
                *(
                    identify(
                        userId=f"u{it}", messageId=f"{it}/{pair:02}/{place}", traits={"last": f"{pair:02}/{place}"}
                    )
                    for it in range(PEOPLE)
                ),
                now=now,
            )
            chance.shuffle(routers)
            await database["routers"].delete_many({})
            assert await routers[0].step() == PEOPLE
            await database["routers"].delete_many({})

    await assert_in_order(database, seed)
