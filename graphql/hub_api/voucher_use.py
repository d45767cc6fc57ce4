"""How orders take vouchers: `reserveVoucher` while an order is being paid, `confirmVoucher`, and `freeVoucher`.

A shop's server asks with the code alone, and is told nothing of whose it is. Tills have `/pos/v1/vouchers/use` instead.
"""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Limited, Scope
from hub.commerce.properties import LONGEST
from hub.kit.errors import HubError
from hub.kit.languages import LAST_RESORT
from hub.rewards.model import RewardKind
from hub.vouchers import using
from hub.vouchers.model import Order, VoucherRefused, VoucherState
from hub.vouchers.using import Granted
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.rewards import RewardValue


class BadOrder(HubError):
    """An order is not named as orders are."""

    code = "BAD_USER_INPUT"


@strawberry.type
class VoucherGrant:
    """What an order gets by a voucher. It says nothing of whose it is."""

    state: VoucherState = strawberry.field(description="Where the voucher stands now.")
    reward: str = strawberry.field(description="The reward's name.")
    kind: RewardKind = strawberry.field(description="What it gives, in a word.")
    label: str = strawberry.field(description="What it is called, in the language that was asked for.")
    value: RewardValue = strawberry.field(description="How much of it.")
    stacking: str | None = strawberry.field(description="Its class: an order takes one voucher of each.")
    leased_until: datetime | None = strawberry.field(description="How long it is the order's that is being paid.")
    used_at: datetime | None = strawberry.field(description="When it was used.")

    @classmethod
    def of(cls, granted: Granted, language: str | None, now: datetime) -> Self:
        """Show what is granted."""
        voucher, reward = granted.voucher, granted.reward
        return cls(
            state=voucher.state_at(now),
            reward=reward.name,
            kind=reward.kind,
            label=reward.label_in(language or LAST_RESORT),
            value=RewardValue.of(reward.gives),
            stacking=reward.stacking,
            leased_until=voucher.leased_until,
            used_at=voucher.used_at,
        )


@strawberry.input
class _OfOrder:
    """What all of them say: a code, and for which order it is shown."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    code: str = strawberry.field(description="The code, as it was typed or scanned.")
    order_id: str = strawberry.field(description="The order, by its name in its source.")
    order_source: str | None = strawberry.field(
        default=None, description="Who tells of the order; the source of your key, if left out."
    )


@strawberry.input
class _InStore(_OfOrder):
    """What those say who want to give the discount."""

    store_id: str | None = strawberry.field(default=None, description="In which store, if in one.")
    language: str | None = strawberry.field(default=None, description="Such as `de-AT`: of the label.")


@strawberry.input
class ReserveVoucherInput(_InStore):
    """A voucher for an order that is being paid."""


@strawberry.input
class ConfirmVoucherInput(_InStore):
    """A voucher for an order that is paid."""


@strawberry.input
class FreeVoucherInput(_OfOrder):
    """A voucher that an order which is not paid lets go."""


@strawberry.type
class ReserveVoucherPayload:
    """It is the order's until its lease is over."""

    grant: VoucherGrant = strawberry.field(description="What the order gets.")


@strawberry.type
class ConfirmVoucherPayload:
    """It is used. The same order again gets the same answer."""

    grant: VoucherGrant = strawberry.field(description="What the order gets.")


@strawberry.type
class FreeVoucherPayload:
    """Its owner can use it again."""

    state: VoucherState = strawberry.field(description="Where the voucher stands now.")


@strawberry.type
class VoucherNotUsable(UserError):
    """The order cannot have it, and nothing was changed: see the code."""

    @classmethod
    def of(cls, error: VoucherRefused) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", error.part])


