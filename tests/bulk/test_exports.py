from datetime import UTC, datetime
from typing import Any

from hub.bulk import exports
from hub.bulk.rows import RowKind
from hub.database import Database
from tests.intake.inflow import NOW, identify, people, route_all, said, track


async def exported(kind: RowKind) -> list[dict[str, Any]]:
    return [row async for row in exports.rows(kind)]


async def test_a_profile_is_exported_with_its_traits_and_what_the_hub_says(database: Database) -> None:
    await said(identify(userId="ada", anonymousId="a1", traits={"email": "ada@example.com", "vip": True}))
    await said(track("Page Viewed", anonymousId="a2"))
    await route_all()
    ids = {names: str(row["_id"]) for names, row in (await people(database)).items()}

    ada, stranger = sorted(await exported(RowKind.PROFILES), key=lambda it: it["userId"] is None)

    hub = {"stage": None, "events": 1, "firstSeenAt": NOW, "lastSeenAt": NOW}
    assert ada == {
        "userId": "ada",
        "email": "ada@example.com",
        "vip": True,
        "hub": {"id": ids["anonymous:a1 email:ada@example.com user:ada"], **hub},
    }
    assert stranger == {"userId": None, "hub": {"id": ids["anonymous:a2"], **hub}}


async def test_who_was_absorbed_is_exported_as_their_head_and_so_is_what_they_did(database: Database) -> None:
    del database
    await said(track("Page Viewed", anonymousId="a1", messageId="m1"))
    await route_all()
    await said(identify(userId="ada", anonymousId="a2", messageId="m2"))
    await route_all()
    await said(identify(userId="ada", anonymousId="a1", messageId="m3"))
    await route_all()

    [ada] = await exported(RowKind.PROFILES)
    events = {it["messageId"]: it for it in await exported(RowKind.EVENTS)}

    assert (ada["userId"], ada["hub"]["events"]) == ("ada", 3)
    assert {it["hub"]["profileId"] for it in events.values()} == {ada["hub"]["id"]}
    assert (events["m1"]["event"], events["m1"]["anonymousId"], events["m1"]["timestamp"]) == ("Page Viewed", "a1", NOW)
    assert (events["m3"]["hub"]["kind"], events["m3"]["hub"]["source"]) == ("identify", "shop")


async def test_an_order_is_exported_as_it_was_said_with_what_is_left_of_it(database: Database) -> None:
    del database
    at = "2026-03-01T09:00:00Z"
    said_of_it = {
        "order_id": "1",
        "currency": "EUR",
        "total": "20.50",
        "shipping": "4.90",
        "channel": "pos",
        "store_id": "b-1",
        "fulfilment": {"kind": "ship", "location": "b-1"},
        "products": [{"product_id": "p", "quantity": 2, "price": "7.80"}],
    }
    refund = {"order_id": "1", "refund_id": "r", "currency": "EUR", "total": "5.00"}
    await said(track("Order Completed", userId="ada", timestamp=at, properties=said_of_it))
    await said(track("Order Refunded", userId="ada", properties=refund))
    await route_all()

    [order] = await exported(RowKind.ORDERS)

    hub = order.pop("hub")
    assert (hub["source"], hub["status"], hub["refunded"], hub["net"]) == ("shop", "completed", "5.00", "15.50")
    assert (order.pop("userId"), order.pop("timestamp")) == ("ada", datetime(2026, 3, 1, 9, tzinfo=UTC))
    [line] = order.pop("products")
    assert {name: it for name, it in line.items() if it is not None} == {
        "product_id": "p",
        "quantity": 2,
        "price": "7.80",
    }
    assert {name: it for name, it in order.items() if it is not None} == {
        name: it for name, it in said_of_it.items() if name != "products"
    }


async def test_more_than_a_batch_comes_whole_and_once(database: Database) -> None:
    del database
    await said(*(identify(userId=f"u{it}") for it in range(exports.BATCH + 5)))
    await route_all()

    assert sorted(it["userId"] for it in await exported(RowKind.PROFILES)) == sorted(
        f"u{it}" for it in range(exports.BATCH + 5)
    )
