"""Events become orders, and orders totals: through the real router."""

import random
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from hub.commerce import cards, orders
from hub.commerce.model import FulfilmentKind, Order, OrderStatus, SalesChannel
from hub.database import Database
from hub.events.model import Source
from hub.intake import pickups
from hub.kit import ids
from hub.kit.money import Money
from hub.kit.pages import Span
from hub.messaging.model import MessageClass, State
from hub.messaging.store import MessageDocument
from hub.profiles.model import Channel
from tests.commerce.ordering import order_row, profile_id_of, sale, totals_of
from tests.intake.inflow import APP, NOW, SHOP, empty, identify, route_all, said

HOUR = timedelta(hours=1)


async def told(*calls: dict[str, Any], source: Source = SHOP) -> None:
    await said(*calls, source=source)
    await route_all()


async def order_of(source: str, order_id: str) -> Order:
    key = ids.key_of("order", source, order_id)
    return (await orders.load([key]))[key]


async def test_an_order_of_a_server_source_is_stored_and_counted_in_its_profile(database: Database) -> None:
    await told(
        sale(
            "Completed",
            "ada",
            "A-1",
            message="1",
            total="49.90",
            channel="pos",
            store_id="berlin-1",
            associate_id="a-17",
            fulfilment={"kind": "pickup", "location": "berlin-1"},
            payment_kind="girocard",
            products=[{"sku": "pen", "quantity": 2, "price": "24.95"}],
        )
    )

    order = await order_of("shop", "A-1")
    assert order.contents is not None
    assert order.contents.profile_id == await profile_id_of(database, "ada")
    assert (order.contents.channel, order.contents.store_id) == (SalesChannel.POS, "berlin-1")
    assert (order.gross, order.net, order.status) == (Money(4990, "EUR"), Money(4990, "EUR"), OrderStatus.COMPLETED)
    assert await totals_of(database, "ada") == {
        "count": 1,
        "first_at": NOW,
        "last_at": NOW,
        "by_currency": {"EUR": {"gross": 4990, "refunded": 0}},
    }


async def test_the_newest_version_of_an_order_wins_whatever_the_order_of_arrival(database: Database) -> None:
    versions = [
        sale("Completed", "ada", "A-1", message="1", total=10, version=1, coupon="ONE", store_id="s1"),
        sale("Updated", "ada", "A-1", message="2", total=20, version=2, coupon="TWO"),
        sale("Updated", "ada", "A-1", message="3", total=30, version=3, products=[{"sku": "x", "price": 30}]),
        sale("Refunded", "ada", "A-1", message="4", total=5, refund_id="R"),
    ]
    for arrival in permutations(versions):
        await empty(database)
        for call in arrival:
            await said(call)
        await route_all()

        row = await order_row(database, "A-1")
        assert (row["gross"], row["coupon"], row["store_id"], len(row["lines"])) == (3000, None, None, 1)
        assert await totals_of(database, "ada") == {
            "count": 1,
            "first_at": NOW,
            "last_at": NOW,
            "by_currency": {"EUR": {"gross": 3000, "refunded": 500}},
        }


async def test_a_refund_may_arrive_before_its_order_and_counts_when_that_is_there(database: Database) -> None:
    await told(sale("Refunded", "ada", "A-1", message="1", total=5, refund_id="R-1"))

    assert await totals_of(database, "ada") == {}
    assert await orders.load([ids.key_of("order", "shop", "A-1")]) == {}

    await told(sale("Completed", "ada", "A-1", message="2", total=20))

    order = await order_of("shop", "A-1")
    assert (order.gross, order.refunded, order.net) == (Money(2000, "EUR"), Money(500, "EUR"), Money(1500, "EUR"))
    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 2000, "refunded": 500}}


async def test_a_refund_told_twice_or_anew_counts_once_as_its_newest_version_says(database: Database) -> None:
    await told(
        sale("Completed", "ada", "A-1", message="1", total=20),
        sale("Refunded", "ada", "A-1", message="2", total=5, refund_id="R-1"),
        sale("Refunded", "ada", "A-1", message="3", total=5, refund_id="R-1"),
        sale("Refunded", "ada", "A-1", message="4", total=3, refund_id="R-2"),
    )
    await told(sale("Refunded", "ada", "A-1", message="5", total=4, refund_id="R-1", version=2))

    assert (await order_of("shop", "A-1")).net == Money(2000 - 400 - 300, "EUR")
    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 2000, "refunded": 700}}


