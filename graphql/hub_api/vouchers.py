"""Vouchers as customers have them: redeemed, shown as a code, given back. How orders take them is in `voucher_use`."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Limited, Scope
from hub.database import OwnIds
from hub.kit import ids, pages
from hub.kit.languages import LAST_RESORT
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from hub.rewards.model import NoSuchReward, Reason
from hub.vouchers import codes, giving, listing, model, pictures, redeeming, waiting
from hub.vouchers.codes import Codes
from hub.vouchers.listing import Shown
from hub.vouchers.model import NoSuchVoucher, RewardUnavailable, VoucherRefused, VoucherState
from hub.vouchers.redeeming import Wish
from hub.vouchers.waiting import Waiting
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, global_id, parsed, uuid_of
from hub_api.rewards import SENTENCES, RewardCost, RewardReason, RewardValue
from hub_api.subjects import meant


@strawberry.type
class VoucherCode:
    """What is shown at the till."""

    text: str = strawberry.field(description="The code, in groups of four.")
    value: str = strawberry.field(description="The code as it is scanned.")
    qr: str = strawberry.field(description="As a QR code: SVG, as a data URI.")
    barcode: str = strawberry.field(description="As Code 128: SVG, as a data URI.")

    @classmethod
    def of(cls, code: str) -> Self:
        """Show a code."""
        return cls(
            text=codes.shown(code),
            value=code,
            qr=_picture(pictures.qr(code)),
            barcode=_picture(pictures.code128(code)),
        )


@strawberry.type
class Voucher(Node):
    """A reward made redeemable, as its owner sees it."""

    profile_id: strawberry.Private[UUID]
    voucher: strawberry.Private[model.Voucher]
    state: VoucherState = strawberry.field(description="Where it stands now.")
    reward: str = strawberry.field(description="The reward's name.")
    version: int = strawberry.field(description="In which version of the reward it was issued.")
    label: str = strawberry.field(description="What it is called, in the nearest language.")
    value: RewardValue = strawberry.field(description="What it gives.")
    cost: RewardCost | None = strawberry.field(description="The points that are held for it; null is nothing.")
    issued_at: datetime = strawberry.field(description="Since when there is it.")
    expires_at: datetime = strawberry.field(description="It can be used before then.")
    used_at: datetime | None = strawberry.field(description="When it was used.")
    order_id: str | None = strawberry.field(description="Which order has or took it.")

    @classmethod
    def of(cls, shown: Shown, language: str) -> Self:
        """Show a voucher, in the nearest language."""
        it, reward = shown.voucher, shown.reward
        cost = it.cost
        return cls(
            id=global_id("Voucher", it.id),
            profile_id=it.profile_id,
            voucher=it,
            state=shown.state,
            reward=it.reward.name,
            version=it.reward.number,
            label=reward.label_in(language),
            value=RewardValue.of(reward.gives),
            cost=RewardCost(program=cost.program, wallet=cost.wallet, points=cost.points) if cost else None,
            issued_at=it.issued_at,
            expires_at=it.expires_at,
            used_at=it.used_at,
            order_id=it.order.order_id if it.order else None,
        )

    @strawberry.field(extensions=[Needs(Scope.PROFILE_WRITE, or_own=True)])
    async def code(self) -> VoucherCode | None:
        """What is shown at the till: whoever has it can use the voucher. Null when it can be used no more."""
        usable = self.state in {VoucherState.ISSUED, VoucherState.RESERVED} and self.voucher.code
        return VoucherCode.of(self.voucher.code) if usable else None


@strawberry.type
class HasVouchers:
    """What a profile shows of its vouchers."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def vouchers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Voucher]:
        """The vouchers of this customer, newest first, whatever became of them."""
        wanted = pages.span(first, after, last, before)
        page = await info.context.loaders.page(listing.pages, self.own_ids, wanted)
        head = await info.context.loaders.one(profiles.heads, self.profile_id)
        now, language = info.context.clock(), head.language if head else LAST_RESORT
        return Connection.of(page, lambda it: Voucher.of(it.at(now), language))


