"""What a broadcast's workflow and its activity say to each other. Fields are only ever added. Ids only, no people."""

from dataclasses import dataclass
from datetime import datetime

WORKFLOW = "broadcast"
ADVANCE = "broadcast-advance"


@dataclass(frozen=True)
class BroadcastId:
    """Which broadcast."""

    id: str

    @property
    def workflow_id(self) -> str:
        """The id of the one workflow that drives it."""
        return f"broadcast/{self.id}"


@dataclass(frozen=True)
class Advance:
    """Advance a broadcast. `now` is the workflow's."""

    broadcast: str
    now: datetime


@dataclass(frozen=True)
class Advanced:
    """For how many seconds there is nothing to do; None: until somebody changes the broadcast, and rings."""

    idle_seconds: float | None
