import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from hub.journeys import guards, language, machine
from hub.journeys.guards import GuardDocument
from hub.journeys.model import Run, Version
from hub.kit import ids
from tests.journeys.stage import CART, NOON, checkout

CART_1 = Version("cart", 1)
ADA, BOB = UUID(int=7), UUID(int=8)

pytestmark = pytest.mark.usefixtures("database")


def run_of(profile_id: UUID, order: str = "A-1") -> Run:
    return machine.enter(language.read_published(CART), CART_1, checkout(profile_id, order), now=NOON)


async def holder(run: Run) -> UUID | None:
    row = await GuardDocument.get_pymongo_collection().find_one({"_id": run.guard_id})
    return row and row["run_id"]


async def test_a_guard_admits_the_first_run_and_that_same_run_again() -> None:
    first, second = run_of(ADA), run_of(ADA)

    assert await guards.admit([first]) == {first.id}
    assert await guards.admit([second]) == set()
    assert await guards.admit([first]) == {first.id}
    assert await holder(first) == first.id


async def test_of_two_runs_behind_one_guard_in_one_batch_the_earlier_is_admitted() -> None:
    first, second, other = run_of(ADA), run_of(ADA), run_of(BOB)

    assert await guards.admit([first, second, other]) == {first.id, other.id}


async def test_a_refused_run_harms_no_other_of_its_batch() -> None:
    inside, refused, admitted = run_of(ADA), run_of(ADA), run_of(ADA, "A-2")
    await guards.admit([inside])

    assert await guards.admit([refused, admitted]) == {admitted.id}


async def test_a_released_guard_admits_another_run() -> None:
    first, second = run_of(ADA), run_of(ADA)
    await guards.admit([first])

    await guards.release({first.guard_id: first.id})

    assert await guards.admit([second]) == {second.id}


async def test_a_guard_is_released_only_by_the_run_it_names() -> None:
    first, second = run_of(ADA), run_of(ADA)
    await guards.admit([first])

    await guards.release({second.guard_id: second.id})

    assert await holder(first) == first.id


async def test_two_attempts_at_the_same_run_at_the_same_time_are_both_admitted() -> None:
    for _ in range(30):
        run = replace(run_of(ADA), guard_id=ids.new_id())

        assert await asyncio.gather(*(guards.admit([run]) for _ in range(4))) == [{run.id}] * 4


async def test_of_two_runs_at_the_same_time_exactly_one_is_admitted() -> None:
    for _ in range(20):
        guard = ids.new_id()
        rivals = [replace(run_of(ADA), guard_id=guard) for _ in range(4)]

        admitted = await asyncio.gather(*(guards.admit([run]) for run in rivals))

        assert [len(each) for each in sorted(admitted, key=len)] == [0, 0, 0, 1]


async def test_nobody_to_admit_or_release_is_no_work() -> None:
    assert await guards.admit([]) == set()
    await guards.release({})
