"""Who has to ring a cohort, and when: the awake flag and the keeper (docs/adr/0003-cohorts.md)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.journeys import cohorts, keeper
from hub.journeys.cohorts import CohortDocument
from hub.journeys.model import Version
from tests.journeys import stage
from tests.journeys.stage import HOUR, NOON

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
async def version(database: Database) -> Version:
    del database  # it is emptied and bound
    return await stage.publish()


async def test_while_an_attempt_looks_after_a_cohort_nobody_needs_to_ring(version: Version) -> None:
    assert await cohorts.asleep({version.cohort}) == {version.cohort}

    await cohorts.rise(version.cohort, "first")
    assert await cohorts.asleep({version.cohort}) == set()

    await cohorts.lower(version.cohort, "first")
    assert await cohorts.asleep({version.cohort}) == {version.cohort}


async def test_an_overtaken_attempt_neither_raises_nor_lowers_the_flag(version: Version) -> None:
    await cohorts.rise(version.cohort, "first")
    await cohorts.rise(version.cohort, "second")

    assert not await cohorts.stay(version.cohort, "first")
    await cohorts.lower(version.cohort, "first")

    assert await cohorts.asleep({version.cohort}) == set()
    assert await cohorts.stay(version.cohort, "second")


async def test_a_flag_that_nobody_keeps_up_runs_out(version: Version) -> None:
    await cohorts.rise(version.cohort, "first")
    await CohortDocument.get_pymongo_collection().update_one(
        {"_id": version.cohort},
        [{"$set": {"awake_until": {"$subtract": ["$awake_until", cohorts.AWAKE_MILLISECONDS]}}}],
    )

    assert await cohorts.asleep({version.cohort}) == {version.cohort}


async def test_the_keeper_rings_cohorts_with_woken_or_overdue_runs_and_no_others(version: Version) -> None:
    async def ring_at(now: Any) -> list[str]:
        looked: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        keeping = asyncio.create_task(keeper.keep(lambda found: looked.set_result(list(found)), stage.clock(now)))
        rung = await looked
        keeping.cancel()
        return rung

    assert await ring_at(NOON) == []
    run = await stage.new_run(version)
    assert await ring_at(NOON - HOUR) == [version.cohort]
    await stage.advance(version.cohort, NOON)
    assert await ring_at(NOON + HOUR) == []
    assert await ring_at(NOON + HOUR + SECOND * 3) == [version.cohort]
    await stage.order_completed(run)
    assert await ring_at(NOON) == [version.cohort]
    await stage.advance(version.cohort, NOON)
    assert await ring_at(NOON + HOUR * 9) == []
