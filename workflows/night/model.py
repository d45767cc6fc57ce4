"""What the workflow of the nights and its activity say to each other. Fields are only ever added."""

from dataclasses import dataclass
from datetime import datetime

WORKFLOW = "night"
SPEND = "night-spend"
WORKFLOW_ID = "night"


@dataclass(frozen=True)
class Night:
    """Do the nights that are due. `now` is the workflow's."""

    now: datetime


@dataclass(frozen=True)
class Spent:
    """None is due for so many seconds."""

    idle_seconds: float
