"""Row 85: after delivery and some days, one request for each line of an order that can be reviewed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.events.model import IMPORT
from hub.journeys import service as journeys
from hub.journeys.advance import Advancer
from hub.wording.library import Library
from hub.wording.templates import template_of
from tests.reviews.stage import rules, writes
from tests.rollups.stage import DAY, Shop

ASKING = "{reviews: rules, approve: {score_from: 0}, requests: true}"
JOURNEY = """\
journey: review-request
enter: {event: Order Line Delivered, key: properties.line_id}
exit:
  - {event: Review Received, match: properties.product_id}
steps:
  - wait: 14d
  - send: {template: review-request, channels: [email]}
"""
LINES = [
    {"product_id": "P-1", "name": "Beans", "quantity": 1, "price": 5},
    {"product_id": "P-2", "sku": "S-2", "quantity": 2, "price": 5},
    {"name": "Wrapping", "quantity": 1, "price": 5},
]


async def told(shop: Shop, name: str, **properties: Any) -> None:
    shop.now += timedelta(seconds=1)
    order = {"order_id": "A-1", "currency": "EUR", **properties}
    await shop.say(name, properties=order, timestamp=shop.now.isoformat())
    await shop.route()


async def ordered(shop: Shop, name: str = "Completed", **said: Any) -> None:
    await told(shop, f"Order {name}", total=20, products=LINES, **said)


async def delivered(database: Database) -> list[tuple[str, str]]:
    rows = await database["events"].find({"name": "Order Line Delivered"}).to_list()
    return sorted((it["properties"]["product_id"], it["properties"]["order_id"]) for it in rows)


BOTH = [("P-1", "A-1"), ("P-2", "A-1")]


async def test_row_85_after_delivery_and_some_days_there_is_one_request_for_each_order_line(
    shop: Shop, database: Database
) -> None:
    words = {"en/subject": "How do you like {{ event.properties.product_id }}?", "en/text": "{{ links.unsubscribe }}"}
    await Library().save(template_of("review-request", words))
    await journeys.publish(JOURNEY, templates={"review-request"}, by="test", key="k", now=shop.now)
    await rules(shop, ASKING)
    await shop.identify(traits={"email": "ada@example.com"})
    await ordered(shop)
    for _ in range(2):
        await told(shop, "Order Delivered")
    await writes(shop, product="P-2")
    await shop.route()

    assert await asked(shop, database, shop.now + 13 * DAY) == 0
    assert await asked(shop, database, shop.now + 15 * DAY) == 1
    assert await asked(shop, database, shop.now + 30 * DAY) == 1


async def asked(shop: Shop, database: Database, at: datetime) -> int:
    """How many requests there are once the journey has gone on until then."""
    shop.now = at
    while await Advancer().advance("review-request/1/0", lambda: at):
        pass
    return await database["messages"].count_documents({"template": "review-request"})


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ({"channel": "web"}, "Delivered"),
        ({"channel": "web", "fulfilment": {"kind": "pickup"}}, "Picked Up"),
        ({"channel": "pos"}, None),
    ],
)
async def test_a_line_is_announced_once_when_the_customer_has_it_however_that_came_about(
    shop: Shop, database: Database, said: dict[str, Any], then: str | None
) -> None:
    await rules(shop, ASKING)
    await ordered(shop, **said)
    if then:
        assert await delivered(database) == []
        await told(shop, f"Order {then}")
    assert await delivered(database) == BOTH

    await ordered(shop, "Updated", **said, note="the lines are said again")
    await told(shop, "Order Delivered")

    assert await delivered(database) == BOTH


async def test_a_delivery_may_be_told_before_its_order(shop: Shop, database: Database) -> None:
    await rules(shop, ASKING)
    await told(shop, "Order Delivered")
    await ordered(shop)

    assert await delivered(database) == BOTH


async def test_what_was_cancelled_given_back_or_reviewed_is_not_asked_for(shop: Shop, database: Database) -> None:
    await rules(shop, ASKING)
    await ordered(shop)
    await told(shop, "Order Refunded", products=[{"product_id": "P-1", "quantity": 1, "price": 5}])
    await writes(shop, product="P-2")
    await told(shop, "Order Delivered")
    assert await delivered(database) == []

    await ordered(shop, order_id="A-2")
    await told(shop, "Order Cancelled", order_id="A-2")
    await told(shop, "Order Delivered", order_id="A-2")

    assert await delivered(database) == []


async def test_nothing_is_announced_unless_the_rules_want_it_and_nothing_of_a_file(
    shop: Shop, database: Database
) -> None:
    await ordered(shop, channel="pos")
    await rules(shop, ASKING)
    said = {"order_id": "A-2", "channel": "pos", "currency": "EUR", "total": 20, "products": LINES}
    await shop.say("Order Completed", source=IMPORT, properties=said)
    await shop.route()

    assert await delivered(database) == []
