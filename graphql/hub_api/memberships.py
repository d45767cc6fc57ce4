"""In which segments a profile is."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.profiles import store as profiles_store
from hub_api.context import Info
from hub_api.needs import Needs


@strawberry.type
class Membership:
    """That a customer is in a segment, and why."""

    name: str = strawberry.field(description="The segment.")
    since: datetime = strawberry.field(description="Since when; where a rule was changed, since that was noticed.")
    cause: str = strawberry.field(description="The event or the moment that led to it, or `definition`.")

    @classmethod
    def of(cls, row: Any) -> Self:
        """Show what a profile keeps."""
        return cls(name=row["name"], since=row["since"], cause=row["cause"])


@strawberry.type
class InSegments:
    """In which segments a profile is."""

    profile_id: strawberry.Private[UUID]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def segments(self, info: Info) -> list[Membership]:
        """In which segments this profile is, by name."""
        profile = await info.context.loaders.one(profiles_store.heads, self.profile_id)
        rows = profile.segments.get("in", ()) if profile else ()
        return sorted(map(Membership.of, rows), key=lambda it: it.name)
