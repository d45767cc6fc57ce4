"""The workflow of a broadcast on Temporal's own server: rung by the keeper, it drives it to its end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from hub.broadcasts import keeper, service, store
from hub.broadcasts.model import Broadcast, State
from hub.broadcasts.ports import NotRung
from hub.database import Database
from hub.kit import ids
from hub.settings import Settings
from runtime.embedded import programs
from tests.broadcasts.stage import Stage, everyone_once, states
from tests.messaging.posting import Clock
from tests.workflows.cohorts import working
from workflows.broadcast.bell import TemporalBroadcastBell
from workflows.broadcast.model import BroadcastId

PEOPLE = 20


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def stage(settings: Settings, database: Database) -> Stage:
    """People of today: Temporal's clock is the machine's."""
    del database  # it is emptied and bound
    stage = Stage(settings, Clock(now()))
    await stage.open()
    await stage.people(PEOPLE)
    return stage


@asynccontextmanager
async def kept(client: Client, stage: Stage) -> AsyncIterator[None]:
    """A keeper that rings, and somebody who sends."""

    async def keep_sending() -> None:
        while True:
            stage.clock.now = now()
            await stage.send()
            await asyncio.sleep(0.1)

    tasks = [
        asyncio.create_task(keeper.keep(TemporalBroadcastBell(client), now)),
        asyncio.create_task(keep_sending()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def handle(client: Client, broadcast_id: UUID, run_id: str | None = None) -> WorkflowHandle[object, object]:
    return client.get_workflow_handle(BroadcastId(str(broadcast_id)).workflow_id, run_id=run_id)


async def until(broadcast_id: UUID, state: State, *, within: float = 30) -> Broadcast:
    ends = time.monotonic() + within
    while (found := await store.find(broadcast_id)).state is not state:
        assert time.monotonic() < ends, f"It is not {state}: {found}"
        await asyncio.sleep(0.05)
    return found


async def until_somebody_is_told(stage: Stage) -> None:
    while not stage.told:  # noqa: ASYNC110  it is told by calls of a sender
        await asyncio.sleep(0.05)


async def test_a_broadcast_that_was_stored_is_rung_driven_to_its_end_and_over(
    temporal_client: Client, stage: Stage
) -> None:
    broadcast_id = await stage.create(at=now() + timedelta(seconds=2))
    async with working(temporal_client) as nudges, kept(temporal_client, stage):
        await until(broadcast_id, State.FINISHED)
        await handle(temporal_client, broadcast_id).result()

    assert stage.told == everyone_once(PEOPLE)
    assert nudges
    description = await handle(temporal_client, broadcast_id).describe()
    assert description.status is WorkflowExecutionStatus.COMPLETED


async def test_a_paused_broadcast_lets_its_workflow_end_and_goes_on_in_another(
    temporal_client: Client, stage: Stage
) -> None:
    broadcast_id = await stage.create(per_minute=600)
    async with working(temporal_client), kept(temporal_client, stage):
        await until_somebody_is_told(stage)
        await service.pause(broadcast_id, now=now())
        await handle(temporal_client, broadcast_id).result()
        told, held = stage.told.total(), (await states(broadcast_id))["held"]
        assert 0 < told < PEOPLE
        await asyncio.sleep(1)
        assert stage.told.total() == told
        await service.resume(broadcast_id, now=now())
        await until(broadcast_id, State.FINISHED)

    assert held < PEOPLE - told
    assert stage.told == everyone_once(PEOPLE)


async def test_a_history_holds_the_id_of_the_broadcast_times_and_nothing_of_the_customers(
    temporal_client: Client, stage: Stage
) -> None:
    broadcast_id = await stage.create()
    async with working(temporal_client), kept(temporal_client, stage):
        await until(broadcast_id, State.FINISHED)
        await handle(temporal_client, broadcast_id).result()

    history = await handle(temporal_client, broadcast_id).fetch_history()
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
    assert str(broadcast_id) in payloads
    for personal in ("example.com", "P1", "vips", "Winter"):
        assert personal not in payloads


async def test_without_temporals_database_a_broadcast_goes_on_from_mongodb(
    temporal_client: Client, stage: Stage, settings: Settings, tmp_path: Path
) -> None:
    """A second server starts empty, with histories so short that the workflow continues as new again and again."""
    broadcast_id = await stage.create(per_minute=60)
    async with working(temporal_client), kept(temporal_client, stage):
        await until_somebody_is_told(stage)
    await handle(temporal_client, broadcast_id).terminate()
    assert stage.told.total() < PEOPLE / 2

    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(programs.temporal(settings).path),
        dev_server_database_filename=str(tmp_path / "temporal.db"),
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=8"],
    ) as empty:
        async with working(empty.client), kept(empty.client, stage):
            await until(broadcast_id, State.FINISHED, within=60)
            await handle(empty.client, broadcast_id).result()
        began_with = (await handle(empty.client, broadcast_id).fetch_history()).events[0]

    assert stage.told == everyone_once(PEOPLE)
    started = began_with.workflow_execution_started_event_attributes
    assert started.continued_execution_run_id
    [carried] = started.input.payloads
    assert json.loads(carried.data) == {"id": str(broadcast_id)}


async def test_a_bell_without_a_temporal_says_so() -> None:
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)

    with pytest.raises(NotRung):
        await TemporalBroadcastBell(nowhere).ring(ids.new_id())
