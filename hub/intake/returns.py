"""Returns: when an order has been given back whole, so are the vouchers that were used for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.commerce import reading
from hub.commerce.properties import BadOrder
from hub.events.model import Event, Trust
from hub.profiles.model import Profile
from hub.vouchers import returns
from hub.vouchers.model import Order


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Reverse the vouchers of orders that, by all that server sources said of them, were cancelled or given back whole.

    So ten refunds of a tenth do as one of all does, also if they came before the order.
    """
    del profiles
    told = [it for it in events if it.name in reading.EVENTS and it.trust is Trust.SERVER]
    await returns.look([order for it in told if (order := _order_of(it))], now=now)


def _order_of(event: Event) -> Order | None:
    """Name the order of an event. None for one that was set aside: it names none."""
    try:
        heard = reading.read(event)
    except BadOrder:
        return None
    return Order(heard.source, heard.order_id)
