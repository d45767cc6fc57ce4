"""Entitlement: whether a customer may buy what is opened early, `canAccess`."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.kit.errors import HubError
from hub.rewards.access import Access
from hub.vouchers import entitling
from hub_api.context import Info
from hub_api.needs import Needs
from hub_api.rewards import SENTENCES, Id, RewardReason
from hub_api.subjects import meant


class OneThing(HubError):
    """Neither a variant nor a sale is named, or both."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("Send exactly one of `sku` and `sale`.")


@strawberry.type
class AccessTo:
    """Whether a customer may buy something at a time."""

    profile_id: strawberry.Private[UUID]
    allowed: bool = strawberry.field(description="Whether they may.")
    opens: datetime | None = strawberry.field(description="When it is open to everybody; null if nothing closes it.")
    reasons: list[RewardReason] = strawberry.field(description="Why they may not buy it before that.")

    @classmethod
    def of(cls, access: Access, profile_id: UUID) -> Self:
        """Show the answer."""
        reasons = [RewardReason(code=it.value, message=SENTENCES[it]) for it in access.reasons]
        return cls(profile_id=profile_id, allowed=access.allowed, opens=access.opens, reasons=reasons)


Sku = Annotated[str | None, strawberry.argument(description="A variant that is for sale.")]
Sale = Annotated[str | None, strawberry.argument(description="A sale, by the name that rewards give it.")]
At = Annotated[datetime | None, strawberry.argument(description="When they would buy it; now, if left out.")]


@strawberry.type
class AccessQueries:
    """What a customer may buy."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_self=True)])
    async def can_access(
        self,
        info: Info,
        *,
        sku: Sku = None,
        sale: Sale = None,
        id: Id = None,  # noqa: A002 - its name on the wire
        at: At = None,
    ) -> AccessTo:
        """Whether a customer may buy a variant, or in a sale, at a time: early, if a reward opens it early for them."""
        if (sku is None) == (sale is None):
            raise OneThing
        profile = await meant(info, id, Scope.PROFILE_READ)
        when = at or info.context.clock()
        return AccessTo.of(await entitling.access(profile, sku=sku, sale=sale, at=when), profile.id)