@strawberry.input
class RedeemRewardInput:
    """A reward that a customer wants."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input redeems nothing twice.")
    reward: str = strawberry.field(description="The reward's name.")
    store_id: str | None = strawberry.field(default=None, description="In which store they are, if in one.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="For whom; a customer leaves it out, and means themself."
    )


@strawberry.type
class RedeemRewardPayload:
    """The points are held from now on, and the voucher can be used."""

    voucher: Voucher = strawberry.field(description="The voucher.")


@strawberry.type
class RedeemRewardWaiting:
    """The event is full: they are in the list, and have a voucher as soon as it is their turn and a seat is free."""

    position: int = strawberry.field(description="How many it is until their turn: 1 is next.")


@strawberry.type
class RewardNotRedeemed(UserError):
    """They cannot have it now, and nothing was moved: `code` is that of the first reason."""

    reasons: list[RewardReason] = strawberry.field(description="Every reason.")
    missing_points: int = strawberry.field(description="How many points they lack, where that is the reason.")

    @classmethod
    def of(cls, error: RewardUnavailable | NoSuchReward) -> Self:
        """Show the error."""
        reasons: tuple[Reason, ...] = error.reasons if isinstance(error, RewardUnavailable) else ()
        return cls(
            code=reasons[0].value if reasons else error.code,
            message=error.message,
            path=["input", "reward"],
            reasons=[RewardReason(code=it.value, message=SENTENCES[it]) for it in reasons],
            missing_points=error.missing if isinstance(error, RewardUnavailable) else 0,
        )


RedeemRewardResult: TypeAlias = Annotated[
    RedeemRewardPayload | RedeemRewardWaiting | RewardNotRedeemed | IdempotencyKeyReused,
    strawberry.union("RedeemRewardResult", description="What became of `redeemReward`."),
]


@strawberry.input
class CancelVoucherInput:
    """A voucher that a customer does not want any more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    voucher_id: strawberry.ID = strawberry.field(description="The `id` of the voucher.")


@strawberry.type
class CancelVoucherPayload:
    """Its points are in the lots they came from."""

    voucher: Voucher = strawberry.field(description="The voucher as it is now.")


@strawberry.type
class VoucherNotCancelled(UserError):
    """It was used or is over, or there is no such voucher of theirs: see the code."""

    @classmethod
    def of(cls, error: VoucherRefused) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "voucherId"])


CancelVoucherResult: TypeAlias = Annotated[
    CancelVoucherPayload | VoucherNotCancelled | IdempotencyKeyReused,
    strawberry.union("CancelVoucherResult", description="What became of `cancelVoucher`."),
]


@strawberry.input
class GiveRewardInput:
    """A reward that a customer is given."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input gives nothing twice.")
    id: strawberry.ID = strawberry.field(description="To whom.")
    reward: str = strawberry.field(description="The reward's name.")


@strawberry.type
class GiveRewardPayload:
    """They have it, and it costs them nothing."""

    voucher: Voucher = strawberry.field(description="The voucher.")


GiveRewardResult: TypeAlias = Annotated[
    GiveRewardPayload | RewardNotRedeemed | IdempotencyKeyReused,
    strawberry.union("GiveRewardResult", description="What became of `giveReward`."),
]


@strawberry.input
class LeaveWaitingListInput:
    """An event that a customer does not wait for any more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    reward: str = strawberry.field(description="The reward's name.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Who; a customer leaves it out, and means themself."
    )


@strawberry.type
class LeaveWaitingListPayload:
    """They do not wait any more."""

    waited: bool = strawberry.field(description="Whether they did.")


LeaveWaitingListResult: TypeAlias = Annotated[
    LeaveWaitingListPayload | IdempotencyKeyReused,
    strawberry.union("LeaveWaitingListResult", description="What became of `leaveWaitingList`."),
]


