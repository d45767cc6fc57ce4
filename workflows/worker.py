"""The Temporal worker: which workflows and activities run here, and how."""

from collections.abc import Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from hub.broadcasts.advance import Advancer as BroadcastAdvancer
from hub.broadcasts.model import Limits
from hub.journeys.advance import Advancer
from workflows.broadcast.activity import BroadcastActivities
from workflows.broadcast.workflow import BroadcastWorkflow
from workflows.cohort.activity import CohortActivities
from workflows.cohort.workflow import CohortWorkflow
from workflows.night.activity import spend
from workflows.night.workflow import NightWorkflow
from workflows.ringing import TASK_QUEUE


def make(client: Client, queued: Callable[[], None], limits: Limits, runner: WorkflowRunner | None = None) -> Worker:
    """Make the worker of this process.

    It is unsandboxed, for the sandbox costs 11-18 ms of CPU a workflow; the tests pass a sandboxed runner, which finds
    what a workflow must not do. `queued` is told whenever messages may have been queued. At the `limits` broadcasts
    pause themselves.
    """
    cohorts = CohortActivities(Advancer(), queued)
    broadcasts = BroadcastActivities(BroadcastAdvancer(limits), queued)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[CohortWorkflow, BroadcastWorkflow, NightWorkflow],
        activities=[cohorts.advance, broadcasts.advance, spend],
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
        max_concurrent_activities=50,
        # After a crash the next worker takes over a workflow's tasks in a second, not in ten.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        graceful_shutdown_timeout=timedelta(seconds=2),
    )
