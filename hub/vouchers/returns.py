"""Returns: an order that was given back whole gives back its vouchers, and these their points."""

from collections.abc import Collection
from datetime import datetime

from hub.commerce import model as commerce
from hub.commerce import orders as commerce_orders
from hub.database import Row
from hub.kit import ids
from hub.vouchers import settling, store
from hub.vouchers.model import Order, VoucherState


def is_whole(order: commerce.Order) -> bool:
    """Tell whether nothing of an order is left: it was cancelled, or all that was paid was given back."""
    if order.cancelled_at is not None:
        return True
    gross, refunded = order.gross, order.refunded
    return bool(order.refunds) and gross is not None and refunded is not None and refunded.minor >= gross.minor


async def look(named: Collection[Order], *, now: datetime) -> None:
    """Reverse the vouchers of those of these orders that were given back whole."""
    by_id = {ids.key_of("order", it.source, it.order_id): it for it in await store.with_vouchers(named)}
    found = await commerce_orders.load(by_id.keys()) if by_id else {}
    for order_id, order in found.items():
        if is_whole(order):
            await reverse(by_id[order_id], now=now)


async def reverse(order: Order, *, now: datetime) -> int:
    """Give back what an order got by its vouchers: their points go into the lots they came from.

    Returns:
        How many vouchers were reversed now. Repeating it changes nothing.
    """
    count = 0
    for row in await store.of_order(order):
        changes: Row = {"$set": {"state": VoucherState.REVERSED.value, "unsettled_at": now}}
        used = {"state": VoucherState.USED.value, "order": row["order"]}
        if await store.change(row["_id"], used, changes) is not None:
            count += 1
        elif row["state"] == VoucherState.RESERVED:
            await settling.free(row, {}, now=now)
    return count
