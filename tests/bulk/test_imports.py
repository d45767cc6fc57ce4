"""Files on their way in: every row once, whatever is killed, and nobody is told anything by what is history."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.bulk import imports
from hub.bulk.imports import File, Progress
from hub.bulk.rows import BadRow, Row, RowKind
from hub.database import Database
from hub.rollups import service as rollups
from tests.intake.inflow import NOW, order, outcome, people, publish, route_all, said

JOINS = """
journey: welcome
enter: {event: Order Completed}
steps:
  - send: {template: cart-reminder, channels: [email]}
"""


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


async def brought(
    kind: RowKind, rows: Sequence[Row | BadRow], *, digest: str = "d", batches: int | None = None
) -> list[Progress]:
    """Import rows, all of them or so many batches before the process dies."""
    clock = Clock()
    begun = await imports.begin(File(kind, "file.csv", digest), now=clock())
    told: list[Progress] = []
    async for it in imports.run(begun, rows, clock):
        told.append(it)
        if len(told) == batches:
            break
    return told


def orders(count: int) -> list[dict[str, Any]]:
    return [
        {
            "userId": f"u{it % 7}",
            "order_id": str(it),
            "timestamp": "2025-03-01T09:00:00Z",
            "total": 5,
            "currency": "EUR",
        }
        for it in range(count)
    ]


async def test_rows_become_profiles_events_orders_and_consents(database: Database) -> None:
    at = "2026-03-01T09:00:00Z"
    await brought(RowKind.PROFILES, [{"userId": "ada", "email": "ada@example.com", "vip": True}])
    await brought(RowKind.EVENTS, [{"email": "ada@example.com", "event": "Store Visited", "timestamp": at}])
    await brought(RowKind.ORDERS, [{**orders(1)[0], "userId": "ada"}])
    await brought(RowKind.CONSENTS, [{"userId": "ada", "state": "granted", "channel": "email", "timestamp": at}])
    await route_all()

    [(names, ada)] = (await people(database)).items()
    assert names == "email:ada@example.com user:ada"
    assert (ada["traits"], ada["events"]) == ({"email": "ada@example.com", "vip": True}, 4)
    assert {key: it["state"] for key, it in ada["consents"].items()} == {"default/marketing/email": "granted"}
    [kept] = await database["orders"].find().to_list()
    assert (kept["order_id"], kept["gross"], kept["profile_id"]) == ("0", 500, ada["_id"])
    happened = {it["name"]: it["at"].isoformat() async for it in database["events"].find({"name": "Store Visited"})}
    assert happened == {"Store Visited": "2026-03-01T09:00:00+00:00"}


async def test_an_import_that_was_killed_goes_on_and_doubles_nothing(database: Database) -> None:
    rows = orders(2_500)

    before = await brought(RowKind.ORDERS, rows, batches=2)
    after = await brought(RowKind.ORDERS, rows)

    # It had died before the second batch was noted: that one is taken again, under the same keys.
    assert [it.read for it in before] == [1_000, 2_000]
    assert [(it.read, it.accepted, it.refused) for it in after] == [(2_000, 2_000, 0), (2_500, 2_500, 0)]
    assert await database["events"].count_documents({}) == 2_500
    await route_all()
    assert sorted(it["rollups"]["orders"]["count"] for it in (await people(database)).values()) == [
        *(357, 357, 357, 357, 357, 357),
        358,
    ]


async def test_an_import_that_was_finished_is_begun_anew_and_knows_its_rows(database: Database) -> None:
    await brought(RowKind.ORDERS, orders(3))
    again = await brought(RowKind.ORDERS, orders(3))

    assert [(it.read, it.accepted) for it in again] == [(3, 3)]
    assert await database["events"].count_documents({}) == 3
    assert [
        (it["time"], it["read"], it["done_at"] is None) async for it in database["imports"].find().sort("time", 1)
    ] == [
        (0, 3, False),
        (1, 3, False),
    ]


async def test_profiles_that_are_brought_in_again_hold_again(database: Database) -> None:
    for plan, digest in (("free", "a"), ("gold", "b"), ("free", "a")):
        await brought(RowKind.PROFILES, [{"userId": "ada", "plan": plan}], digest=digest)
        await route_all()

    [ada] = (await people(database)).values()
    assert ada["traits"] == {"plan": "free"}


async def test_rows_of_one_person_are_applied_in_the_order_of_the_file(database: Database) -> None:
    rows = [{"userId": "ada", "number": it} for it in range(2_300)]

    await brought(RowKind.PROFILES, rows)
    await route_all()

    [ada] = (await people(database)).values()
    assert ada["traits"] == {"number": 2_299}


async def test_a_bad_row_is_told_with_its_place_and_reason_and_harms_no_neighbour(database: Database) -> None:
    good = orders(2)
    rows: list[Row | BadRow] = [
        good[0],
        BadRow("bad_row", "The row has 3 cells, and there are 4 columns."),
        {**good[1], "total": "ten"},
        {**good[1], "userId": None},
        {**good[1], "huge": 2**70},
        good[1],
    ]

    [told] = await brought(RowKind.ORDERS, rows)

    assert (told.read, told.accepted, told.refused) == (6, 2, 4)
    assert [(it.row, it.code) for it in told.just_refused] == [
        (2, "bad_row"),
        (3, "bad_order"),
        (4, "missing_identity"),
        (5, "not_storable"),
    ]
    assert all("ten" not in it.message for it in told.just_refused)
    assert await database["events"].count_documents({}) == 2


@pytest.mark.parametrize("imported", [True, False])
async def test_history_enters_no_journey_and_news_does(database: Database, *, imported: bool) -> None:
    await publish(JOINS)

    if imported:
        await brought(RowKind.ORDERS, [{**orders(1)[0], "userId": "ada"}])
    else:
        await said(order("ada", "1", message="m1"))
    await route_all()

    assert await database["runs"].count_documents({}) == (0 if imported else 1)
    assert len((await outcome(database))["decisions"]) == (0 if imported else 1)


async def test_history_ends_a_run_that_waits_for_what_it_tells(database: Database) -> None:
    await publish()
    started = {"type": "track", "event": "Checkout Started", "userId": "ada", "messageId": "m1"}
    await said({**started, "properties": {"order_id": "0", "value": 5}})
    await route_all()

    await brought(RowKind.ORDERS, [{**orders(1)[0], "userId": "ada"}])
    await route_all()

    run = await database["runs"].find_one({})
    assert run is not None
    assert (len(run["inputs"]), run["wake"]) == (1, True)


async def test_history_tells_nobody_that_goods_lie_ready_and_fills_no_cart(database: Database) -> None:
    at = "2026-03-01T09:00:00Z"
    await brought(RowKind.ORDERS, [{**orders(1)[0], "userId": "ada"}])
    rows = [
        {"userId": "ada", "event": "Order Ready For Pickup", "timestamp": at, "order_id": "0"},
        {"userId": "ada", "event": "Product Added", "timestamp": at, "cart_id": "c", "product_id": "p", "quantity": 1},
        {"userId": "ada", "event": "Consent Granted", "timestamp": at, "channel": "email"},
    ]
    await brought(RowKind.EVENTS, rows)
    await route_all()

    assert await database["messages"].count_documents({}) == 0
    assert await database["carts"].count_documents({}) == 0
    assert await database["events"].count_documents({"source": "hub"}) == 0
    assert await database["consents"].count_documents({}) == 1


async def test_history_moves_a_stage_and_announces_no_transition(database: Database) -> None:
    await rollups.ship(now=NOW)

    await brought(RowKind.ORDERS, [{**orders(1)[0], "userId": "ada"}])
    await route_all()

    [ada] = (await people(database)).values()
    assert (ada["stage"], ada["rollups"]["purchases"]["count"]) == ("lapsed", 1)
    assert await database["events"].count_documents({"source": "hub"}) == 0


async def test_reviews_of_a_file_rest_on_the_orders_of_one_and_set_nothing_off(database: Database) -> None:
    row = {"userId": "u0", "timestamp": "2025-03-08T09:00:00Z", "product_id": "P-1", "rating": 4.0}
    bought = [{**orders(1)[0], "products": [{"product_id": "P-1", "quantity": 1, "price": 5}]}]
    await brought(RowKind.ORDERS, bought)
    told = await brought(RowKind.REVIEWS, [{**row, "review_body": "Good"}, {**row, "review_body": None}], digest="r")
    await route_all()

    assert [(it.row, it.code) for it in told[-1].just_refused] == [(2, "bad_review")]
    (review,) = await database["reviews"].find({}).to_list()
    assert (review["stars"], review["text"], review["state"]) == (4, "Good", "received")
    assert await database["events"].count_documents({"source": "hub"}) == 0
