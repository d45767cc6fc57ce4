"""Receipts: a customer says that one of nobody known is theirs."""

from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce import orders
from hub.intake import claiming
from hub.intake.claiming import CannotClaim, Claim
from hub.kit import ids
from hub.membership import service
from hub.membership.model import Joining, Way
from hub.profiles import store
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.orders import Order
from hub_api.profiles import Profile
from hub_api.subjects import NoSuchProfile, meant


@strawberry.input
class ClaimReceiptInput:
    """The code of a receipt, and whose it is to be."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    receipt_code: str = strawberry.field(description="As it is printed; blanks, hyphens and case do not matter.")
    id: strawberry.ID | None = strawberry.field(default=None, description="The profile; a customer means themself.")
    program: str | None = strawberry.field(default=None, description="Join this program by it, if they are no member.")
    consent_version: str | None = strawberry.field(default=None, description="Which text of its terms was agreed to.")


@strawberry.type
class ClaimReceiptPayload:
    """The order is theirs, with all that it has earned."""

    order: Order = strawberry.field(description="What was bought.")
    profile: Profile = strawberry.field(description="The customer.")


@strawberry.type
class ReceiptRefused(UserError):
    """It is not theirs: `NO_SUCH_RECEIPT`, `ALREADY_USED`, `EXPIRED` or `AMBIGUOUS_RECEIPT`."""

    @classmethod
    def of(cls, error: CannotClaim) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "receiptCode"])


ClaimReceiptResult: TypeAlias = Annotated[
    ClaimReceiptPayload | ReceiptRefused | IdempotencyKeyReused,
    strawberry.union("ClaimReceiptResult", description="What became of `claimReceipt`."),
]


@strawberry.type
class ReceiptMutations:
    """What becomes of receipts."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def claim_receipt(self, info: Info, input: ClaimReceiptInput) -> ClaimReceiptResult:  # noqa: A002 - its name on the wire
        """Let the order of a receipt be a customer's, whom the till did not know. The first who claims it has it."""
        try:
            answer = await info.context.once("claimReceipt", input, lambda: _claim(info, input))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except CannotClaim as error:
            return ReceiptRefused.of(error)
        order_id, profile_id = UUID(answer["order"]), UUID(answer["profile"])
        order = (await orders.load([order_id])).get(order_id)
        head = (await store.heads([profile_id])).get(profile_id)
        if order is None or head is None:
            raise NoSuchProfile  # erased since
        return ClaimReceiptPayload(order=Order.of(order), profile=Profile.of(head))


async def _claim(info: Info, wanted: ClaimReceiptInput) -> Done:
    context, now = info.context, info.context.clock()
    head = await meant(info, wanted.id, Scope.PROFILE_WRITE)
    if wanted.program is not None:
        await service.program_of(wanted.program)  # before anything changes
    key = ids.key_of("claimReceipt", context.caller.kind, context.caller.subject, wanted.idempotency_key)
    order = await claiming.claim(head.id, Claim(wanted.receipt_code, context.settings.receipt_claim_days, key, now))
    store_id = order.contents.store_id if order.contents else None
    if wanted.program is not None:
        joining = Joining(Way.RECEIPT, store_id, consent_version=wanted.consent_version)
        head = (await store.heads([head.id])).get(head.id) or head
        await service.join(head, wanted.program, joining, cause=key, at=now, now=now)
    stores = frozenset({store_id} if store_id else ())
    change = Change("claim receipt", str(head.id), None, {"order": str(order.id)}, stores=stores)
    return Done({"order": str(order.id), "profile": str(head.id)}, change)
