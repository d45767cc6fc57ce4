"""Rings a broadcast."""

from uuid import UUID

from temporalio.client import Client

from hub.broadcasts.ports import NotRung
from workflows import ringing
from workflows.broadcast.model import WORKFLOW, BroadcastId


class TemporalBroadcastBell:
    """Answers `BroadcastBell` by Temporal."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ring(self, broadcast_id: UUID, /) -> None:
        """Ring once.

        Raises:
            NotRung: Temporal did not answer.
        """
        about = BroadcastId(str(broadcast_id))
        await ringing.ring(self._client, WORKFLOW, about, about.workflow_id, failed=NotRung)
