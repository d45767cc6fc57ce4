"""Orders as somebody sees them who is limited to stores: not those that were bought in another one.

An order that names no store is everybody's to see, as its customer is; one of another store that is picked up or sent
from one's own is one's own to see as well.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from hub.commerce import orders
from hub.commerce.model import Order
from hub.database import OwnIds
from hub.kit.pages import Page, Span


@dataclass(frozen=True, slots=True)
class OfStores:
    """The orders that are seen from these stores; all, if none is named. It may be asked like any read of a store."""

    stores: frozenset[str]

    async def __call__(self, owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Order]]:
        """Read a page of what each profile has bought, newest first."""
        if not self.stores:
            return await orders.pages(owners, wanted)
        own = sorted(self.stores)
        where: dict[str, Any] = {
            "$or": [{"store_id": {"$in": [None, *own]}}, {"fulfilment.location": {"$in": own}}],
        }
        return await orders.pages(owners, wanted, where=where)

    def hold(self, order: Order) -> bool:
        """Tell whether an order is one of them."""
        said = order.contents
        if not self.stores or said is None or said.store_id is None:
            return True
        return said.store_id in self.stores or bool(said.fulfilment and said.fulfilment.location in self.stores)
