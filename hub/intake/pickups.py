"""Pick-ups: whoever ordered is told once that the goods lie ready, whatever else they are told or not told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.commerce import orders, reading
from hub.commerce.model import Order, OrderStatus
from hub.commerce.properties import BadOrder
from hub.events.model import Event, Trust
from hub.kit import ids
from hub.messaging import store as messages
from hub.messaging.model import HIGHEST_PRIORITY, Message, MessageClass
from hub.profiles.model import Channel, Profile
from hub.wording import built_in

CHANNELS: Final = (Channel.PUSH, Channel.EMAIL, Channel.SMS)
"""In this order, so that it costs a text message only where nothing else reaches the customer."""

_OVER: Final = frozenset({OrderStatus.PICKED_UP, OrderStatus.CANCELLED})


async def tell(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Queue one message for each order that a server source says is ready, however often it is said.

    It goes to the customer whose order it is as its newest version says; nobody is told of one that is over.
    """
    del profiles
    ready = {
        order_id: event
        for event in events
        if event.name == reading.READY_FOR_PICKUP and event.trust is Trust.SERVER
        if (order_id := _order_of(event))
    }
    kept = await orders.read(ready.keys())
    waiting = {order_id: it.order for order_id, it in kept.items() if it.order.status not in _OVER}
    await messages.queue([_message(ready[order_id], order, now) for order_id, order in waiting.items()])


def _order_of(event: Event) -> UUID | None:
    """Name the order of an event. None for one that was set aside: it names none."""
    try:
        return reading.read(event).id
    except BadOrder:
        return None


def _message(event: Event, order: Order, now: datetime) -> Message:
    profile_id = order.contents.profile_id if order.contents else event.profile_id
    if profile_id is None:
        raise ValueError(f"Event {event.id} has no profile.")
    return Message(
        id=ids.key_of("message", built_in.ORDER_READY_FOR_PICKUP, order.id),
        profile_id=profile_id,
        template=built_in.ORDER_READY_FOR_PICKUP,
        channels=CHANNELS,
        created_at=now,
        event_id=event.id,
        topic=built_in.TOPICS[built_in.ORDER_READY_FOR_PICKUP],
        message_class=MessageClass.MUST_ARRIVE,
        priority=HIGHEST_PRIORITY,
    )
