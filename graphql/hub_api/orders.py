"""Orders: what customers have bought, and what was given back."""

from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.commerce import model, orders
from hub.commerce.model import FulfilmentKind, OrderStatus, SalesChannel
from hub.commerce.of_stores import OfStores
from hub.kit import money
from hub.profiles import store
from hub_api.context import Info
from hub_api.money import Money
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, global_id, parsed, uuid_of


@strawberry.type
class OrderLine:
    """One line of an order."""

    product_id: str | None = strawberry.field(description="The product, as the shop names it.")
    sku: str | None = strawberry.field(description="The variant, as the shop names it.")
    variant: str | None = strawberry.field(description="The variant in words.")
    name: str | None = strawberry.field(description="What the product was called.")
    category: str | None = strawberry.field(description="The product's category.")
    quantity: Decimal = strawberry.field(description="How many, or how much.")
    price: Money | None = strawberry.field(description="Of one unit.")
    discount: Money | None = strawberry.field(description="What was taken off the line.")
    tax: Money | None = strawberry.field(description="The tax on the line.")

    @classmethod
    def of(cls, line: model.Line, currency: str | None) -> Self:
        """Show a line."""
        return cls(
            product_id=line.product_id,
            sku=line.sku,
            variant=line.variant,
            name=line.name,
            category=line.category,
            quantity=line.quantity,
            price=_money(line.price, currency),
            discount=_money(line.discount, currency),
            tax=_money(line.tax, currency),
        )


@strawberry.type
class Fulfilment:
    """How the goods come to the customer."""

    kind: FulfilmentKind = strawberry.field(description="By which way.")
    location: str | None = strawberry.field(description="The store or warehouse they come from.")


@strawberry.type
class RefundedLine:
    """What of a refund is for one product."""

    product_id: str | None = strawberry.field(description="The product, as the shop names it.")
    sku: str | None = strawberry.field(description="The variant, as the shop names it.")
    quantity: Decimal = strawberry.field(description="How many, or how much.")
    amount: Money | None = strawberry.field(description="What was given back for it.")


@strawberry.type
class Refund:
    """What was given back at once."""

    refund_id: str = strawberry.field(description="Its name in the source.")
    at: datetime = strawberry.field(description="When it was given back.")
    amount: Money | None = strawberry.field(description="How much; none where it is everything that was paid.")
    reason: str | None = strawberry.field(description="Why, as the source says it.")
    lines: list[RefundedLine] = strawberry.field(description="What it is for, where the source says it.")
    store_id: str | None = strawberry.field(description="In which store it was given back.")

    @classmethod
    def of(cls, refund: model.Refund) -> Self:
        """Show a refund."""
        lines = [
            RefundedLine(
                product_id=line.product_id,
                sku=line.sku,
                quantity=line.quantity,
                amount=_money(line.amount, refund.currency),
            )
            for line in refund.lines
        ]
        amount = _money(refund.amount, refund.currency)
        return cls(
            refund_id=refund.refund_id,
            at=refund.at,
            amount=amount,
            reason=refund.reason,
            lines=lines,
            store_id=refund.store_id,
        )


@strawberry.type
class Order(Node):
    """What a customer bought at once, as the newest version says it."""

    profile_id: strawberry.Private[UUID]
    source: str = strawberry.field(description="Who told of it.")
    order_id: str = strawberry.field(description="Its name in that source.")
    status: OrderStatus = strawberry.field(description="How far it is.")
    at: datetime | None = strawberry.field(description="When it was completed; while it is open, when it last changed.")
    cancelled_at: datetime | None = strawberry.field(description="When it was cancelled.")
    ready_at: datetime | None = strawberry.field(description="When it was ready to be picked up.")
    picked_up_at: datetime | None = strawberry.field(description="When it was picked up.")
    delivered_at: datetime | None = strawberry.field(description="When it was delivered.")
    channel: SalesChannel | None = strawberry.field(description="Where it was bought.")
    store_id: str | None = strawberry.field(description="In which store.")
    associate_id: str | None = strawberry.field(description="Who sold it.")
    fulfilment: Fulfilment | None = strawberry.field(description="How the goods come to the customer.")
    payment_kind: str | None = strawberry.field(description="How it was paid, in a word.")
    coupon: str | None = strawberry.field(description="The coupon that was used.")
    gross: Money | None = strawberry.field(description="What was paid; none where no version says it.")
    shipping: Money | None = strawberry.field(description="What of it is for shipping.")
    tax: Money | None = strawberry.field(description="What of it is tax.")
    discount: Money | None = strawberry.field(description="What was taken off.")
    refunded: Money | None = strawberry.field(description="What was given back in the same currency.")
    net: Money | None = strawberry.field(description="What was paid less what was given back.")
    lines: list[OrderLine] = strawberry.field(description="What was bought.")
    refunds: list[Refund] = strawberry.field(description="What was given back, the first first.")

    @classmethod
    def of(cls, order: model.Order) -> Self:
        """Show an order.

        Raises:
            ValueError: it has only been heard of, so that there is nothing to show.
        """
        said = order.contents
        if said is None:
            raise ValueError(f"Order {order.id} has no contents.")
        to = said.fulfilment
        return cls(
            id=global_id("Order", order.id),
            profile_id=said.profile_id,
            source=order.source,
            order_id=order.order_id,
            status=order.status,
            at=order.at,
            cancelled_at=order.cancelled_at,
            ready_at=order.ready_at,
            picked_up_at=order.picked_up_at,
            delivered_at=order.delivered_at,
            channel=said.channel,
            store_id=said.store_id,
            associate_id=said.associate_id,
            fulfilment=Fulfilment(kind=to.kind, location=to.location) if to else None,
            payment_kind=said.payment_kind,
            coupon=said.coupon,
            gross=_shown(order.gross),
            shipping=_money(said.shipping, said.currency),
            tax=_money(said.tax, said.currency),
            discount=_money(said.discount, said.currency),
            refunded=_shown(order.refunded),
            net=_shown(order.net),
            lines=[OrderLine.of(line, said.currency) for line in said.lines],
            refunds=[Refund.of(it) for it in sorted(order.refunds.values(), key=lambda it: (it.at, it.refund_id))],
        )


@strawberry.type
class OrderQueries:
    """How orders are found."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_self=True)])
    async def order(self, info: Info, id: strawberry.ID) -> Order | None:  # noqa: A002 - its name on the wire
        """One order; for a customer, one of their own."""
        found = await asked_for(info, id)
        return Order.of(found) if found else None


async def asked_for(info: Info, order: strawberry.ID) -> model.Order | None:
    """Load the order of this id, if the caller may see it: for a customer, one of their own.

    Raises:
        BadId: it is no order's.
    """
    type_name, own_id = parsed(order)
    if type_name != "Order":
        raise BadId
    context = info.context
    found = await context.loaders.one(orders.load, uuid_of(own_id))
    if found is None or found.contents is None or not OfStores(context.caller.stores).hold(found):
        return None
    if Scope.PROFILE_READ not in context.caller.scopes:
        head = await context.loaders.one(store.heads, found.contents.profile_id)
        if head is None or head.id != await context.own_profile_id():
            return None
    return found


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money.of(money.Money(minor, currency))


def _shown(amount: money.Money | None) -> Money | None:
    return None if amount is None else Money.of(amount)
