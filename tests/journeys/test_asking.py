"""What conditions of journeys ask of a customer besides their traits: consents, and the numbers of rollups."""

from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.journeys import service
from hub.journeys.advance import Advancer
from hub.kit.problems import InvalidDefinition
from hub.rollups import service as rollups
from tests.rollups.stage import Shop

TEMPLATES = {"hello", "thanks", "reminder"}
REGULARS = """\
journey: regulars
enter: {event: Order Completed, where: "purchases.30d.count >= 2 and consent.email.marketing = 'granted'"}
steps:
  - wait: 1d
  - branch:
      - if: purchases.days_since_last >= 1 and consent.sms.marketing = "granted"
        then: [{send: {template: hello, channels: [sms]}}]
      - if: purchases.sum > 50
        then: [{send: {template: thanks}}]
      - else: [{send: {template: reminder}}]
"""


@pytest.fixture
async def shop(database: Database) -> Shop:
    shop = Shop(database)
    await shop.publish(*rollups.shipped())
    await publish(shop, REGULARS)
    return shop


async def publish(shop: Shop, source: str) -> None:
    await service.publish(source, templates=TEMPLATES, by="test", key=source, now=shop.now)


async def grants(shop: Shop, channel: str, user: str = "ada") -> None:
    await shop.say("Consent Granted", user=user, properties={"channel": channel})
    await shop.route()


async def sent(shop: Shop, user: str = "ada") -> list[str]:
    shop.now += timedelta(days=1)
    while await Advancer().advance("regulars/1/0", lambda: shop.now):
        pass
    owner: Any = (await shop.profile(user)).id
    return [row["template"] async for row in shop.database["messages"].find({"profile_id": owner})]


async def entered(shop: Shop, user: str = "ada") -> int:
    return await shop.database["runs"].count_documents({"profile_id": (await shop.profile(user)).id})


async def test_an_entry_asks_how_often_somebody_has_bought_this_order_included_and_what_they_allow(shop: Shop) -> None:
    await grants(shop, "email")
    await shop.bought(10)
    assert await entered(shop) == 0

    await shop.bought(10)
    await shop.bought(10, 10, user="bob")

    assert (await entered(shop), await entered(shop, "bob")) == (1, 0)


async def test_a_branch_asks_for_the_numbers_as_they_are_by_then(shop: Shop) -> None:
    await grants(shop, "email")
    await shop.bought(10, 10)
    await sent(shop)
    await shop.bought(40)

    assert await sent(shop) == ["thanks"]


async def test_a_branch_asks_what_is_allowed_by_then(shop: Shop) -> None:
    await grants(shop, "email")
    await shop.bought(10, 10)
    await sent(shop)
    await grants(shop, "sms")

    assert await sent(shop) == ["hello"]


async def test_what_is_asked_of_a_rollup_that_is_not_published_is_refused_at_its_place(shop: Shop) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        await publish(shop, REGULARS.replace("purchases.sum", "purchase.sum").replace("30d", "31d"))

    assert [str(it).split(". Known")[0] for it in refused.value.problems] == [
        "2:41: `purchases` has no `31d`. Did you mean `purchases.30d`? [unknown_name]",
        (
            "8:13: `purchase` is not known here: a name begins with `properties.` or `profile.` or `consent.` or"
            " `purchases.`. Did you mean `purchases`? [unknown_name]"
        ),
    ]
