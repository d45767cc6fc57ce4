"""Enrolments: in which programs a customer is."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from hub.access.model import Caller, Scope
from hub.commerce.checks import stamped
from hub.database import OwnIds
from hub.membership import model, report, store
from hub.membership.model import Way
from hub_api.context import Info
from hub_api.needs import Needs


@strawberry.type
class Enrolment:
    """That a customer is a member of a program. Who is limited to stores is not told where it was in another."""

    profile_id: strawberry.Private[UUID]
    program: str = strawberry.field(description="The program.")
    joined_at: datetime = strawberry.field(description="Since when.")
    way: Way = strawberry.field(description="By which way they joined.")
    store_id: str | None = strawberry.field(description="In which store, if in one.")
    campaign: str | None = strawberry.field(description="What led them to it.")
    associate_id: str | None = strawberry.field(description="Who of the staff enrolled them.")
    consent_version: str | None = strawberry.field(description="Which text of the terms they agreed to.")

    @classmethod
    def of(cls, enrolment: model.Enrolment, caller: Caller) -> Self:
        """Show an enrolment, as far as the caller sees its store."""
        joining = enrolment.joining
        seen = caller.sees_store(joining.store_id)
        return cls(
            profile_id=enrolment.profile_id,
            program=enrolment.program,
            joined_at=enrolment.joined_at,
            way=joining.way,
            store_id=joining.store_id if seen else None,
            campaign=joining.campaign if seen else None,
            associate_id=joining.associate_id if seen else None,
            consent_version=joining.consent_version,
        )


@strawberry.type
class Enrolled:
    """In which programs a profile is."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def enrolments(self, info: Info, program: str | None = None) -> list[Enrolment]:
        """In which programs this customer is, by name; or in the one that is named, if they are."""
        found = await info.context.loaders.one(store.of, self.own_ids) or []
        return [Enrolment.of(it, info.context.caller) for it in found if program in {None, it.program}]


@strawberry.type
class JoinCount:
    """Who joined with one associate in one store. A person counts once."""

    store_id: str | None = strawberry.field(description="The store, if it was in one.")
    associate_id: str | None = strawberry.field(description="Who of the staff enrolled them, if somebody did.")
    joins: int = strawberry.field(description="How many joined.")
    first_purchases: int = strawberry.field(description="How many of these have bought since, or as they joined.")


@strawberry.type
class JoinQueries:
    """How joining is counted."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def joins(self, info: Info, program: str, since: datetime, until: datetime | None = None) -> list[JoinCount]:
        """How many joined a program by store and associate, from `since` to before `until`, or now; of one's stores."""
        caller, now = info.context.caller, info.context.clock()
        found = await report.joins(program, stamped(since), stamped(until) if until else now)
        return [
            JoinCount(
                store_id=it.store_id,
                associate_id=it.associate_id,
                joins=it.joins,
                first_purchases=it.first_purchases,
            )
            for it in found
            if caller.sees_store(it.store_id)
        ]
