"""The invariants of a cohort (docs/adr/0003-cohorts.md) on Temporal's own server and on the time-skipping one."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from hub.intake.ringer import Ringer
from hub.journeys import cohorts, keeper
from hub.journeys.model import Run, Status, Version
from hub.journeys.ports import NotRung
from hub.journeys.runs import RunDocument
from hub.settings import Settings
from runtime.embedded import programs
from tests.journeys import stage
from tests.journeys.stage import DAY
from tests.workflows.cohorts import handle, working
from workflows.cohort.bell import TemporalBell

pytestmark = pytest.mark.usefixtures("database")


def journey(wait: str, name: str | None = None) -> str:
    """A journey of a name nobody has used: Temporal remembers the cohorts of the tests before."""
    return stage.CART.replace("wait: 1h", f"wait: {wait}").replace(
        "journey: cart", f"journey: {name or f'cart-{uuid4().hex}'}"
    )


async def entered(version: Version, source: str, order: str = "A-1") -> Run:
    person = await stage.person(name="Ada Lovelace", email="ada@example.com", country="DE")
    return await stage.enter(version, stage.checkout(person, order), source=source, now=datetime.now(UTC))


async def until_waiting(run: Run) -> None:
    while (await stage.stored(run)).due is None or await stage.sent(run) != ["hello"]:  # noqa: ASYNC110  only MongoDB knows
        await asyncio.sleep(0.05)


async def until_asleep(version: Version) -> None:
    while not await cohorts.asleep({version.cohort}):  # noqa: ASYNC110  only MongoDB knows
        await asyncio.sleep(0.05)


async def until_begun(client: Client, version: Version, after: str | None = None) -> str:
    """Wait for the first execution of a cohort, or for the one after another, and give its id."""
    while True:
        await asyncio.sleep(0.1)
        with suppress(RPCError):  # there is none yet
            found = (await handle(client, version).describe()).run_id
            if found != after:
                return found


@asynccontextmanager
async def kept(client: Client) -> AsyncIterator[None]:
    """A keeper and its ringer, by whose clock all is late, so that the keeper does not have to look twice."""
    ringer = Ringer(TemporalBell(client))
    keeping = asyncio.create_task(keeper.keep(ringer.ask, lambda: datetime.now(UTC) + 31 * DAY))
    ringing = asyncio.create_task(ringer.run())
    try:
        yield
    finally:
        keeping.cancel()
        ringing.cancel()
        await asyncio.wait([keeping, ringing])


async def until_ended(run: Run, *, within: float = 20) -> Run:
    ends = time.monotonic() + within
    while (now := await stage.stored(run)).live:
        assert time.monotonic() < ends, f"The run still waits: {now}"
        await asyncio.sleep(0.05)
    return now


async def test_a_cohort_that_is_rung_drives_its_runs_to_their_end_and_ends_when_it_is_empty(
    temporal_client: Client,
) -> None:
    source = journey("1s")
    version = await stage.publish(source)
    runs = [await entered(version, source, f"A-{number}") for number in range(5)]
    async with working(temporal_client) as nudges:
        await TemporalBell(temporal_client).ring(version.cohort)
        await handle(temporal_client, version).result()

    assert [await stage.sent(run) for run in runs] == [["hello", "german"]] * 5
    assert nudges
    description = await handle(temporal_client, version).describe()
    assert description.status is WorkflowExecutionStatus.COMPLETED


async def test_a_history_holds_the_name_of_the_cohort_times_and_nothing_of_the_customer(
    temporal_client: Client,
) -> None:
    source = journey("1s")
    version = await stage.publish(source)
    await entered(version, source)
    async with working(temporal_client):
        await TemporalBell(temporal_client).ring(version.cohort)
        await handle(temporal_client, version).result()

    history = await handle(temporal_client, version).fetch_history()
    payloads = b" ".join(
        payload.data
        for event in history.events
        for payload in (
            *event.workflow_execution_started_event_attributes.input.payloads,
            *event.activity_task_scheduled_event_attributes.input.payloads,
            *event.activity_task_completed_event_attributes.result.payloads,
            *event.workflow_execution_signaled_event_attributes.input.payloads,
        )
    ).decode()
    assert version.cohort in payloads
    for personal in ("Ada", "Lovelace", "example.com", "DE"):
        assert personal not in payloads


async def test_an_input_during_a_long_wait_ends_the_run_at_once_when_the_cohort_is_rung(
    temporal_client: Client,
) -> None:
    source = journey("30d")
    version = await stage.publish(source)
    leaver, buyer = await entered(version, source, "A-1"), await entered(version, source, "A-2")
    bell = TemporalBell(temporal_client)
    async with working(temporal_client):
        await bell.ring(version.cohort)
        await until_waiting(buyer)
        await until_asleep(version)
        await stage.order_completed(buyer)
        await bell.ring(version.cohort)

        assert (await until_ended(buyer, within=5)).status is Status.EXITED
        assert (await stage.stored(leaver)).live
        await stage.order_completed(leaver)
        await bell.ring(version.cohort)
        await handle(temporal_client, version).result()
    assert [await stage.sent(run) for run in (leaver, buyer)] == [["hello"], ["hello"]]


async def test_a_wait_of_thirty_days_is_due_exactly_then_and_passes_in_seconds(
    time_skipping: WorkflowEnvironment,
) -> None:
    client, source = time_skipping.client, journey("30d")
    version = await stage.publish(source)
    run = await entered(version, source)
    began = time.monotonic()
    async with working(client):
        await TemporalBell(client).ring(version.cohort)
        async with time_skipping.time_skipping_unlocked():
            await handle(client, version).result()

    assert time.monotonic() - began < 20
    ended = await stage.stored(run)
    [waits] = [mark for mark in ended.trail if mark.did == "waits"]
    assert waits.detail == {"until": waits.at + 30 * DAY}
    assert ended.ended_at is not None
    assert timedelta() <= ended.ended_at - waits.detail["until"] < timedelta(minutes=1)
    assert await stage.sent(run) == ["hello", "german"]


async def test_two_workers_and_doubled_rings_send_each_message_once(
    temporal_client: Client, temporal_address: str
) -> None:
    source = journey("1s")
    version = await stage.publish(source)
    runs = [await entered(version, source, f"A-{number}") for number in range(20)]
    bell = TemporalBell(temporal_client)
    async with working(temporal_client), working(await Client.connect(temporal_address)):
        await asyncio.gather(*(bell.ring(version.cohort) for _ in range(8)))
        await handle(temporal_client, version).result()

    assert [await stage.sent(run) for run in runs] == [["hello", "german"]] * 20


async def test_a_bell_without_a_temporal_says_so() -> None:
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)

    with pytest.raises(NotRung):
        await TemporalBell(nowhere).ring("cart/1/0")


async def test_without_temporals_database_all_runs_go_on_from_mongodb(
    temporal_client: Client, settings: Settings, tmp_path: Path
) -> None:
    """A second server starts empty, with histories so short that the cohort continues as new again and again."""
    source = journey("30d")
    version = await stage.publish(source)
    runs = [await entered(version, source, f"A-{number}") for number in range(3)]
    async with working(temporal_client):
        await TemporalBell(temporal_client).ring(version.cohort)
        for run in runs:
            await until_waiting(run)
    await handle(temporal_client, version).terminate()

    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(programs.temporal(settings).path),
        dev_server_database_filename=str(tmp_path / "temporal.db"),
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=8"],
    ) as empty:
        async with working(empty.client), kept(empty.client):
            first = await until_begun(empty.client, version)
            await until_begun(empty.client, version, after=first)
            await RunDocument.get_pymongo_collection().update_many({}, {"$set": {"due": datetime.now(UTC)}})
            ended = [await until_ended(run) for run in runs]
            await handle(empty.client, version).result()
        overtaken = await handle(empty.client, version, first).describe()
        began_with = (await handle(empty.client, version).fetch_history()).events[0]

    assert [run.status for run in ended] == [Status.FINISHED] * 3
    assert [await stage.sent(run) for run in runs] == [["hello", "german"]] * 3
    assert overtaken.status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    [carried] = began_with.workflow_execution_started_event_attributes.input.payloads
    assert json.loads(carried.data) == {"name": version.cohort}
