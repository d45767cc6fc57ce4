"""Rows 44 and 56: members are drawn within a budget, nobody twice within the cool-down, and anybody can draw again."""

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID

import pytest

from hub.database import Database
from hub.intake import merging
from hub.kit import ids
from hub.membership import draws, service
from hub.membership.draws import Draw, Giveaway
from tests.killing import killed
from tests.membership.people import APP, NOON, activated, somebody

THANKS = Giveaway("thanks", "club", winners=3, most_per_day=5, cool_down_days=30)
DAY = timedelta(days=1)


@pytest.fixture
async def members(database: Database) -> list[UUID]:
    """Twelve members of the club, joined one after the other; and somebody who is none."""
    del database
    await activated("club")
    await somebody()
    people = [await somebody() for _ in range(12)]
    for it in people:
        await service.join(it, "club", APP, cause=ids.new_id(), at=NOON - DAY, now=NOON)
    return [it.id for it in people]


async def draw(giveaway: Giveaway = THANKS, days: int = 0, key: UUID | None = None) -> Draw:
    return await draws.draw(giveaway, key=key or ids.new_id(), now=NOON + days * DAY)


async def told(database: Database) -> list[UUID]:
    return [it["about"] async for it in database["events"].find({"name": "Giveaway Won"})]


async def test_a_draw_from_eligible_members_at_a_time_is_reproducible_from_stored_seed_and_entrant_list(
    database: Database, members: list[UUID]
) -> None:
    made = await draw()

    (row,) = await database["draws"].find().to_list()
    again = sorted(row["entrants"], key=lambda it: hashlib.sha256(f"{row['seed']}/{it}".encode()).digest())[:3]
    assert again == row["winners"] == list(made.winners)
    assert row["entrants"] == sorted(members)
    assert made.is_reproduced
    assert sorted(await told(database)) == sorted(made.winners)


async def test_no_member_gets_two_inside_the_cool_down_and_a_day_has_a_budget(
    database: Database, members: list[UUID]
) -> None:
    made = [await draw() for _ in range(3)]
    assert [len(it.winners) for it in made] == [3, 2, 0]

    made += [await draw(days=1), await draw(days=1), await draw(days=2), await draw(days=3)]
    assert [len(it.winners) for it in made[3:]] == [3, 2, 2, 0]
    assert sorted(await told(database)) == sorted(members)  # each of them once

    assert len((await draw(days=31)).winners) == 3


async def test_the_same_key_draws_once_and_draws_at_once_share_the_budget(
    database: Database, members: list[UUID]
) -> None:
    del members
    key = ids.new_id()
    same = await asyncio.gather(*(draw(key=key) for _ in range(5)))
    assert len({it.winners for it in same}) == 1

    others = await asyncio.gather(*(draw() for _ in range(5)))

    assert sum(len(it.winners) for it in others) == 2
    assert len(set(await told(database))) == len(await told(database)) == 5


async def test_two_members_who_are_one_take_part_once_and_rest_together(members: list[UUID]) -> None:
    first = await draw(Giveaway("thanks", "club", winners=1, most_per_day=99, cool_down_days=30))
    (winner,) = first.winners
    other = next(it for it in members if it != winner)
    await merging.merge(other, winner, key=ids.new_id(), now=NOON)

    second = await draw(Giveaway("thanks", "club", winners=99, most_per_day=99, cool_down_days=30))

    assert set(second.winners) == set(members) - {other, winner}


async def test_only_who_is_in_the_segment_takes_part(members: list[UUID]) -> None:
    del members

    assert (await draw(Giveaway("thanks", "club", 3, 5, 30, segment="vips"))).entrants == ()


async def test_wherever_it_dies_the_sweep_or_a_repeat_announces_each_winner_once(
    database: Database, members: list[UUID]
) -> None:
    del members
    length = 0
    while True:
        key = ids.new_id()
        giveaway = Giveaway(f"thanks-{length}", "club", 3, 5, 30)
        before = len(await told(database))
        dead = await killed(length, lambda: draw(giveaway, key=key))  # noqa: B023
        await draws.sweep(NOON + timedelta(minutes=1))
        stored = len(await draws.of(giveaway.name))
        assert len(await told(database)) - before == 3 * stored
        await draw(giveaway, key=key)
        assert len(await told(database)) - before == 3
        if not dead:
            break
        length += 1
    assert length == 6  # both halves of three writes