ReserveVoucherResult: TypeAlias = Annotated[
    ReserveVoucherPayload | VoucherNotUsable | IdempotencyKeyReused,
    strawberry.union("ReserveVoucherResult", description="What became of `reserveVoucher`."),
]
ConfirmVoucherResult: TypeAlias = Annotated[
    ConfirmVoucherPayload | VoucherNotUsable | IdempotencyKeyReused,
    strawberry.union("ConfirmVoucherResult", description="What became of `confirmVoucher`."),
]
FreeVoucherResult: TypeAlias = Annotated[
    FreeVoucherPayload | VoucherNotUsable | IdempotencyKeyReused,
    strawberry.union("FreeVoucherResult", description="What became of `freeVoucher`."),
]


@strawberry.type
class VoucherUseMutations:
    """What shops do with vouchers."""

    @strawberry.mutation(extensions=[Needs(Scope.VOUCHERS_USE)])
    async def reserve_voucher(
        self,
        info: Info,
        input: ReserveVoucherInput,  # noqa: A002 - its name on the wire
    ) -> ReserveVoucherResult:
        """Keep a voucher for an order that is being paid: five minutes. Asking again renews it."""
        order = _order(info, input)
        granted: list[Granted] = []

        async def do() -> Done:
            now = info.context.clock()
            granted.append(await using.reserve(input.code, order, shop=input.store_id, now=now))
            return _done("reserve voucher", granted[0], order)

        try:
            await info.context.once("reserveVoucher", input, do)
            # What was kept of an earlier answer is an id: the voucher is asked as it is now.
            now = info.context.clock()
            shown = granted or [await using.reserve(input.code, order, shop=input.store_id, now=now)]
            return ReserveVoucherPayload(grant=VoucherGrant.of(shown[0], input.language, now))
        except VoucherRefused as error:
            return VoucherNotUsable.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.VOUCHERS_USE)])
    async def confirm_voucher(
        self,
        info: Info,
        input: ConfirmVoucherInput,  # noqa: A002 - its name on the wire
    ) -> ConfirmVoucherResult:
        """Use a voucher for an order, for good. The first order wins; the same again gets the same answer."""
        order = _order(info, input)

        async def do() -> Done:
            now = info.context.clock()
            granted = await using.confirm(input.code, order, shop=input.store_id, now=now)
            return _done("use voucher", granted, order)

        try:
            await info.context.once("confirmVoucher", input, do)
            now = info.context.clock()
            granted = await using.confirm(input.code, order, shop=input.store_id, now=now)
            return ConfirmVoucherPayload(grant=VoucherGrant.of(granted, input.language, now))
        except VoucherRefused as error:
            return VoucherNotUsable.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.VOUCHERS_USE)])
    async def free_voucher(
        self,
        info: Info,
        input: FreeVoucherInput,  # noqa: A002 - its name on the wire
    ) -> FreeVoucherResult:
        """Let go of a voucher that an order has reserved and does not pay for."""
        order = _order(info, input)

        async def do() -> Done:
            now = info.context.clock()
            voucher = await using.free(input.code, order, now=now)
            change = Change("free voucher", str(voucher.id), None, _named(order))
            return Done({"state": voucher.state_at(now).value}, change)

        try:
            answer = await info.context.once("freeVoucher", input, do)
            return FreeVoucherPayload(state=VoucherState(answer["state"]))
        except VoucherRefused as error:
            return VoucherNotUsable.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)


def _order(info: Info, wanted: ReserveVoucherInput | ConfirmVoucherInput | FreeVoucherInput) -> Order:
    caller = info.context.caller
    if not isinstance(wanted, FreeVoucherInput) and not caller.sees_store(wanted.store_id):
        raise Limited
    source = wanted.order_source or (caller.source.id if caller.source else None)
    if source is None:
        raise BadOrder("Your key has no source: name `orderSource`.")
    if not all(1 <= len(it) <= LONGEST for it in (source, wanted.order_id)):
        raise BadOrder(f"`orderId` and `orderSource` have 1 to {LONGEST} characters.")
    return Order(source, wanted.order_id)


def _done(what: str, granted: Granted, order: Order) -> Done:
    voucher_id = str(granted.voucher.id)
    return Done({"voucher": voucher_id}, Change(what, voucher_id, None, _named(order)))


def _named(order: Order) -> dict[str, str]:
    return {"source": order.source, "order_id": order.order_id}
