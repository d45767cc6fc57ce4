"""The workflow of a cohort: only time, a bell and one activity. It knows no run, and carries nothing on."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.cohort.model import ADVANCE, WORKFLOW, Advance, Advanced, CohortName
    from workflows.ringing import RING

_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5))


@workflow.defn(name=WORKFLOW)
class CohortWorkflow:
    """Advances its runs whenever somebody rings or the next one is due, and ends when there are none left."""

    def __init__(self) -> None:
        self._rung = False

    @workflow.signal(name=RING)
    def ring(self) -> None:
        """Look again soon. Lost or doubled rings do no harm: every look asks MongoDB what there is to do."""
        self._rung = True

    @workflow.run
    async def run(self, cohort: CohortName) -> None:
        """Drive one cohort until it is empty."""
        while True:
            self._rung = False
            advanced = await self._advance(cohort)
            if advanced.empty and not self._rung:
                return
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(cohort)  # carries nothing: the next execution begins by asking
            await self._sleep_until_rung_or(advanced.idle_seconds)

    async def _advance(self, cohort: CohortName) -> Advanced:
        advanced: Advanced = await workflow.execute_activity(
            ADVANCE,
            Advance(cohort=cohort.name, now=workflow.now()),
            result_type=Advanced,
            start_to_close_timeout=timedelta(seconds=15),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=_RETRY,
        )
        return advanced

    async def _sleep_until_rung_or(self, seconds: float | None) -> None:
        timeout = None if seconds is None else timedelta(seconds=max(seconds, 0))
        try:
            await workflow.wait_condition(lambda: self._rung, timeout=timeout)
        except TimeoutError:
            return
