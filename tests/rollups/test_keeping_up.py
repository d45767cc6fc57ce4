"""Apply keeps rollups up: every event counts once, whoever dies and however many work on it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.intake.apply import apply
from hub.rollups import counting, preferring, service
from hub.rollups.catalogue import Catalogues
from tests.intake.inflow import APP, SHOP, unrouted
from tests.killing import killed
from tests.rollups.stage import DAY, NOON, SPEND, VISITS, Shop, together


async def spent(shop: Shop, user: str = "ada", days: int | None = None) -> tuple[int, Any]:
    profile = await shop.profile(user)
    found = counting.total(profile.rollups["spend"], days, now=shop.now)
    return found.count, found.sum


async def test_a_rollup_gives_count_and_sum_over_windows_with_its_evidence(shop: Shop) -> None:
    await shop.publish(SPEND)
    await shop.bought(10, 20.5)
    shop.now += 10 * DAY
    await shop.bought(30)

    profile = await shop.profile()

    lifetime = counting.total(profile.rollups["spend"], None, now=shop.now)
    week = counting.total(profile.rollups["spend"], 7, now=shop.now)
    messages = {str(row["_id"]): row["message_id"] async for row in shop.database["events"].find()}
    assert profile.rollups["spend"]["version"] == "spend/1"
    assert (lifetime.count, lifetime.sum) == (3, Decimal("60.5"))
    assert lifetime.first
    assert lifetime.last
    assert (messages[lifetime.first.event], messages[lifetime.last.event]) == ("m1", "m3")
    assert (week.count, week.sum, week.first) == (1, Decimal(30), week.last)


async def test_events_of_several_customers_and_definitions_in_one_batch_are_counted_for_each(shop: Shop) -> None:
    await shop.publish(SPEND, VISITS)
    for user in ("ada", "bob", "ada"):
        await shop.order(5, user=user)
        await shop.say("Page Viewed", user=user)
    await shop.order(7, user="bob", currency="USD")

    await shop.route()

    assert [await spent(shop, user) for user in ("ada", "bob")] == [(2, 10), (1, 5)]
    assert [(await shop.profile(user)).rollups["visits"]["count"] for user in ("ada", "bob")] == [2, 1]


async def test_an_order_that_a_client_claims_counts_nowhere(shop: Shop) -> None:
    await shop.publish(SPEND, VISITS, *service.shipped())
    claimed = {"total": 10_000, "currency": "EUR", "store_id": "s1", "channel": "pos"}
    await shop.say("Order Completed", source=APP, properties=claimed)
    await shop.say("Page Viewed", source=APP)
    await shop.route()

    profile = await shop.profile()

    assert await spent(shop) == (0, None)
    assert profile.rollups["visits"]["count"] == 1
    assert profile.rollups["preferred-store"] == {"version": "preferred-store/1", "within": 365}
    assert (profile.stage, profile.next_change_at) == (None, None)


async def test_an_attempt_that_dies_at_any_write_counts_each_event_once_and_announces_each_stage_once(
    shop: Shop,
) -> None:
    await shop.publish(SPEND, *service.shipped())
    deaths, died = 0, True
    while died:
        user = f"u{deaths}"
        await shop.order(5, user=user)
        await shop.order(7, user=user)
        events = await unrouted()
        died = await killed(deaths, lambda events=events: shop.router._route(events))  # type: ignore[misc]  # a default
        deaths += 1

        await shop.route()

        assert await spent(shop, user) == (2, 12), f"died at {deaths - 1}"
        assert await shop.announced(user) == [(None, "new")], f"died at {deaths - 1}"
        assert (await shop.profile(user)).life.get("pending") is None
    assert deaths > 6


async def test_routers_that_work_on_the_same_events_at_the_same_time_count_each_once(shop: Shop) -> None:
    await shop.publish(SPEND, *service.shipped())
    for place in range(6):
        await shop.order(2**place)
    events = await unrouted()

    async def work() -> None:
        while left := [it for it in events if it.id in {one.id for one in await unrouted()}]:
            await shop.another_router("rival")._route(left)

    await together(*(work() for _ in range(4)))
    await shop.route()

    assert await spent(shop) == (6, 63)
    assert await shop.announced() == [(None, "new")]


async def test_an_event_that_was_sent_again_or_comes_late_is_counted_once_on_its_day(shop: Shop) -> None:
    await shop.publish(SPEND)
    await shop.bought(1)
    late = (shop.now - 3 * DAY).isoformat()
    call: dict[str, Any] = {"properties": {"total": 4, "currency": "EUR", "order_id": "late"}, "timestamp": late}
    await shop.say("Order Completed", **call)
    shop.said -= 1
    await shop.say("Order Completed", **call)
    await shop.route()

    profile = await shop.profile()
    found = counting.total(profile.rollups["spend"], None, now=shop.now)

    assert (found.count, found.sum) == (2, Decimal(5))
    assert found.first
    assert (found.first.at.isoformat(), found.first.value) == (late, Decimal(4))


async def test_counting_an_event_reads_no_history(shop: Shop) -> None:
    """The state and nothing else: with the earlier events gone, the next one counts on."""
    await shop.publish(SPEND)
    await shop.bought(1, 2)
    await shop.database["events"].delete_many({})

    await shop.bought(4)

    assert await spent(shop) == (3, 7)


async def test_preferred_shop_channel_and_store_from_orders_and_visits_with_evidence(shop: Shop) -> None:
    await shop.publish(*service.shipped())
    shop.now = NOON - 20 * DAY
    for store, channel in (("berlin", "pos"), ("hamburg", "web"), ("berlin", "pos")):
        shop.now += DAY
        await shop.order(5, store_id=store, channel=channel)
    for days in range(4):
        shop.now += DAY
        await shop.say("Store Visited", properties={"store_id": "hamburg"})
        await shop.say("Page Viewed", source=replace(SHOP, id="site")) if days < 2 else None
    await shop.route()

    rollups = (await shop.profile()).rollups
    found = [preferring.preferred(rollups[f"preferred-{it}"], now=shop.now) for it in ("channel", "store")]

    # pos: two days with orders, four with visits; web: one and two. hamburg: one and four; berlin: two.
    assert [it and (it.value, it.points, it.days, it.version) for it in found] == [
        ("pos", 10, 6, "preferred-channel/1"),
        ("hamburg", 7, 5, "preferred-store/1"),
    ]
    last = await shop.database["events"].find_one({"name": "Store Visited"}, sort=[("at", -1)])
    assert last is not None
    assert [it and (it.at, it.event) for it in found] == [(last["at"], str(last["_id"]))] * 2


async def test_without_definitions_nothing_is_counted(shop: Shop) -> None:
    await shop.bought(1)

    profile = await shop.profile()

    assert (profile.life, profile.edition, profile.stage) == ({}, 0, None)
    assert "spend" not in profile.rollups
    assert (await Catalogues().current()).edition == 0
    assert (await apply([], now=shop.now)).events == []


async def test_an_order_that_is_set_aside_is_no_purchase_and_says_nothing_of_a_favourite_shop(shop: Shop) -> None:
    await shop.publish(*service.shipped())
    await shop.order(10, store_id="berlin-1")
    await shop.order("ten", store_id="berlin-2")
    await shop.order(10, currency=None, store_id="berlin-3")
    await shop.route()

    async def told() -> tuple[int, Any, Any]:
        profile = await shop.profile()
        found = counting.total(profile.rollups["purchases"], None, now=shop.now)
        return found.count, found.sum, sorted(it["value"] for it in profile.rollups["preferred-store"]["of"])

    assert await shop.database["dead_letters"].count_documents({"code": "bad_order"}) == 2
    kept_up = await told()
    assert kept_up == (1, Decimal(10), ["berlin-1"])
    await shop.database["profiles"].update_many({}, {"$set": {"rollups": {}, "edition": 0}})
    await shop.filled()
    assert await told() == kept_up


async def test_the_sum_of_purchases_is_over_with_the_first_in_another_currency(shop: Shop) -> None:
    await shop.publish(*service.shipped())
    await shop.order(10)
    await shop.order(20)
    await shop.route()
    before = counting.total((await shop.profile()).rollups["purchases"], None, now=shop.now)
    await shop.order(5, currency="CHF")
    await shop.route()
    after = counting.total((await shop.profile()).rollups["purchases"], None, now=shop.now)

    assert (before.count, before.sum, before.currency) == (2, Decimal(30), "EUR")
    assert (after.count, after.sum, after.currency) == (3, None, "several")
    await shop.order(5)
    await shop.route()
    assert counting.total((await shop.profile()).rollups["purchases"], None, now=shop.now).sum is None
