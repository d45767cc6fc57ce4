"""Vouchers as customers have them: what they give, where they stand, and the code to show."""

import base64
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.database import OwnIds
from hub.kit import pages
from hub.kit.languages import LAST_RESORT
from hub.profiles import store as profiles
from hub.vouchers import codes, listing, model, pictures
from hub.vouchers.listing import Shown
from hub.vouchers.model import VoucherState
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.needs import Needs
from hub_api.nodes import Node, global_id
from hub_api.rewards import RewardCost, RewardValue


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


def _picture(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
