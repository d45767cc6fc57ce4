"""Orders and events earn on their way through the hub: once, from whom the hub believes, by the version of then."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.events.model import IMPORT
from hub.tiers import store as standings
from hub.tiers.model import Change, Standing
from tests.commerce.ordering import profile_id_of, sale
from tests.earning.ordering import BASE, NET, PAID, written
from tests.earning.shop import (
    CLUB,
    activate,
    available,
    balance,
    bought,
    gave_back,
    moved,
    postings,
    told,
    version_of,
)
from tests.intake.inflow import APP, NOW, identify, route_all, said, track

DAY = timedelta(days=1)


@pytest.mark.parametrize("channel", ["pos", "web", "app", "social"])
async def test_row_1_orders_of_equal_value_earn_the_same_in_each_channel_and_the_entry_names_it(
    database: Database, channel: str
) -> None:
    await activate()

    await bought("ada", "A-1", "23.35", channel=channel, store_id="S-1")

    (posting,) = await postings(database, "ada")
    assert await balance(database, "ada") == 23
    assert (posting.about.channel, posting.about.store, posting.about.brand) == (channel, "S-1", "default")


async def test_row_29_one_point_per_dollar_is_credited_before_tax_as_the_rule_rounds(database: Database) -> None:
    await activate()

    await bought("ada", "A-1", "25.28", tax="1.93", message="m")

    assert await balance(database, "ada") == 23


async def test_the_same_order_earns_once_however_often_it_is_told(database: Database) -> None:
    await activate()

    for message in ("m1", "m2"):
        await bought("ada", "A-1", "50.00", message=message)
    await told(sale("Completed", "ada", "A-1", message="m1", total="50.00"))

    assert await moved(database, "ada") == [("order/shop/A-1", 50)]


async def test_an_order_that_changes_earns_the_difference(database: Database) -> None:
    await activate()

    await bought("ada", "A-1", "50.00")
    await bought("ada", "A-1", "70.00", name="Updated", version=1)
    await bought("ada", "A-1", "60.00", name="Updated", version=2, message="again")

    assert await moved(database, "ada") == [("order/shop/A-1", it) for it in (50, 20, -10)]


async def test_only_a_server_source_earns_and_a_client_leaves_a_decision(database: Database) -> None:
    await activate(written(BASE, "event: {name: Survey Answered, points: 25}"))

    await told(sale("Completed", "ada", "A-1", message="m1", total="50.00"), source=APP)
    await told(track("Survey Answered", userId="ada", messageId="m2"), source=APP)

    assert await balance(database, "ada") == 0
    rows = await database["decisions"].find({"question": "earn club"}).to_list()
    assert [row["reason"] for row in rows] == ["untrusted_source"] * 2


async def test_what_stood_in_a_file_earns_only_where_the_program_says_so(database: Database) -> None:
    await activate()
    await activate(CLUB.replace("program: club", "program: other") + "\nimports: true", key="other")
    call = sale("Completed", "ada", "A-1", message="m1", total="50.00")

    await said(call, source=IMPORT)
    await route_all()

    assert (await balance(database, "ada"), await balance(database, "ada", program="other")) == (0, 50)


async def test_row_14_points_of_a_reservation_come_when_it_is_picked_up(database: Database) -> None:
    await activate()
    curbside = {"kind": "curbside", "location": "S-1"}

    await bought("ada", "A-1", "50.00", fulfilment=curbside)
    await told(track("Order Ready For Pickup", userId="ada", messageId="r", properties={"order_id": "A-1"}))
    assert await balance(database, "ada") == 0

    await told(track("Order Picked Up", userId="ada", messageId="p", properties={"order_id": "A-1"}))
    assert await balance(database, "ada") == 50


async def test_row_16_an_order_sent_from_a_store_earns_what_any_other_earns(database: Database) -> None:
    await activate()

    await bought("ada", "A-1", "50.00", fulfilment={"kind": "ship_from_store", "location": "S-7"})

    assert await balance(database, "ada") == 50


async def test_row_37_a_refund_that_brings_the_basket_below_the_threshold_takes_the_bonus_back(
    database: Database,
) -> None:
    await activate(written(BASE, multipliers=[f"times: 2, from: {{amount: 150.00, {PAID}}}"]))
    await bought("ada", "A-1", "149.99")
    await bought("bob", "B-1", "150.00")
    assert (await balance(database, "ada"), await balance(database, "bob")) == (149, 300)

    await gave_back("bob", "B-1", "0.01", refund="R-1")

    assert await balance(database, "bob") == 149


async def test_row_48_two_wallets_are_credited_by_one_posting_each_with_its_own_expiry(database: Database) -> None:
    two = written(BASE, wallets=("points", "status")).replace(
        "kind: spendable, one: {en: p}, many: {en: p}, expires: never}\nrules:",
        "kind: qualifying, one: {en: p}, many: {en: p}, expires: {end_of: year}}\nrules:",
    )
    second = f"\n  - {{rule: s, wallet: status, per: {{amount: 1.00, points: 2, {NET}, round: down, by: order}}}}"
    await activate(two.rstrip("\n") + second)

    await bought("ada", "A-1", "50.00")

    (posting,) = await postings(database, "ada")
    lots = {it.currency: it.terms for it in posting.entries if it.account == "wallet"}
    assert posting.balances == {"points": 50, "status": 100}
    assert [it and it.expires_at for it in lots.values()] == [None, datetime(2026, 12, 31, 23, tzinfo=NOW.tzinfo)]


async def test_row_54_the_card_of_the_store_multiplies_and_no_number_is_kept(database: Database) -> None:
    await activate(written(BASE, multipliers=["times: 2, where: 'properties.payment_kind = \"store_card\"'"]))

    await bought("ada", "A-1", "50.00", payment_kind="store_card")
    await bought("bob", "B-1", "50.00", payment_kind="4111 1111 1111 1111")

    assert (await balance(database, "ada"), await balance(database, "bob")) == (100, 50)
    for name in await database.list_collection_names():
        async for row in database[name].find():
            assert "4111" not in str(row)


async def test_row_29_a_visit_earns_once_a_day_and_store_in_the_zone_of_the_program(database: Database) -> None:
    await activate(written("visit: {points: 10}"))
    late = NOW.replace(hour=23, minute=30)  # the next day in Berlin

    for order, store, at in (
        ("1", "S-1", NOW - DAY),
        ("2", "S-1", NOW - DAY),
        ("3", "S-2", NOW - DAY),
        ("4", "S-1", late - DAY),
    ):
        call = sale("Completed", "ada", order, message=order, total="1.00", store_id=store, channel="pos")
        await told({**call, "timestamp": at.isoformat()})
    await told(sale("Completed", "ada", "5", message="5", total="1.00", store_id="S-3", channel="web"))
    await told(track("Store Visited", userId="ada", messageId="6", properties={"store_id": "S-3"}))

    assert await balance(database, "ada") == 40


async def test_an_event_earns_each_time_or_once_or_once_for_each_value(database: Database) -> None:
    for name, often in (("each", ""), ("ever", ", once: true"), ("by", ", once_by: properties.product_id")):
        source = written(f"event: {{name: Survey Answered, points: 10{often}}}").replace("club", f"club-{name}")
        await activate(source, key=name)

    for message, product in enumerate(("P-1", "P-1", "P-2")):
        await told(track("Survey Answered", userId="ada", messageId=str(message), properties={"product_id": product}))

    found = {it: await balance(database, "ada", program=f"club-{it}") for it in ("each", "ever", "by")}
    assert found == {"each": 30, "ever": 10, "by": 20}


async def test_who_was_merged_has_earned_what_is_given_once_under_the_other_id_too(database: Database) -> None:
    await activate(written("event: {name: App Installed, points: 10, once: true}"))

    await told(track("App Installed", anonymousId="phone", messageId="m1"))
    await told(identify(userId="ada", anonymousId="phone", messageId="m2"))
    await told(track("App Installed", userId="ada", messageId="m3"))

    assert await database["wallets"].count_documents({}) == 1


async def test_each_order_earns_by_the_version_that_was_active_when_it_was_completed(database: Database) -> None:
    await activate(at=NOW - 2 * DAY)
    await activate(CLUB.replace("points: 1", "points: 3"), key="l", at=NOW - DAY)

    for order, days in (("old", 3), ("first", 1.5), ("second", 0)):
        call = sale("Completed", "ada", order, message=order, total="10.00")
        await told({**call, "timestamp": (NOW - days * DAY).isoformat()})

    assert [version_of(it) for it in await postings(database, "ada")] == [1, 2]
    assert [points for _, points in await moved(database, "ada")] == [10, 30]


async def test_what_is_true_of_the_customer_counts_as_of_the_first_points(database: Database) -> None:
    await activate(written(BASE, multipliers=["times: 2, where: profile.vip = true"]))
    await told(identify(userId="ada", messageId="i1", traits={"vip": True}))
    await bought("ada", "A-1", "50.00")

    await told(identify(userId="ada", messageId="i2", traits={"vip": False}))
    await gave_back("ada", "A-1", "10.00", refund="R-1")
    await bought("ada", "A-2", "50.00")

    assert [points for _, points in await moved(database, "ada")] == [100, -20, 50]
    (first, *_) = await postings(database, "ada")
    assert "vip" not in str(first.about.detail)


async def test_every_second_order_of_a_customer_is_counted_by_when_it_was_completed(database: Database) -> None:
    await activate(written("order: {every: 2, points: 10}"))

    for order, hours in (("1", 4), ("3", 1), ("2", 2)):
        call = sale("Completed", "ada", order, message=order, total="10.00")
        await told({**call, "timestamp": (NOW - hours * timedelta(hours=1)).isoformat()})

    assert await moved(database, "ada") == [("order/shop/3", 10), ("order/shop/2", 10)]


async def test_points_are_pending_for_as_long_as_goods_can_come_back_and_then_expire(database: Database) -> None:
    await activate(written(BASE, wallet="pending: 14d, expires: {after: 30d}"))

    await bought("ada", "A-1", "50.00")

    assert [await available(database, "ada", NOW + it * DAY) for it in (13, 14, 44, 45)] == [0, 50, 50, 0]


async def test_nothing_is_read_or_written_of_orders_where_no_program_is_active(database: Database) -> None:
    await bought("ada", "A-1", "50.00")

    assert await database["wallets"].count_documents({}) == 0


async def test_an_order_that_goes_over_to_somebody_else_takes_its_points_along(database: Database) -> None:
    await activate()
    await bought("ada", "A-1", "50.00")

    await bought("bob", "A-1", "50.00", name="Updated", version=1)

    assert (await balance(database, "ada"), await balance(database, "bob")) == (0, 50)
    owner = await profile_id_of(database, "bob")
    row: dict[str, Any] = await database["orders"].find_one({"order_id": "A-1"}) or {}
    assert row["profile_id"] == owner


async def test_a_batch_of_many_orders_of_many_customers_earns_as_if_they_came_one_by_one(database: Database) -> None:
    await activate()
    calls = [sale("Completed", f"u{it % 3}", f"A-{it}", message=str(it), total=f"{it}.50") for it in range(12)]

    await said(*calls)
    await route_all()

    assert [await balance(database, f"u{it}") for it in range(3)] == [18, 22, 26]


async def test_a_member_of_a_tier_earns_more_from_the_moment_on_at_which_they_reached_it(database: Database) -> None:
    await activate(written(BASE, multipliers=['times: 2, where: member.tier = "gold"']))
    await bought("ada", "A-1", "10.00")
    owner = await profile_id_of(database, "ada")
    gold = Standing("club", owner, changes=(Change(NOW - timedelta(hours=1), "gold", None, up=True),))
    assert await standings.save([gold])

    for order, hours in (("A-2", 0), ("A-3", 2)):
        call = sale("Completed", "ada", order, message=order, total="10.00")
        await told({**call, "timestamp": (NOW - hours * timedelta(hours=1)).isoformat()})

    assert await moved(database, "ada") == [("order/shop/A-1", 10), ("order/shop/A-2", 20), ("order/shop/A-3", 10)]
