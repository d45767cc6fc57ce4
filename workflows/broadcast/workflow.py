"""The workflow of a broadcast: only time, a bell and one activity. It knows no customer, and carries nothing on."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.broadcast.model import ADVANCE, WORKFLOW, Advance, Advanced, BroadcastId
    from workflows.ringing import RING

_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5))


@workflow.defn(name=WORKFLOW)
class BroadcastWorkflow:
    """Advances its broadcast until there is nothing to do. Whoever changes it then has it rung, and so started anew."""

    def __init__(self) -> None:
        self._rung = False

    @workflow.signal(name=RING)
    def ring(self) -> None:
        """Look again soon. Lost or doubled rings do no harm: every look asks MongoDB what there is to do."""
        self._rung = True

    @workflow.run
    async def run(self, broadcast: BroadcastId) -> None:
        """Drive one broadcast."""
        while True:
            self._rung = False
            advanced = await self._advance(broadcast)
            if advanced.idle_seconds is None and not self._rung:
                return
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(broadcast)  # carries nothing: the next execution begins by asking
            await self._sleep_until_rung_or(advanced.idle_seconds or 0)

    async def _advance(self, broadcast: BroadcastId) -> Advanced:
        advanced: Advanced = await workflow.execute_activity(
            ADVANCE,
            Advance(broadcast=broadcast.id, now=workflow.now()),
            result_type=Advanced,
            start_to_close_timeout=timedelta(seconds=30),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=_RETRY,
        )
        return advanced

    async def _sleep_until_rung_or(self, seconds: float) -> None:
        try:
            await workflow.wait_condition(lambda: self._rung, timeout=timedelta(seconds=seconds))
        except TimeoutError:
            return
