"""What the cohort's workflow and its activity say to each other. Fields are only ever added. Ids only, no people."""

from dataclasses import dataclass
from datetime import datetime

WORKFLOW = "cohort"
ADVANCE = "cohort-advance"


@dataclass(frozen=True)
class CohortName:
    """Which cohort: `{journey}/{version}/{shard}`."""

    name: str

    @property
    def workflow_id(self) -> str:
        """The id of the one workflow that drives it."""
        return f"cohort/{self.name}"


@dataclass(frozen=True)
class Advance:
    """Advance what is woken or due in a cohort. `now` is the workflow's."""

    cohort: str
    now: datetime


@dataclass(frozen=True)
class Advanced:
    """What lies before the cohort: nothing (`empty`), or nothing for so many seconds (None: until somebody rings)."""

    empty: bool
    idle_seconds: float | None
