"""The workflow of the nights: only time and one activity. It ends never, and carries nothing on."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.night.model import SPEND, WORKFLOW, Night, Spent

_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=WORKFLOW)
class NightWorkflow:
    """Does the nights that are due, and sleeps until the next one."""

    @workflow.run
    async def run(self) -> None:
        """Do it for ever."""
        while True:
            spent: Spent = await workflow.execute_activity(
                SPEND,
                Night(now=workflow.now()),
                result_type=Spent,
                start_to_close_timeout=timedelta(hours=6),
                heartbeat_timeout=timedelta(seconds=15),
                retry_policy=_RETRY,
            )
            await asyncio.sleep(spent.idle_seconds)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new()  # carries nothing: the next execution begins by asking
