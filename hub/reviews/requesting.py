"""Requests: what a customer has had is announced line by line, so that a journey can ask for one review of each.

The hub says it once for each line of an order, whatever else is told of that order. It is not said of what came in a
file, nor where the published rules do not want it: a till sells more lines than anybody is asked about.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.commerce import orders, products, reading
from hub.commerce.model import Line, Order
from hub.commerce.properties import BadOrder
from hub.events.announcing import Announcement, announce
from hub.events.model import Event, Trust
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.reviews import purchases, store
from hub.reviews.model import DELIVERED


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Announce the lines of the orders that applied events tell of, of those that the customer has had by now."""
    del profiles
    order_ids = {order_id for it in events if (order_id := _order_of(it)) is not None}
    if not order_ids or not (await store.rules()).requests:
        return
    had = [it for it in (await orders.load(order_ids)).values() if it.had_at is not None]
    if not had:
        return
    owners = await profiles_store.heads({it.contents.profile_id for it in had if it.contents})
    of_sku = await products.by_sku([line.sku for it in had for line in _lines(it) if line.sku and not line.product_id])
    product_of = {sku: it.product_id for sku, it in of_sku.items()}
    for order in had:
        owner = owners.get(order.contents.profile_id) if order.contents else None
        if owner is not None:
            reviewed = {it.product_id for it in await store.of(owner.own_ids) if it.stands}
            await announce(list(_announced(order, product_of, reviewed)), now=now)


def _announced(order: Order, product_of: Mapping[str, str], reviewed: Collection[str]) -> Iterator[Announcement]:
    """Say each line that could be reviewed: of a product that is known, kept, and not reviewed yet."""
    for place, line in enumerate(_lines(order)):
        product_id = line.product_id or product_of.get(line.sku or "")
        if product_id is None or product_id in reviewed or order.contents is None or order.had_at is None:
            continue
        if purchases.kept_in(order, product_id, [line.sku] if line.sku else []) is None:
            continue
        # By what it is of, not by its place: a later version of the order may list its lines otherwise.
        line_id = ids.key_of("order line", order.id, product_id, line.sku or "")
        yield Announcement(
            DELIVERED,
            order.contents.profile_id,
            str(line_id),
            order.had_at,
            {"line_id": str(line_id), "line": place, **_properties(order, line, product_id)},
        )


def _properties(order: Order, line: Line, product_id: str) -> dict[str, Any]:
    said = {"product_id": product_id, "sku": line.sku, "name": line.name, "category": line.category}
    said |= {"order_source": order.source, "order_id": order.order_id}
    return {name: value for name, value in said.items() if value is not None}


def _lines(order: Order) -> Sequence[Line]:
    return order.contents.lines if order.contents else ()


def _order_of(event: Event) -> UUID | None:
    if event.name not in reading.EVENTS or event.trust is not Trust.SERVER:
        return None
    try:
        return reading.read(event).id
    except BadOrder:
        return None