async def test_a_client_source_completes_changes_and_refunds_no_order(database: Database) -> None:
    await told(sale("Completed", "ada", "A-1", message="1", total=20))
    names = ("Completed", "Updated", "Refunded", "Cancelled", "Ready For Pickup", "Picked Up")

    await told(*(sale(name, "ada", "A-1", message=name, total=1, version=9) for name in names), source=APP)
    await told(sale("Completed", "ada", "A-2", message="a2", total=1), source=APP)

    order = await order_of("shop", "A-1")
    assert (order.net, order.status) == (Money(2000, "EUR"), OrderStatus.COMPLETED)
    assert await database["orders"].count_documents({}) == 1
    assert (await totals_of(database, "ada"))["count"] == 1
    assert await database["messages"].count_documents({}) == 0
    refused = [row async for row in database["decisions"].find({"question": "order"})]
    assert [row["reason"] for row in refused] == ["untrusted_source"] * 7
    assert await database["events"].count_documents({"source": "app", "routed": True}) == 7


async def test_sources_that_name_their_orders_alike_have_different_orders(database: Database) -> None:
    await told(sale("Completed", "ada", "1", message="1", total=20))
    await told(sale("Completed", "ada", "1", message="1", total=5), source=Source("till", SHOP.trust))

    assert (await order_of("till", "1")).gross == Money(500, "EUR")
    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 2500, "refunded": 0}}


async def test_an_order_that_turns_out_to_be_somebody_elses_is_counted_there_and_no_longer_here(
    database: Database,
) -> None:
    await told(
        sale("Completed", "ada", "A-1", message="1", total=20, timestamp_of="web"),
        sale("Completed", "ada", "A-2", message="2", total=7),
    )
    await told(sale("Updated", "bob", "A-1", message="3", total=21, version=2))

    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 700, "refunded": 0}}
    assert (await totals_of(database, "ada"))["count"] == 1
    assert (await totals_of(database, "bob"))["by_currency"] == {"EUR": {"gross": 2100, "refunded": 0}}

    # A refund that names a third person is the order's all the same.
    await told(sale("Refunded", "cleo", "A-1", message="4", total=1))

    assert await totals_of(database, "cleo") == {}
    assert (await totals_of(database, "bob"))["by_currency"] == {"EUR": {"gross": 2100, "refunded": 100}}


async def test_a_cancelled_order_leaves_the_totals_with_its_time(database: Database) -> None:
    for hours, order in enumerate(("A-1", "A-2", "A-3")):
        call = sale("Completed", "ada", order, message=order, total=10)
        await said({**call, "timestamp": (NOW - (3 - hours) * HOUR).isoformat()})
    await route_all()
    assert (await totals_of(database, "ada"))["last_at"] == NOW - HOUR

    await told(sale("Cancelled", "ada", "A-3", message="c3"), sale("Cancelled", "ada", "A-1", message="c1"))

    assert await totals_of(database, "ada") == {
        "count": 1,
        "first_at": NOW - 2 * HOUR,
        "last_at": NOW - 2 * HOUR,
        "by_currency": {"EUR": {"gross": 1000, "refunded": 0}},
    }
    assert (await order_of("shop", "A-3")).status is OrderStatus.CANCELLED


async def test_an_order_that_cannot_be_read_is_set_aside_with_its_reason_and_its_event_stays(
    database: Database,
) -> None:
    await told(sale("Completed", "ada", "A-1", message="1", total="a lot"))

    letter = await database["dead_letters"].find_one({})
    assert letter is not None
    assert (letter["code"], letter["message"].partition(" ")[0]) == ("bad_order", "`total`")
    assert "a lot" not in letter["message"]
    assert await database["orders"].count_documents({}) == 0
    assert await database["events"].count_documents({"routed": True, "_id": letter["event_id"]}) == 1


async def test_a_card_number_in_an_order_is_stored_nowhere(database: Database) -> None:
    number = "4111 1111 1111 1111"
    call = sale("Completed", "ada", "A-1", message="1", total=5, payment_kind=number, products=[{"name": number}])

    await told(call)

    assert (await order_of("shop", "A-1")).gross == Money(500, "EUR")
    for name in await database.list_collection_names(filter={"name": {"$regex": "^(?!system)"}}):
        async for row in database[name].find():
            assert "1111 1111" not in str(row)
    event = await database["events"].find_one({})
    assert event is not None
    assert event["properties"]["payment_kind"] == cards.BLANK
    decision = await database["decisions"].find_one({"question": "keep a card number"})
    assert decision is not None
    assert decision["reason"] == "card_number"


async def test_the_fulfilment_location_is_on_the_order_and_changes_no_total(database: Database) -> None:
    await told(
        sale("Completed", "ada", "A-1", message="1", total=5, fulfilment={"kind": "ship", "location": "warehouse"}),
        sale("Completed", "bob", "B-1", message="2", total=5, fulfilment={"kind": "ship_from_store", "location": "s1"}),
    )

    contents = (await order_of("shop", "B-1")).contents
    assert contents is not None
    assert contents.fulfilment is not None
    assert (contents.fulfilment.kind, contents.fulfilment.location) == (FulfilmentKind.SHIP_FROM_STORE, "s1")
    assert await totals_of(database, "ada") == await totals_of(database, "bob")


