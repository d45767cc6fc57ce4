"""What events say of sales and refunds: the properties of Segment's e-commerce events, and some of the hub's own."""

from collections.abc import Mapping
from typing import Any

from hub.kit import money
from hub.kit.money import BadMoney, Money
from hub.tills.model import Amount, Line, MessageRefused, Minor, Refund, RefundedLine, Sale, UnusableOrder


def of_sale(sale: Sale) -> dict[str, Any]:
    """Say what was sold.

    Raises:
        MessageRefused: an amount cannot be one.
    """
    to = sale.fulfilment
    return without_none(
        {
            "order_id": sale.order_id,
            "version": sale.version,
            "currency": sale.currency,
            "channel": "pos",
            "total": _number(sale.total, sale.currency, "total"),
            "tax": _number(sale.tax, sale.currency, "tax"),
            "discount": _number(sale.discount, sale.currency, "discount"),
            "coupon": sale.coupon,
            "payment_kind": sale.payment_kind,
            "receipt_code": sale.receipt_code,
            "fulfilment": without_none({"kind": to.kind, "location": to.location}) if to else None,
            "products": [_line(f"products[{place}]", it, sale.currency) for place, it in enumerate(sale.products)],
        }
    )


def of_refund(refund: Refund, *, order_source: str | None) -> dict[str, Any]:
    """Say what was given back; as `of_sale`. `order_source` names the source of the order, if it is another one."""
    if refund.order_store and refund.order_source:
        raise MessageRefused("order_source", "Send `order_store` or `order_source`, not both.")
    if refund.total is None and any(it.price is None and it.amount is None for it in refund.products):
        # Other sources may leave it to the order; a till has given somebody money.
        raise UnusableOrder("total", "`total` is missing: a line of the refund has no price.")
    lines = [_line(f"products[{place}]", it, refund.currency) for place, it in enumerate(refund.products)]
    return without_none(
        {
            "refund_id": refund.refund_id,
            "order_id": refund.order_id,
            "order_source": order_source,
            "version": refund.version,
            "currency": refund.currency,
            "total": _number(refund.total, refund.currency, "total"),
            "reason": refund.reason,
            "products": lines or None,
        }
    )


def _line(path: str, line: Line | RefundedLine, currency: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {name: getattr(line, name) for name in line.__struct_fields__}
    for name in {"price", "discount", "tax", "amount"} & said.keys():
        said[name] = _number(said[name], currency, f"{path}.{name}")
    quantity = said["quantity"]
    return without_none({**said, "quantity": quantity if isinstance(quantity, int) else float(quantity)})


def money_of(amount: Amount, currency: str, path: str) -> Money:
    """Read an amount.

    Raises:
        UnusableOrder: there is no such currency, or it has not so many digits.
    """
    try:
        code = money.currency_of(currency)
        return Money(amount.minor, code) if isinstance(amount, Minor) else Money.of(amount, code)
    except BadMoney as error:
        raise UnusableOrder(path, f"`{path}` cannot be used. {error.message}") from None


def _number(amount: Amount | None, currency: str | None, path: str) -> float | int | None:
    """Give an amount as events have it, so that rules can compare it: its shortest number means it exactly."""
    if amount is None:
        return None
    if currency is None:
        raise MessageRefused("currency", "`currency` is missing: there are amounts.")
    exact = money_of(amount, currency, path).amount
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not said."""
    return {name: value for name, value in fields.items() if value is not None}
