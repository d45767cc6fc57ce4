"""Rings a cohort by signal-with-start: a sleeping workflow looks again, a missing one is started."""

from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from hub.journeys.ports import NotRung
from workflows.cohort.model import RING, TASK_QUEUE, WORKFLOW, CohortName

_PATIENCE: Final = timedelta(seconds=2)


class TemporalBell:
    """Answers `CohortBell` by Temporal."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ring(self, cohort: str, /) -> None:
        """Ring once.

        Raises:
            NotRung: Temporal did not answer.
        """
        name = CohortName(cohort)
        try:
            await self._client.start_workflow(
                WORKFLOW,
                name,
                id=name.workflow_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=RING,
                rpc_timeout=_PATIENCE,
            )
        except RPCError as error:
            raise NotRung(f"Temporal did not take the ring ({error.status.name}).") from error
        except RuntimeError as error:
            # The SDK says nothing more precise when a lazy client finds no server to connect to.
            raise NotRung("Temporal could not be reached.") from error
