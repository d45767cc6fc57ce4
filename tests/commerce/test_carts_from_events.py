"""Carts through the router: kept, announced and repeatable, whoever dies or works beside."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.commerce import carts_store, newest, products
from hub.commerce.catalogue import Price, Product, Variant
from hub.commerce.products import ProductDocument
from hub.database import Database
from hub.kit import ids
from hub.kit.money import Money
from hub.privacy.traces import Person, Traces
from hub.profiles import store as profiles_store
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import APP, NOW, empty, route_all, router, said, track, unrouted
from tests.killing import killed

RED = {"sku": "red-m", "price": 20, "currency": "EUR"}


def added(message: str, *, user: str = "ada", minute: int = 0, **properties: Any) -> dict[str, Any]:
    at = (NOW - timedelta(hours=1) + timedelta(minutes=minute)).isoformat()
    return track("Product Added", userId=user, messageId=message, properties={**RED, **properties}, timestamp=at)


def happened(event: str, message: str, *, minute: int = 0, **properties: Any) -> dict[str, Any]:
    at = (NOW - timedelta(hours=1) + timedelta(minutes=minute)).isoformat()
    return track(event, userId="ada", messageId=message, properties=properties, timestamp=at)


async def ada(database: Database) -> UUID:
    row = await database["identifiers"].find_one({"value": "ada"})
    assert row
    profile_id: UUID = row["profile_id"]
    return profile_id


async def pieces(*own_ids: UUID) -> dict[str, dict[str, int]]:
    """How many pieces of what are in which cart."""
    (found,) = (await carts_store.of_people([own_ids])).values()
    return {cart.cart_id: {line.sku: line.quantity for line in cart.lines({})} for cart in found}


async def updates(database: Database) -> list[tuple[str, int, float | None]]:
    """What was announced: cart, pieces and value, in the order of acceptance."""
    found = database["events"].find({"name": "Cart Updated"}).sort([("at", 1), ("accepted_at", 1), ("place", 1)])
    return [(it["cart_id"], it["item_count"], it.get("value")) async for row in found for it in [row["properties"]]]


async def test_events_of_a_client_source_fill_the_cart_and_each_change_is_announced_once(database: Database) -> None:
    await said(added("m1", minute=1), source=APP)
    await route_all()
    await said(added("m2", minute=2, quantity=2), added("m3", minute=2, cart_id="gift"), source=APP)
    await route_all()
    await said(added("m1", minute=1), source=APP)  # again
    await route_all()
    await said(happened("Order Completed", "m4", minute=3, order_id="A-1"), source=APP)
    await route_all()

    assert await pieces(await ada(database)) == {"cart": {}, "gift": {"red-m": 1}}
    assert sorted(await updates(database), key=repr) == [
        ("cart", 0, None),
        ("cart", 1, 20.0),
        ("cart", 3, 60.0),
        ("gift", 1, 20.0),
    ]
    about = {row["about"] async for row in database["events"].find({"name": "Cart Updated"})}
    assert about == {await ada(database)}


async def test_several_changes_of_one_batch_are_announced_once_by_the_last_of_them(database: Database) -> None:
    await said(added("m1", minute=1), added("m2", minute=2), added("m3", minute=3))
    await route_all()

    assert await updates(database) == [("cart", 3, 60.0)]


async def test_a_change_from_before_the_cart_was_seen_whole_announces_nothing(database: Database) -> None:
    await said(happened("Cart Viewed", "m1", minute=5, products=[{**RED, "quantity": 2}]))
    await route_all()
    await said(added("m2", minute=4))
    await route_all()

    assert await pieces(await ada(database)) == {"cart": {"red-m": 2}}
    assert await updates(database) == [("cart", 2, 40.0)]


async def test_an_order_of_somebody_who_never_used_a_cart_announces_none_and_keeps_out_what_is_older(
    database: Database,
) -> None:
    await said(happened("Order Completed", "m1", minute=5, order_id="A-1"))
    await route_all()
    await said(added("m2", minute=4))
    await route_all()

    assert await pieces(await ada(database)) == {"cart": {}}
    assert await updates(database) == []


async def test_the_value_of_a_cart_is_that_of_the_catalogue(database: Database) -> None:
    shirt = Product("shirt", {"en": "Shirt"}, NOW, (Variant("red-m", prices=(Price(Money(1490, "EUR")),)),))
    await newest.keep(ProductDocument, [products._row_of(shirt)], name="product_id")
    await said(added("m1", minute=1, quantity=2))
    await route_all()

    assert await updates(database) == [("cart", 2, 29.8)]


async def test_the_carts_of_two_profiles_that_are_one_person_are_one_cart(database: Database) -> None:
    await said(added("m1", minute=1), {**added("m2", minute=2), "userId": None, "anonymousId": "tablet"})
    await route_all()
    head = await ada(database)
    member = (await database["identifiers"].find_one({"value": "tablet"}) or {})["profile_id"]
    await database["profiles"].update_one({"_id": head}, {"$set": {"members": [member]}, "$inc": {"rev": 1}})
    await database["profiles"].update_one({"_id": member}, {"$set": {"absorbed_by": head}, "$inc": {"rev": 1}})

    await said({**added("m3", minute=3), "userId": None, "anonymousId": "tablet"})
    await route_all()

    assert await pieces(head, member) == {"cart": {"red-m": 3}}
    assert (await updates(database))[-1] == ("cart", 3, 60.0)
    (profile,) = {it.id for it in (await profiles_store.heads([member])).values()}
    assert profile == head


async def batch() -> None:
    await said(
        added("m1", minute=1),
        happened("Product Removed", "m2", minute=2, sku="red-m"),
        added("m3", minute=3, sku="blue-m", quantity=2),
        added("m4", minute=1, cart_id="gift"),
        added("m5", minute=1, user="bob"),
        happened("Back In Stock Requested", "m6", minute=1, sku="red-m"),
    )


async def end(database: Database) -> dict[str, Any]:
    """What is left when all is done: carts, wishes, and the last that was announced of each cart."""
    carts = {
        (row["_id"], row["cart_id"]): [it["event_id"] for it in row["changes"]]
        async for row in database["carts"].find()
    }
    last = {cart_id: (count, value) for cart_id, count, value in await updates(database)}
    wishes = [(row["sku"], row["waiting"], row["asked_by"]) async for row in database["wishes"].find()]
    return {"carts": carts, "last": last, "wishes": wishes, "unrouted": len(await unrouted())}


async def test_whatever_dies_on_the_way_the_end_is_the_same(database: Database) -> None:
    await batch()
    await route_all()
    undisturbed = await end(database)
    assert len(undisturbed["carts"]) == 3
    assert undisturbed["wishes"] == [("red-m", True, ids.key_of("event", "shop", "m6"))]
    profiles = [row async for row in database["profiles"].find({}, {"_id": 1})]
    identifiers = [row async for row in database["identifiers"].find()]
    blank = {"rev": 1, "seq": 0, "traits": {}, "verified": [], "devices": [], "locale": None, "zone": None}
    length, dying = 0, True
    while dying:
        await empty(database)
        # The same people, or the ids of their carts would differ.
        await database["profiles"].insert_many(
            [
                {**row, **blank, "events": 0, "first_seen_at": NOW, "last_seen_at": NOW, "counted": []}
                for row in profiles
            ]
        )
        await database["identifiers"].insert_many(identifiers)
        await batch()

        dying = await killed(length, router("the one that dies").step)
        await route_all()

        assert await end(database) == undisturbed, f"died after {length} halves of a write"
        length += 1
    assert length > 10


async def test_routers_on_the_same_events_make_one_cart_of_them(database: Database) -> None:
    await said(*(added(f"m{place}", minute=place) for place in range(12)))

    async def work(name: str) -> None:
        while events := await unrouted():
            await router(name)._route(events[:5])

    await asyncio.gather(*(work(f"router {place}") for place in range(3)))

    assert await pieces(await ada(database)) == {"cart": {"red-m": 12}}
    assert (await updates(database))[-1] == ("cart", 12, 240.0)


async def test_carts_and_wishes_of_somebody_who_is_erased_are_gone(database: Database) -> None:
    await batch()
    await route_all()

    await Traces(DOCUMENTS).remove(Person((await ada(database),)))

    assert [row["cart_id"] async for row in database["carts"].find()] == ["cart"]  # bob's
    assert await database["wishes"].count_documents({}) == 0
