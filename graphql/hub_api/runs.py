"""Runs: the ways of a profile through journeys, and what was decided at each step."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from hub.journeys import model
from hub.journeys.model import Status
from hub_api.nodes import Node, global_id


@strawberry.type
class TrailEntry:
    """One line of a run's trail: what was decided, where and when."""

    at: datetime = strawberry.field(description="When it was decided.")
    step: str | None = strawberry.field(description="At which step; none for the entry.")
    did: str = strawberry.field(description="What was decided: `entered`, `waits`, `sends`, `branches`, or the end.")
    detail: JSON = strawberry.field(description="On which values: an object.")

    @classmethod
    def of(cls, mark: model.Mark) -> Self:
        """Show a line of a trail."""
        return cls(at=mark.at, step=mark.step, did=mark.did, detail=JSON(mark.detail))


@strawberry.type
class Run(Node):
    """One profile's way through one version of a journey."""

    profile_id: strawberry.Private[UUID]
    journey: str = strawberry.field(description="The name of the journey.")
    version: int = strawberry.field(description="The version it entered and will finish.")
    key: str | None = strawberry.field(description="What it is about, such as an order; one live run for each.")
    status: Status = strawberry.field(description="Where it stands.")
    step: str | None = strawberry.field(description="The step it waits at, by its place in the document.")
    due: datetime | None = strawberry.field(description="When it goes on.")
    entered_at: datetime = strawberry.field(description="When it entered.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")
    reason: str | None = strawberry.field(description="Why it ended early: the event it left by, or what failed.")
    event_id: strawberry.ID = strawberry.field(description="The event it entered by.")
    trail: list[TrailEntry] = strawberry.field(description="What was decided at each step, from the beginning.")

    @classmethod
    def of(cls, run: model.Run) -> Self:
        """Show a run."""
        return cls(
            id=global_id("Run", run.id),
            profile_id=run.profile_id,
            journey=run.version.journey,
            version=run.version.number,
            key=run.key,
            status=run.status,
            step=run.step,
            due=run.due,
            entered_at=run.entered_at,
            ended_at=run.ended_at,
            reason=run.reason,
            event_id=global_id("Event", run.event_id),
            trail=[TrailEntry.of(mark) for mark in run.trail],
        )
