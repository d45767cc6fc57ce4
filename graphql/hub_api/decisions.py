"""Decisions: why something happened to a profile, or did not."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from hub.decisions import model
from hub.decisions.model import Reason
from hub_api.nodes import Node, global_id


@strawberry.type
class Decision(Node):
    """A recorded yes or no about a profile, with its reason."""

    profile_id: strawberry.Private[UUID]
    question: str = strawberry.field(description="What was asked, such as `enter abandoned-cart`.")
    reason: Reason | None = strawberry.field(description="Why the answer was no; none where it was yes.")
    cause: str = strawberry.field(description="What made the hub ask: an event or a visit to a step.")
    at: datetime = strawberry.field(description="When it was decided.")
    detail: JSON = strawberry.field(description="The names and ids it was about: an object.")

    @classmethod
    def of(cls, decision: model.Decision) -> Self:
        """Show a decision."""
        return cls(
            id=global_id("Decision", decision.id),
            profile_id=decision.profile_id,
            question=decision.question,
            reason=decision.reason,
            cause=decision.cause,
            at=decision.at,
            detail=JSON(decision.detail),
        )
