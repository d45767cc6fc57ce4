"""Recorded histories of released workflows: whoever changes a workflow must still be able to go on with them."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from workflows.broadcast.workflow import BroadcastWorkflow
from workflows.cohort.workflow import CohortWorkflow
from workflows.night.workflow import NightWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))
NAMES = [path.stem for path in HISTORIES]


def test_there_is_a_history_of_each_way_through_the_workflow() -> None:
    assert NAMES == [
        "broadcast-continued-as-new",
        "broadcast-rung-while-asleep",
        "broadcast-to-its-end",
        "cohort-continued-as-new",
        "cohort-rung-while-asleep",
        "cohort-to-its-end",
        "night-through-three-days",
    ]


@pytest.mark.parametrize("recorded", [path.read_text(encoding="utf-8") for path in HISTORIES], ids=NAMES)
async def test_a_recorded_history_replays(recorded: str) -> None:
    history = WorkflowHistory.from_json("recorded", recorded)
    replayer = Replayer(workflows=[BroadcastWorkflow, CohortWorkflow, NightWorkflow])

    replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)

    assert replayed.replay_failure is None
