"""Orders of a past time: which of a customer's orders one is, and all of them, customer by customer."""

from collections.abc import AsyncIterator
from datetime import datetime

from hub.commerce.model import Order
from hub.commerce.orders import OrderDocument, order_of
from hub.database import OwnIds, Row


async def number_of(order: Order, owner: OwnIds) -> int:
    """Tell which order of a customer one is, counted from 1, by when they were completed; cancelled ones do not count.

    Args:
        order: one that was completed.
        owner: the profiles whose orders are the customer's.
    """
    earlier = [
        {"completed_at": {"$lt": order.completed_at, "$ne": None}},
        {"completed_at": order.completed_at, "_id": {"$lt": order.id}},
    ]
    wanted: Row = {"profile_id": {"$in": list(owner)}, "cancelled_at": None, "$or": earlier}
    return await OrderDocument.get_pymongo_collection().count_documents(wanted) + 1


async def by_customer(since: datetime, until: datetime) -> AsyncIterator[Order]:
    """Go through the orders that were completed from a moment until before another one, customer by customer.

    Each customer's come one after the other, the first first. It is the index of profiles that gives this order.
    """
    wanted: Row = {"profile_id": {"$exists": True}, "at": {"$gte": since, "$lt": until}, "completed_at": {"$ne": None}}
    found = OrderDocument.get_pymongo_collection().find(wanted)
    async for row in found.sort([("profile_id", -1), ("at", 1), ("_id", 1)]).hint("profile"):
        yield order_of(row)
