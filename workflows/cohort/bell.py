"""Rings a cohort."""

from temporalio.client import Client

from hub.journeys.ports import NotRung
from workflows import ringing
from workflows.cohort.model import WORKFLOW, CohortName


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
        await ringing.ring(self._client, WORKFLOW, name, name.workflow_id, failed=NotRung)
