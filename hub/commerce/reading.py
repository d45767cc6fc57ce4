"""What an event says of an order, by Segment's e-commerce specification and the hub's own properties beside it.

Whatever money depends on must be right, or the whole event is refused: half an order is worse than none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from hub.commerce import cards
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
from hub.events.model import Event, Trust
from hub.kit import ids, money
from hub.kit.errors import HubError
from hub.kit.money import BadMoney

LONGEST: Final = 255
MOST_QUANTITY: Final = Decimal(1_000_000)
_QUANTITY_DIGITS: Final = Decimal("0.001")
_ONE: Final = Decimal(1)
_WRITTEN: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,10})?")

C = TypeVar("C", bound=StrEnum)


class BadOrder(HubError):
    """An event about an order that cannot be used. The sentence names the property, never its value."""

    code = "BAD_ORDER"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"`{path}` {reason}")
        self.path = path


def read(event: Event) -> Order:
    """Read what an event of `EVENTS` says of its order: all the rest of the order is unknown to it.

    Raises:
        BadOrder: a property is missing or cannot be what it is.
    """
    order_id = _id(event.properties, "order_id")
    if order_id is None:
        raise BadOrder("order_id", "is missing.")
    order = _READERS[event.name](Order(_source(event), order_id), event)
    if order.contents is None and event.profile_id is not None:
        order = replace(order, heard_from=frozenset({event.profile_id}))
    return order


def named(event: Event) -> UUID | None:
    """Name the order of an event of `EVENTS`, by its key, without reading all of it; None where it names none."""
    try:
        order_id = _id(event.properties, "order_id")
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
    return (_id(event.properties, "order_source") if event.name == REFUNDED else None) or event.source


def _stamp(event: Event) -> Stamp:
    number = event.properties.get("version")
    if number is None:
        number = -1
    elif not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise BadOrder("version", "is a whole number from 0.")
    said = event.properties.get("updated_at")
    # A clock that runs ahead must not hold off the versions that follow.
    at = event.at if said is None else min(_time("updated_at", said), event.accepted_at)
    return Stamp(number, at, event.id)


def _contents(event: Event) -> Contents:
    if event.profile_id is None:
        raise ValueError(f"Event {event.id} has no profile.")
    said = event.properties
    currency = _currency(said)
    lines = tuple(_line(f"products[{place}]", it, currency) for place, it in enumerate(_items(said, "products")))
    amounts = {name: _amount(said, name, currency) for name in ("shipping", "tax", "discount")}
    return Contents(
        stamp=_stamp(event),
        profile_id=event.profile_id,
        currency=currency,
        gross=_gross(said, currency, lines, amounts),
        **amounts,
        coupon=_text(said, "coupon"),
        channel=_choice(said, "channel", SalesChannel),
        store_id=_id(said, "store_id"),
        associate_id=_id(said, "associate_id"),
        fulfilment=_fulfilment(said.get("fulfilment")),
        payment_kind=_text(said, "payment_kind"),
        lines=lines,
    )


def _gross(
    said: Mapping[str, Any], currency: str | None, lines: Sequence[Line], amounts: Mapping[str, int | None]
) -> int | None:
    """Find what was paid: `total`, `value`, `revenue` with shipping and tax, or what the lines add up to."""
    for name in ("total", "value"):
        if (paid := _amount(said, name, currency)) is not None:
            return _not_negative(name, paid)
    beside = (amounts["shipping"] or 0) + (amounts["tax"] or 0)
    if (revenue := _amount(said, "revenue", currency)) is not None:
        return _not_negative("revenue", revenue + beside)
    if not any(line.price is not None for line in lines):
        return None
    if amounts["tax"] is None:
        beside += sum(line.tax or 0 for line in lines)
    goods = sum(_times("products", line.quantity, line.price or 0) - (line.discount or 0) for line in lines)
    return _not_negative("products", goods + beside - (amounts["discount"] or 0))


def _line(path: str, said: Any, currency: str | None) -> Line:
    said = _object(path, said)
    return Line(
        product_id=_id(said, "product_id", path),
        sku=_id(said, "sku", path),
        variant=_text(said, "variant", path),
        name=_text(said, "name", path),
        category=_text(said, "category", path),
        quantity=_quantity(said, path),
        price=_amount(said, "price", currency, path),
        discount=_amount(said, "discount", currency, path),
        tax=_amount(said, "tax", currency, path),
    )


def _refund(event: Event) -> Refund:
    said = event.properties
    currency = _currency(said)
    lines = tuple(
        _refunded_line(f"products[{place}]", it, currency) for place, it in enumerate(_items(said, "products"))
    )
    given = (_amount(said, name, currency) for name in ("total", "value", "revenue"))
    amount = next((it for it in given if it is not None), None)
    by_lines = amount is None and any(line.amount is None for line in lines)
    if amount is None and lines and not by_lines:
        amount = sum(line.amount or 0 for line in lines)
    return Refund(
        refund_id=_id(said, "refund_id") or str(event.id),
        stamp=_stamp(event),
        at=event.at,
        currency=currency if amount is not None or any(line.amount for line in lines) else None,
        amount=None if amount is None else _not_negative("total", amount),
        reason=_text(said, "reason"),
        lines=lines,
        by_lines=by_lines,
        store_id=_id(said, "store_id"),
    )


def _refunded_line(path: str, said: Any, currency: str | None) -> RefundedLine:
    said = _object(path, said)
    quantity = _quantity(said, path)
    amount = _amount(said, "amount", currency, path)
    if amount is None and (price := _amount(said, "price", currency, path)) is not None:
        amount = _times(f"{path}.price", quantity, price)
    return RefundedLine(_id(said, "product_id", path), _id(said, "sku", path), quantity, amount)


def _fulfilment(said: Any) -> Fulfilment | None:
    if said is None:
        return None
    said = _object("fulfilment", said)
    kind = _choice(said, "kind", FulfilmentKind, "fulfilment")
    if kind is None:
        raise BadOrder("fulfilment.kind", "is missing.")
    return Fulfilment(kind, _id(said, "location", "fulfilment"))


def _currency(said: Mapping[str, Any]) -> str | None:
    if said.get("currency") is None:
        return None
    try:
        return money.currency_of(said["currency"])
    except BadMoney as error:
        raise BadOrder("currency", f"cannot be used. {error.message}") from None


def _amount(said: Mapping[str, Any], name: str, currency: str | None, within: str = "") -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if currency is None:
        raise BadOrder("currency", "is missing: there are amounts.")
    try:
        return money.minor_of(value, currency)
    except BadMoney as error:
        raise BadOrder(_path(name, within), f"cannot be used. {error.message}") from None


def _not_negative(path: str, minor: int) -> int:
    if minor < 0:
        raise BadOrder(path, "is less than nothing.")
    return _bounded(path, minor)


def _times(path: str, quantity: Decimal, minor: int) -> int:
    return _bounded(path, int((quantity * minor).to_integral_value(ROUND_HALF_UP)))


def _bounded(path: str, minor: int) -> int:
    """Let what was worked out pass where an amount may be so much: else the database could not hold it."""
    if abs(minor) > money.MOST_MINOR:
        raise BadOrder(path, f"comes to more than {money.MOST_MINOR} minor units.")
    return minor


def _quantity(said: Mapping[str, Any], path: str) -> Decimal:
    """Read how many, one if it is not said; parts of a kilogram or a metre come with three digits."""
    value = said.get("quantity")
    if value is None:
        return _ONE
    if type(value) is int and 0 <= value <= MOST_QUANTITY:
        return Decimal(value)
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        value = float(value)  # some shops send it as text, as they do prices
    if isinstance(value, float) and 0 <= value <= MOST_QUANTITY:
        exact = Decimal(repr(value)).quantize(_QUANTITY_DIGITS, ROUND_HALF_UP)
        # Without the zeros behind its point, and never as 9.36E+3.
        return Decimal(f"{exact.normalize():f}")
    raise BadOrder(f"{path}.quantity", f"is a number from 0 to {MOST_QUANTITY}.")


def _time(path: str, value: object) -> datetime:
    """Read a time in the milliseconds in which it is kept."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
            return at.replace(microsecond=at.microsecond // 1000 * 1000)
        except (ValueError, OverflowError):
            pass
    raise BadOrder(path, "is a time as ISO 8601 writes it.")


def _id(said: Mapping[str, Any], name: str, within: str = "") -> str | None:
    """Read an id: text, or a whole number, as many shops have them."""
    value = said.get(name)
    return _checked(str(value) if type(value) is int else value, name, within)


def _text(said: Mapping[str, Any], name: str, within: str = "") -> str | None:
    value = said.get(name)
    # Blanked on its way in (see `cards`): it was no name of anything.
    return None if value == cards.BLANK else _checked(value, name, within)


def _checked(value: object, name: str, within: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST or value == cards.BLANK:
        raise BadOrder(_path(name, within), f"is text of at most {LONGEST} characters.")
    return value


def _path(name: str, within: str) -> str:
    return f"{within}.{name}" if within else name


def _choice(said: Mapping[str, Any], name: str, kinds: type[C], within: str = "") -> C | None:
    value = said.get(name)
    if value is None:
        return None
    try:
        return kinds(value)
    except ValueError:
        raise BadOrder(_path(name, within), f"is one of {', '.join(kinds)}.") from None


def _object(path: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadOrder(path, "is an object.")
    return value


def _items(said: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = said.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadOrder(name, "is a list.")
    return value