async def test_orders_are_read_a_page_at_a_time_newest_first_and_without_those_only_heard_of(
    database: Database,
) -> None:
    for hours in range(3):
        call = sale("Completed", "ada", f"A-{hours}", message=f"{hours}", total=hours)
        await said({**call, "timestamp": (NOW - hours * HOUR).isoformat()})
    await told(sale("Refunded", "ada", "A-9", message="r", total=1))
    ada = await profile_id_of(database, "ada")

    page = (await orders.pages([(ada,)], Span(limit=2)))[ada,]

    assert [order.order_id for _, order in page.rows] == ["A-0", "A-1"]
    assert page.has_next
    rest = (await orders.pages([(ada,)], Span(limit=2, after=page.rows[-1][0])))[ada,]
    assert [order.order_id for _, order in rest.rows] == ["A-2"]
    assert not rest.has_next


READY = ("Ready For Pickup", "ada", "A-1")


async def test_order_ready_for_pickup_sends_one_transactional_message(database: Database) -> None:
    await said(identify(userId="ada", messageId="0", traits={"email": "ada@example.com"}))
    await told(sale(*READY, message="1"), sale(*READY, message="2"))
    await told(sale("Completed", "ada", "A-1", message="3", total=5), sale(*READY, message="4"))
    await told(sale("Ready For Pickup", "bob", "B-1", message="5"), {**sale(*READY, message="6"), "properties": {}})

    rows = [row async for row in database[MessageDocument.Settings.name].find().sort("created_at", 1)]
    to = {row["profile_id"]: row for row in rows}
    assert len(rows) == 2
    message = to[await profile_id_of(database, "ada")]
    assert message["_id"] == ids.key_of("message", "order-ready-for-pickup", ids.key_of("order", "shop", "A-1"))
    assert (message["message_class"], message["state"]) == (MessageClass.MUST_ARRIVE, State.QUEUED)
    assert (message["topic"], message["run_id"]) == ("service", None)
    assert message["channels"] == [Channel.PUSH, Channel.EMAIL, Channel.SMS] == list(pickups.CHANNELS)
    assert (await order_of("shop", "A-1")).status is OrderStatus.READY_FOR_PICKUP


@pytest.mark.parametrize("over", ["Cancelled", "Picked Up"])
async def test_nobody_is_told_to_fetch_what_was_cancelled_or_fetched_before(database: Database, over: str) -> None:
    await told(sale("Completed", "ada", "A-1", message="1", total=5), sale(over, "ada", "A-1", message="2"))
    await told(sale(*READY, message="3"))

    assert await database[MessageDocument.Settings.name].count_documents({}) == 0


async def test_the_customer_whose_order_it_is_now_is_told_that_it_is_ready(database: Database) -> None:
    await told(sale("Completed", "ada", "A-1", message="1", total=5, version=1))
    await told(sale("Updated", "bob", "A-1", message="2", total=5, version=2))
    await told(sale(*READY, message="3"))

    (message,) = [row async for row in database[MessageDocument.Settings.name].find()]
    assert message["profile_id"] == await profile_id_of(database, "bob")


@pytest.mark.parametrize("seed", [random.randrange(2**32)])
async def test_many_orders_of_many_people_add_up_to_what_a_plain_sum_says(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    calls, gross, count = [], dict.fromkeys("abc", 0), dict.fromkeys("abc", 0)
    for number in range(60):
        user, cents = chance.choice("abc"), chance.randrange(10_000)
        gross[user] += cents
        count[user] += 1
        calls.append(sale("Completed", user, f"{number}", message=f"{number}", total=f"{cents / 100:.2f}"))
    again = [{**call, "messageId": f"{call['messageId']} again"} for call in calls[:10]]
    calls += [*calls[10:20], *again]
    chance.shuffle(calls)
    for start in range(0, len(calls), 9):
        await said(*calls[start : start + 9])
        if chance.random() < 0.5:
            await route_all()
    await route_all()

    for user in "abc":
        found = await totals_of(database, user)
        assert (found["count"], found["by_currency"]["EUR"]["gross"]) == (count[user], gross[user]), f"seed {seed}"


async def test_what_a_profile_has_counted_is_noted_in_the_order_and_then_no_longer_named(database: Database) -> None:
    await told(sale("Completed", "ada", "A-1", message="1", total=5))
    await told(sale("Completed", "ada", "A-2", message="2", total=6))

    ada = await profile_id_of(database, "ada")
    profile = await database["profiles"].find_one({"_id": ada})
    assert profile is not None
    assert str(ids.key_of("order", "shop", "A-1")) not in profile["rollups"]["orders"]["counted"]
    assert [(await order_row(database, it))["told"][str(ada)]["gross"] for it in ("A-1", "A-2")] == [500, 600]
