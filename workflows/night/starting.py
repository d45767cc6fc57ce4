"""Starts the workflow of the nights, where it does not run yet."""

import asyncio
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from workflows.night.model import WORKFLOW, WORKFLOW_ID
from workflows.ringing import TASK_QUEUE

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 60.0


async def start(client: Client) -> None:
    """Start it, unless it runs."""
    await client.start_workflow(
        WORKFLOW,
        id=WORKFLOW_ID,
        task_queue=TASK_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


async def keep(client: Client) -> None:
    """Start it whenever it does not run, until cancelled: it outlives Temporal's database, and whoever ends it."""
    while True:
        try:
            await start(client)
        except (RPCError, RuntimeError) as error:
            log.warning("night_not_started", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
