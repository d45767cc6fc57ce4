"""Rings a workflow by signal-with-start: a sleeping one looks again, a missing one is started."""

from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from hub.kit.errors import HubError

TASK_QUEUE: Final = "hub"
RING: Final = "ring"

_PATIENCE: Final = timedelta(seconds=2)


async def ring(client: Client, workflow: str, about: object, workflow_id: str, *, failed: type[HubError]) -> None:
    """Ring once.

    Args:
        client: of Temporal.
        workflow: its name.
        about: what it is started with, where it is missing.
        workflow_id: its id.
        failed: raised with a sentence where Temporal did not answer.
    """
    try:
        await client.start_workflow(
            workflow,
            about,
            id=workflow_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=RING,
            rpc_timeout=_PATIENCE,
        )
    except RPCError as error:
        raise failed(f"Temporal did not take the ring ({error.status.name}).") from error
    except RuntimeError as error:
        # The SDK says nothing more precise when a lazy client finds no server to connect to.
        raise failed("Temporal could not be reached.") from error
