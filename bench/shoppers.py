"""The customers and journeys of the benches: known people, and how they enter."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson
from pymongo.asynchronous.collection import AsyncCollection

from hub.database import Row
from hub.events.model import Source, Trust
from hub.events.store import EventDocument
from hub.intake.accept import accept
from hub.journeys import service
from hub.messaging.store import MessageDocument
from hub.wording import templates
from hub.wording.library import Library
from runtime import wiring

SHOP: Final = Source("shop", Trust.SERVER)
ENTERING: Final = "Checkout Started"
TEMPLATE: Final = "reminder"
WAIT_SECONDS: Final = 5

SEND_WAIT_BRANCH_SEND: Final = f"""
journey: two-words
enter: {{event: {ENTERING}, key: properties.order_id, where: properties.value > 0}}
steps:
  - send: {{template: {TEMPLATE}, channels: [email]}}
  - wait: {WAIT_SECONDS}s
  - branch:
      - if: profile.vip = true
        then: [{{send: {{template: {TEMPLATE}, channels: [email]}}}}]
      - else: [{{send: {{template: {TEMPLATE}, channels: [sms, email]}}}}]
"""
SEND: Final = f"""
journey: one-word
enter: {{event: {ENTERING}, key: properties.order_id}}
steps:
  - send: {{template: {TEMPLATE}, channels: [email]}}
"""


async def publish(journey: str) -> None:
    """Save the template and publish a journey."""
    texts = {
        "en/subject": "Your basket is waiting",
        "en/text": "Hello {{ profile.first_name }}, your order {{ event.order_id }} is still here. "
        "{{ links.unsubscribe }}",
        "en/sms": "Your order {{ event.order_id }} is still here.",
    }
    await Library().save(templates.template_of(TEMPLATE, texts))
    await service.publish(journey, templates={TEMPLATE}, by="bench", key="1", now=wiring.clock())


async def identify(count: int) -> None:
    """Introduce customers, every second of them a VIP, and wait until the router knows them all."""
    calls = [
        {
            "type": "identify",
            "messageId": f"identify-{number}",
            "userId": f"customer-{number}",
            "traits": {"email": f"customer-{number}@example.com", "first_name": "Ada", "vip": number % 2 == 0},
        }
        for number in range(count)
    ]
    for start in range(0, count, 500):
        await accept(SHOP, [orjson.dumps(call) for call in calls[start : start + 500]], now=wiring.clock())
    await until_counted(EventDocument.get_pymongo_collection(), {"routed": True}, count)


async def check_out(customers: Sequence[int], order: str = "1") -> None:
    """Let customers begin a checkout: their events are accepted when this returns."""
    calls = [
        {
            "type": "track",
            "event": ENTERING,
            "messageId": f"checkout-{number}-{order}",
            "userId": f"customer-{number}",
            "properties": {"order_id": f"{number}-{order}", "value": 42.5, "currency": "EUR"},
        }
        for number in customers
    ]
    await accept(SHOP, [orjson.dumps(call) for call in calls], now=wiring.clock())


async def until_counted(collection: AsyncCollection[Row], where: Row, count: int) -> None:
    """Wait until so many documents answer the question, looking twice a second so as to cost next to nothing."""
    while await collection.count_documents(where) < count:  # noqa: ASYNC110  other processes write them
        await asyncio.sleep(0.5)


async def seconds_to_first_send(*, since: datetime) -> list[float]:
    """Tell, for each run that entered since then, how long after its event's acceptance the sender had its message."""
    accepted = EventDocument.get_pymongo_collection().find({"accepted_at": {"$gte": since}}, {"accepted_at": 1})
    entered = {it["_id"]: it["accepted_at"] async for it in accepted}
    messages = MessageDocument.get_pymongo_collection().find({"step": "0", "event_id": {"$in": list(entered)}})
    return [(it["attempts"][0]["at"] - entered[it["event_id"]]).total_seconds() async for it in messages]
