"""The segments that come with the hub: every one of them can be published, and picks whom it says."""

from datetime import timedelta
from typing import Final

import pytest

from hub.database import Database
from hub.definitions import Version
from hub.rollups import service as rollups
from hub.segments import ready, service, store
from hub.segments.ready import ChangedByTheShop, NoSuchReadySegment
from tests.rankings.floor import ranked
from tests.rollups.stage import NOON, Shop

PEOPLE: Final = {
    "ada": [
        "active",
        "birthday-this-week",
        "bulk-buyers",
        "reachable-by-email",
        "reachable-by-push",
        "repeat-buyers",
        "top-10-percent",
        "vip",
    ],
    "bob": ["lapsed", "repeat-buyers"],
    "cyd": ["at-risk"],
    "dan": ["active", "cart-abandoners", "repeat-buyers"],
    "eve": ["reachable-by-sms"],
    "flo": ["active", "new"],
}
"""Who is in which ready segment at the end of `a_year`."""


async def a_year(shop: Shop) -> None:
    """Bob was there long ago, ada bought a lot, dan comes and goes, eve has never bought, and flo has just begun."""
    await _ago(shop, 400)
    await shop.order(80, user="bob")
    await _ago(shop, 250)
    await shop.order(700, user="ada", products=[{"product_id": "cup", "quantity": 12}])
    await shop.order(10, user="dan")
    await _ago(shop, 181)
    await shop.order(20, user="bob")
    await _ago(shop, 100)
    await shop.order(30, user="cyd")
    await _ago(shop, 80)
    await shop.order(15, user="ada", products=[{"product_id": "cup", "quantity": 9}])
    await _ago(shop, 20)
    await shop.order(10, user="dan")
    await shop.say("Product Added", user="eve", properties={"product_id": "cup"})
    await _ago(shop, 3)
    await shop.say("Product Added", user="dan", properties={"product_id": "cup"})
    await shop.say("Product Added", user="flo", properties={"product_id": "cup"})
    await _ago(shop, 2)
    await shop.order(10, user="flo")
    for user, channel in (("ada", "email"), ("ada", "push"), ("bob", "email"), ("eve", "sms")):
        await shop.say("Consent Granted", user=user, properties={"channel": channel})
    await shop.identify(user="ada", traits={"email": "ada@example.com", "birthday": "1990-11-28"})
    await shop.identify(user="cyd", traits={"email": "cyd@example.com", "birthday": "1990-11-29"})
    await shop.identify(user="eve", traits={"phone": "+4915112345678"})
    await shop.route()


async def _ago(shop: Shop, days: float) -> None:
    await shop.route()
    shop.now = NOON - timedelta(days=days)


async def members(database: Database) -> dict[str, list[str]]:
    owners = {row["profile_id"]: row["value"] async for row in database["identifiers"].find({"kind": "user"})}
    rows = database["profiles"].find({}, {"segments.in.name": 1})
    return {owners[row["_id"]]: sorted(it["name"] for it in row["segments"]["in"]) async for row in rows}


async def test_every_ready_segment_is_published_and_picks_whom_it_says(shop: Shop, database: Database) -> None:
    await shop.publish(rollups.shipped()[0])
    await a_year(shop)
    shop.now = NOON
    assert await ready.published() == set()

    for it in ready.shipped():
        assert it.description
        published = await ready.publish(it, by="test", key=it.name, now=shop.now)
        assert published.version == Version(it.name, 1)
    await shop.filled()
    await ranked(shop)

    assert await members(database) == PEOPLE
    assert {name for names in PEOPLE.values() for name in names} == {it.name for it in ready.shipped()}
    assert await ready.published() == {it.name for it in ready.shipped()}


async def test_they_move_people_as_any_segment_does(shop: Shop, database: Database) -> None:
    await shop.publish(rollups.shipped()[0])
    for it in ready.shipped():
        await ready.publish(it, by="test", key=it.name, now=NOON)
    await a_year(shop)
    shop.now = NOON
    await shop.kept()
    await ranked(shop)

    assert await members(database) == PEOPLE


async def test_a_segment_that_the_shop_has_changed_stays_as_it_is(shop: Shop) -> None:
    await shop.publish(rollups.shipped()[0])
    (vip,) = ready.named(["vip"])
    await ready.publish(vip, by="test", key="1", now=shop.now)
    assert not (await ready.publish(vip, by="test", key="2", now=shop.now)).new
    own = vip.source.replace("500", "900")
    await service.publish(own, by="test", key="3", now=shop.now)

    with pytest.raises(ChangedByTheShop) as raised:
        await ready.publish(vip, by="test", key="4", now=shop.now)

    assert raised.value.message == "vip version 2 is the shop's own and stays. Delete it to publish the ready one."
    (live,) = await store.DEFINITIONS.live(["vip"])
    assert live.source == own


def test_a_name_that_is_none_of_them_is_refused_with_what_was_meant() -> None:
    with pytest.raises(NoSuchReadySegment) as raised:
        ready.named(["vips"])

    assert raised.value.message == "There is no ready segment `vips`. Did you mean `vip`?"
