"""What an event says of an order, by Segment's e-commerce specification and the hub's own properties beside it.

Whatever money depends on must be right, or the whole event is refused: half an order is worse than none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from hub.commerce import properties
from hub.commerce.model import (
    Contents,
    Fulfilment,
    FulfilmentKind,
    Line,
    Order,
    Refund,
    RefundedLine,
    SalesChannel,
    Stamp,
)
from hub.commerce.properties import BadOrder
from hub.events.model import Event, Trust
from hub.kit import ids


def read(event: Event) -> Order:
    """Read what an event of `EVENTS` says of its order: all the rest of the order is unknown to it.

    Raises:
        BadOrder: a property is missing or cannot be what it is.
    """
    order_id = properties.name(event.properties, "order_id")
    if order_id is None:
        raise BadOrder("order_id", "is missing.")
    order = _READERS[event.name](Order(_source(event), order_id), event)
    if order.contents is None and event.profile_id is not None:
        order = replace(order, heard_from=frozenset({event.profile_id}))
    return order


def named(event: Event) -> UUID | None:
    """Name the order of an event of `EVENTS`, by its key, without reading all of it; None where it names none."""
    try:
        order_id = properties.name(event.properties, "order_id")
        return ids.key_of("order", _source(event), order_id) if order_id is not None else None
    except BadOrder:
        return None


def tried(event: Event) -> Order | BadOrder | None:
    """Read what an event says of its order, or why it cannot be used. None where it says nothing that is believed.

    Only a server's word completes, changes or refunds an order.
    """
    if event.name not in EVENTS or event.trust is not Trust.SERVER:
        return None
    try:
        return read(event)
    except BadOrder as error:
        return error


def _completed(order: Order, event: Event) -> Order:
    return Order(order.source, order.order_id, contents=_contents(event), completed_at=event.at)


def _updated(order: Order, event: Event) -> Order:
    return Order(order.source, order.order_id, contents=_contents(event))


def _cancelled(order: Order, event: Event) -> Order:
    return Order(order.source, order.order_id, cancelled_at=event.at)


def _ready(order: Order, event: Event) -> Order:
    return Order(order.source, order.order_id, ready_at=event.at)


def _picked_up(order: Order, event: Event) -> Order:
    return Order(order.source, order.order_id, picked_up_at=event.at)


def _delivered(order: Order, event: Event) -> Order:
    return Order(order.source, order.order_id, delivered_at=event.at)


def _refunded(order: Order, event: Event) -> Order:
    refund = _refund(event)
    return Order(order.source, order.order_id, refunds={refund.refund_id: refund})


REFUNDED: Final = "Order Refunded"
READY_FOR_PICKUP: Final = "Order Ready For Pickup"

_READERS: Final[Mapping[str, Callable[[Order, Event], Order]]] = {
    "Order Completed": _completed,
    "Order Updated": _updated,
    "Order Cancelled": _cancelled,
    REFUNDED: _refunded,
    READY_FOR_PICKUP: _ready,
    "Order Picked Up": _picked_up,
    "Order Delivered": _delivered,
}
EVENTS: Final = frozenset(_READERS)
"""The events that say something of an order."""


def _source(event: Event) -> str:
    """Say whose order it is about: of the source that tells of it, but for a refund, which may be made elsewhere."""
    return (properties.name(event.properties, "order_source") if event.name == REFUNDED else None) or event.source


def _stamp(event: Event) -> Stamp:
    number = event.properties.get("version")
    if number is None:
        number = -1
    elif not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise BadOrder("version", "is a whole number from 0.")
    said = event.properties.get("updated_at")
    # A clock that runs ahead must not hold off the versions that follow.
    at = event.at if said is None else min(properties.time("updated_at", said), event.accepted_at)
    return Stamp(number, at, event.id)


def _contents(event: Event) -> Contents:
    if event.profile_id is None:
        raise ValueError(f"Event {event.id} has no profile.")
    said = event.properties
    currency = properties.currency(said)
    lines = tuple(
        _line(f"products[{place}]", it, currency) for place, it in enumerate(properties.items(said, "products"))
    )
    amounts = {name: properties.amount(said, name, currency) for name in ("shipping", "tax", "discount")}
    return Contents(
        stamp=_stamp(event),
        profile_id=event.profile_id,
        currency=currency,
        gross=_gross(said, currency, lines, amounts),
        **amounts,
        coupon=properties.text(said, "coupon"),
        channel=properties.choice(said, "channel", SalesChannel),
        store_id=properties.name(said, "store_id"),
        associate_id=properties.name(said, "associate_id"),
        fulfilment=_fulfilment(said.get("fulfilment")),
        payment_kind=properties.text(said, "payment_kind"),
        lines=lines,
    )


def _gross(
    said: Mapping[str, Any], currency: str | None, lines: Sequence[Line], amounts: Mapping[str, int | None]
) -> int | None:
    """Find what was paid: `total`, `value`, `revenue` with shipping and tax, or what the lines add up to."""
    for name in ("total", "value"):
        if (paid := properties.amount(said, name, currency)) is not None:
            return properties.not_negative(name, paid)
    beside = (amounts["shipping"] or 0) + (amounts["tax"] or 0)
    if (revenue := properties.amount(said, "revenue", currency)) is not None:
        return properties.not_negative("revenue", revenue + beside)
    if not any(line.price is not None for line in lines):
        return None
    if amounts["tax"] is None:
        beside += sum(line.tax or 0 for line in lines)
    goods = sum(properties.times("products", line.quantity, line.price or 0) - (line.discount or 0) for line in lines)
    return properties.not_negative("products", goods + beside - (amounts["discount"] or 0))


def _line(path: str, said: Any, currency: str | None) -> Line:
    said = properties.fields(path, said)
    return Line(
        product_id=properties.name(said, "product_id", path),
        sku=properties.name(said, "sku", path),
        variant=properties.text(said, "variant", path),
        name=properties.text(said, "name", path),
        category=properties.text(said, "category", path),
        quantity=properties.quantity(said, path),
        price=properties.amount(said, "price", currency, path),
        discount=properties.amount(said, "discount", currency, path),
        tax=properties.amount(said, "tax", currency, path),
    )


def _refund(event: Event) -> Refund:
    said = event.properties
    currency = properties.currency(said)
    lines = tuple(
        _refunded_line(f"products[{place}]", it, currency)
        for place, it in enumerate(properties.items(said, "products"))
    )
    given = (properties.amount(said, name, currency) for name in ("total", "value", "revenue"))
    amount = next((it for it in given if it is not None), None)
    by_lines = amount is None and any(line.amount is None for line in lines)
    if amount is None and lines and not by_lines:
        amount = sum(line.amount or 0 for line in lines)
    return Refund(
        refund_id=properties.name(said, "refund_id") or str(event.id),
        stamp=_stamp(event),
        at=event.at,
        currency=currency if amount is not None or any(line.amount for line in lines) else None,
        amount=None if amount is None else properties.not_negative("total", amount),
        reason=properties.text(said, "reason"),
        lines=lines,
        by_lines=by_lines,
        store_id=properties.name(said, "store_id"),
    )


def _refunded_line(path: str, said: Any, currency: str | None) -> RefundedLine:
    said = properties.fields(path, said)
    quantity = properties.quantity(said, path)
    amount = properties.amount(said, "amount", currency, path)
    if amount is None and (price := properties.amount(said, "price", currency, path)) is not None:
        amount = properties.times(f"{path}.price", quantity, price)
    return RefundedLine(properties.name(said, "product_id", path), properties.name(said, "sku", path), quantity, amount)


def _fulfilment(said: Any) -> Fulfilment | None:
    if said is None:
        return None
    said = properties.fields("fulfilment", said)
    kind = properties.choice(said, "kind", FulfilmentKind, "fulfilment")
    if kind is None:
        raise BadOrder("fulfilment.kind", "is missing.")
    return Fulfilment(kind, properties.name(said, "location", "fulfilment"))
