"""The activity of a cohort: one clock, one attempt at a time, the last look after the flag."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from temporalio.testing import ActivityEnvironment

from hub.database import Database
from hub.journeys import cohorts
from hub.journeys.advance import Advancer
from hub.journeys.model import Run, Version
from hub.journeys.runs import RunDocument
from tests.journeys import stage
from tests.journeys.stage import HOUR, NOON
from workflows.cohort import activity
from workflows.cohort.activity import CohortActivities
from workflows.cohort.model import Advance, Advanced

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
async def version(database: Database, monkeypatch: pytest.MonkeyPatch) -> Version:
    del database  # it is emptied and bound
    monkeypatch.setattr(activity, "LINGER_SECONDS", 0.2)
    return await stage.publish()


def attempt(
    version: Version, now: datetime = NOON, *, age: timedelta = timedelta(), number: int = 1
) -> "asyncio.Task[Advanced]":
    """Start an attempt that the workflow ordered at `now`, and that Temporal started `age` later."""
    environment = ActivityEnvironment()
    ordered = environment.info.scheduled_time
    environment.info = replace(environment.info, started_time=ordered + age, attempt=number)
    activities = CohortActivities(Advancer(), lambda: None)
    order = Advance(cohort=version.cohort, now=now)
    return asyncio.ensure_future(cast("asyncio.Future[Advanced]", environment.run(activities.advance, order)))  # type: ignore[return-value]  # a coroutine becomes a task


async def waiting(version: Version, order: str = "A-1", *, due: datetime) -> Run:
    run = await stage.enter(version, stage.checkout(await stage.person(country="DE"), order))
    await stage.advance(version.cohort, NOON - HOUR)
    await RunDocument.get_pymongo_collection().update_one({"_id": run.id}, {"$set": {"due": due}})
    return run


async def test_an_attempt_works_with_the_workflows_time(version: Version) -> None:
    due, early = await waiting(version, "A-1", due=NOON), await waiting(version, "A-2", due=NOON + HOUR)

    advanced = await attempt(version)

    assert [await stage.sent(run) for run in (due, early)] == [["hello", "german"], ["hello"]]
    assert not advanced.empty
    assert advanced.idle_seconds == pytest.approx(3_600, abs=10)


async def test_a_retry_works_with_a_time_that_includes_its_age(version: Version) -> None:
    due, early = await waiting(version, "A-1", due=NOON + SECOND * 30), await waiting(version, "A-2", due=NOON + HOUR)

    advanced = await attempt(version, age=SECOND * 40)

    assert [await stage.sent(run) for run in (due, early)] == [["hello", "german"], ["hello"]]
    assert advanced.idle_seconds == pytest.approx(3_560, abs=10)


async def test_a_long_poll_works_with_a_time_that_passes(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "LINGER_SECONDS", 5.0)
    run = await waiting(version, due=NOON + SECOND)

    polling = attempt(version)
    await asyncio.sleep(0.5)
    assert await stage.sent(run) == ["hello"]
    await asyncio.sleep(1.5)
    assert await stage.sent(run) == ["hello", "german"]

    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling


async def test_an_attempt_says_that_its_cohort_is_empty_and_leaves_the_flag_down(version: Version) -> None:
    assert await attempt(version) == Advanced(empty=True, idle_seconds=None)

    assert await cohorts.asleep({version.cohort}) == {version.cohort}


async def test_the_flag_is_up_while_an_attempt_polls_and_what_is_written_then_needs_no_bell(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "LINGER_SECONDS", 1.0)
    polling = attempt(version)
    await asyncio.sleep(0.3)

    run = await stage.enter(version, stage.checkout(await stage.person(country="DE")))
    assert await cohorts.asleep({version.cohort}) == set()

    await polling
    assert await stage.sent(run) == ["hello"]


async def test_what_is_written_before_the_flag_goes_down_is_seen_by_the_last_look(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The router writes after the last batch and still sees the flag up, so that it does not ring."""
    lower = cohorts.lower
    asleep: list[set[str]] = []

    async def lower_after_the_router_wrote(cohort: str, token: str) -> None:
        await stage.enter(version, stage.checkout(await stage.person(country="DE")))
        asleep.append(await cohorts.asleep({cohort}))
        await lower(cohort, token)

    monkeypatch.setattr(cohorts, "lower", lower_after_the_router_wrote)

    assert await attempt(version) == Advanced(empty=False, idle_seconds=0)
    assert asleep == [set()]


async def test_an_overtaken_attempt_stops_and_leaves_the_flag_to_the_newer_one(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "LINGER_SECONDS", 30.0)
    monkeypatch.setattr(activity, "FLAG_EVERY_SECONDS", 0.0)
    older = attempt(version, number=1)
    await asyncio.sleep(0.3)

    newer = attempt(version, number=2)
    await asyncio.wait_for(older, 5)

    assert not newer.done()
    assert await cohorts.asleep({version.cohort}) == set()
    newer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await newer
