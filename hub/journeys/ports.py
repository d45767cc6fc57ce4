"""What journeys need from outside."""

from typing import Protocol

from hub.kit.errors import HubError


class NotRung(HubError):
    """A cohort could not be rung. Nothing is lost: the keeper rings again."""

    code = "NOT_RUNG"


class CohortBell(Protocol):
    """Wakes the workflow of a cohort, or starts it. A ring has no content and may be lost or doubled."""

    async def ring(self, cohort: str, /) -> None:
        """Ring once.

        Raises:
            NotRung: nobody answered.
        """
        ...
