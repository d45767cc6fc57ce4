"""Purchases: whether somebody has bought a product and kept it, as their orders say now."""

from collections.abc import Collection
from decimal import Decimal

from hub.commerce.model import Line, Order, RefundedLine
from hub.reviews.model import Purchase


def kept_in(order: Order, product_id: str, skus: Collection[str]) -> Purchase | None:
    """Find the first line of an order by which the customer still has a product.

    Args:
        order: one of theirs. One that is not completed, or was cancelled or given back as a whole, gives none.
        product_id: the product.
        skus: its variants: a line, or a refund, may name only one of these.
    """
    said = order.contents
    if said is None or order.completed_at is None or order.cancelled_at is not None or _is_given_back(order):
        return None
    returned = [it for refund in order.refunds.values() for it in refund.lines if _is_of(it, product_id, skus)]
    bought = {place: it for place, it in enumerate(said.lines) if _is_of(it, product_id, skus)}
    if _sum(returned) >= _sum(bought.values()):
        return None
    for place, line in bought.items():
        # Where two lines are of one product, a refund may say of which variant it is.
        if _sum([it for it in returned if it.sku is not None and it.sku == line.sku]) < line.quantity:
            return Purchase(order.source, order.order_id, place)
    return None


def _is_given_back(order: Order) -> bool:
    gross, refunded = order.gross, order.refunded
    if any(it.is_whole for it in order.refunds.values()):
        return True  # such a refund is all that was paid
    return gross is not None and refunded is not None and 0 < gross.minor <= refunded.minor


def _is_of(line: Line | RefundedLine, product_id: str, skus: Collection[str]) -> bool:
    return line.product_id == product_id if line.product_id is not None else line.sku in skus


def _sum(lines: Collection[Line | RefundedLine]) -> Decimal:
    return sum((it.quantity for it in lines), Decimal())
