"""A worker under the sandbox, and what the tests of cohorts ask Temporal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client, WorkflowHandle
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from hub.broadcasts.model import Limits
from hub.journeys.model import Version
from workflows import worker
from workflows.cohort.model import CohortName


@asynccontextmanager
async def working(client: Client) -> AsyncIterator[list[None]]:
    """Run a worker; the list grows whenever it says that messages may have been queued."""
    nudges: list[None] = []
    async with worker.make(client, lambda: nudges.append(None), Limits(), SandboxedWorkflowRunner()):
        yield nudges


def handle(client: Client, version: Version, run_id: str | None = None) -> WorkflowHandle[object, object]:
    return client.get_workflow_handle(CohortName(version.cohort).workflow_id, run_id=run_id)