@strawberry.type
class VoucherMutations:
    """What customers do with rewards and vouchers."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def redeem_reward(
        self,
        info: Info,
        input: RedeemRewardInput,  # noqa: A002 - its name on the wire
    ) -> RedeemRewardResult:
        """Hold the points of a reward and give a voucher to show at the till. The balance drops at once."""
        try:
            answer = await info.context.once("redeemReward", input, lambda: _redeem(info, input))
            if "position" in answer:
                return RedeemRewardWaiting(position=answer["position"])
            profile = await meant(info, input.id, Scope.PROFILE_WRITE)
            return RedeemRewardPayload(voucher=await _own(info, UUID(answer["voucher"]), profile))
        except (RewardUnavailable, NoSuchReward) as error:
            return RewardNotRedeemed.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE)])
    async def give_reward(
        self,
        info: Info,
        input: GiveRewardInput,  # noqa: A002 - its name on the wire
    ) -> GiveRewardResult:
        """Give a customer a reward for nothing. A gesture counts under the caps of the contact policy."""
        try:
            answer = await info.context.once("giveReward", input, lambda: _give(info, input))
            profile = await meant(info, input.id, Scope.PROFILE_WRITE)
            return GiveRewardPayload(voucher=await _own(info, UUID(answer["voucher"]), profile))
        except (RewardUnavailable, NoSuchReward) as error:
            return RewardNotRedeemed.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def leave_waiting_list(
        self,
        info: Info,
        input: LeaveWaitingListInput,  # noqa: A002 - its name on the wire
    ) -> LeaveWaitingListResult:
        """Wait no longer for a seat at an event that is full."""

        async def do() -> Done:
            profile = await meant(info, input.id, Scope.PROFILE_WRITE)
            waited = await waiting.leave(input.reward, profile)
            change = Change("leave waiting list", str(profile.id), None, {"reward": input.reward})
            return Done({"waited": waited}, change)

        try:
            answer = await info.context.once("leaveWaitingList", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return LeaveWaitingListPayload(waited=answer["waited"])

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def cancel_voucher(
        self,
        info: Info,
        input: CancelVoucherInput,  # noqa: A002 - its name on the wire
    ) -> CancelVoucherResult:
        """Give a voucher back that nobody has used: its points can be spent again at once."""
        try:
            answer = await info.context.once("cancelVoucher", input, lambda: _cancel(info, input))
            owner = await _owner(info, UUID(answer["voucher"]))
            return CancelVoucherPayload(voucher=await _own(info, UUID(answer["voucher"]), owner))
        except VoucherRefused as error:
            return VoucherNotCancelled.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)


async def _redeem(info: Info, wanted: RedeemRewardInput) -> Done:
    context = info.context
    caller = context.caller
    if not caller.sees_store(wanted.store_id):
        raise Limited
    profile = await meant(info, wanted.id, Scope.PROFILE_WRITE)
    key = ids.key_of("redeemReward", caller.kind, caller.subject, wanted.idempotency_key)
    wish = Wish(wanted.reward, key, shop=wanted.store_id)
    voucher = await waiting.ask(profile, wish, Codes(context.settings), now=context.clock())
    if isinstance(voucher, Waiting):
        told = {"reward": wanted.reward, "position": voucher.position}
        return Done({"position": voucher.position}, Change("wait for reward", str(profile.id), None, told))
    after = {"reward": voucher.reward.id, "voucher": str(voucher.id)}
    return Done({"voucher": str(voucher.id)}, Change("redeem reward", str(profile.id), None, after))


async def _give(info: Info, wanted: GiveRewardInput) -> Done:
    context = info.context
    caller = context.caller
    profile = await meant(info, wanted.id, Scope.PROFILE_WRITE)
    key = ids.key_of("giveReward", caller.kind, caller.subject, wanted.idempotency_key)
    wish = Wish(wanted.reward, key, gift=True, cause="giveReward")
    voucher = await giving.give(profile, wish, Codes(context.settings), now=context.clock())
    after = {"reward": voucher.reward.id, "voucher": str(voucher.id)}
    return Done({"voucher": str(voucher.id)}, Change("give reward", str(profile.id), None, after))


async def _cancel(info: Info, wanted: CancelVoucherInput) -> Done:
    type_name, own_id = parsed(wanted.voucher_id)
    if type_name != "Voucher":
        raise BadId
    voucher_id = uuid_of(own_id)
    owner = await _owner(info, voucher_id)
    await redeeming.cancel(voucher_id, now=info.context.clock())
    change = Change("cancel voucher", str(owner.id), None, {"voucher": str(voucher_id)})
    return Done({"voucher": str(voucher_id)}, change)


async def _owner(info: Info, voucher_id: UUID) -> Profile:
    """Give the customer whose voucher it is, if the caller may speak for them. Else there is none."""
    found: Mapping[UUID, Shown] = await listing.load([voucher_id])
    if voucher_id not in found:
        raise NoSuchVoucher
    head = await listing.owner(found[voucher_id].voucher)
    may_name = Scope.PROFILE_WRITE in info.context.caller.scopes
    if head is None or not (may_name or await info.context.own_profile_id() == head.id):
        raise NoSuchVoucher
    return head


async def _own(info: Info, voucher_id: UUID, profile: Profile) -> Voucher:
    found = await listing.load([voucher_id])
    return Voucher.of(found[voucher_id].at(info.context.clock()), profile.language)


def _picture(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
