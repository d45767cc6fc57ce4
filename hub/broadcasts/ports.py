"""What broadcasts need from outside."""

from typing import Protocol
from uuid import UUID

from hub.kit.errors import HubError


class NotRung(HubError):
    """A broadcast could not be rung. Nothing is lost: the keeper rings again."""

    code = "NOT_RUNG"


class BroadcastBell(Protocol):
    """Wakes the workflow of a broadcast, or starts it. A ring has no content and may be lost or doubled."""

    async def ring(self, broadcast_id: UUID, /) -> None:
        """Ring once.

        Raises:
            NotRung: nobody answered.
        """
        ...
