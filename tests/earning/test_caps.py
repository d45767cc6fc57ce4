"""Caps: a member gets no more by a rule in a day, week, month or in all; who asks again is granted the same."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.database import Database
from hub.earning import rooms, rooms_store
from hub.earning.rooms import Use, Uses
from hub.earning.rooms_store import Asked
from hub.programs.model import Period
from tests.commerce.ordering import sale
from tests.earning.ordering import ADA, BASE, written
from tests.earning.shop import activate, balance, bought, earned, gave_back, told
from tests.intake.inflow import NOW, route_all, said, track

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def grants(caps: Mapping[Period, int], *asked: tuple[datetime, int]) -> list[int]:
    """What is granted to origins one after the other."""
    uses, found = Uses({}), []
    for place, (at, wanted) in enumerate(asked):
        use = rooms.granted(uses, Use(f"o{place}", at, 1, wanted, 0), caps, BERLIN)
        uses = rooms.with_use(uses, use, at)
        found.append(use.points)
    return found


@pytest.mark.parametrize(
    ("period", "at", "expected"),
    [
        (Period.DAY, (MONDAY, MONDAY + HOUR, MONDAY + 11 * HOUR), [60, 40, 60]),  # midnight in Berlin
        (Period.WEEK, (MONDAY, MONDAY + 6 * DAY, MONDAY + 7 * DAY), [60, 40, 60]),
        (Period.MONTH, (MONDAY, MONDAY + 14 * DAY, MONDAY + 15 * DAY), [60, 40, 60]),
        (Period.TOTAL, (MONDAY, MONDAY + 100 * DAY, MONDAY + 900 * DAY), [60, 40, 0]),
    ],
)
def test_a_cap_counts_over_its_period_in_the_zone_of_the_program(
    period: Period, at: Sequence[datetime], expected: list[int]
) -> None:
    assert grants({period: 100}, *((it, 60) for it in at)) == expected


def test_of_several_caps_the_tightest_counts() -> None:
    both = {Period.DAY: 50, Period.MONTH: 80}

    assert grants(both, (MONDAY, 60), (MONDAY + DAY, 60), (MONDAY + 2 * DAY, 60)) == [50, 30, 0]


def test_a_grant_shrinks_with_a_refund_never_grows_by_one_and_what_is_freed_is_for_later_ones() -> None:
    caps = {Period.DAY: 100}
    first = rooms.granted(Uses({}), Use("a", MONDAY, 1, 80, 0), caps, BERLIN)
    uses = rooms.with_use(Uses({}), first, MONDAY)
    second = rooms.granted(uses, Use("b", MONDAY, 1, 80, 0), caps, BERLIN)
    uses = rooms.with_use(uses, second, MONDAY)
    assert (first.points, second.points) == (80, 20)

    smaller = rooms.granted(uses, Use("a", MONDAY, 2, 30, 0), caps, BERLIN)
    uses = rooms.with_use(uses, smaller, MONDAY)
    still = rooms.granted(uses, Use("b", MONDAY, 2, 79, 0), caps, BERLIN)
    larger = rooms.granted(uses, Use("b", MONDAY, 3, 90, 0), caps, BERLIN)
    again = rooms.granted(uses, Use("a", MONDAY, 1, 80, 0), caps, BERLIN)

    assert [it.points for it in (smaller, still, larger, again)] == [30, 20, 70, 30]


async def test_many_who_ask_at_once_are_granted_no_more_than_the_cap_and_the_same_again(database: Database) -> None:
    del database

    def asked(place: int) -> Asked:
        return Asked("club", "r0", (ADA,), Use(f"o{place}", MONDAY, 1, 30, 0), {Period.DAY: 100}, BERLIN)

    async def ask(place: int) -> int:
        return (await rooms_store.grant([asked(place)], now=MONDAY))[0]

    found = await asyncio.gather(*map(ask, range(12)))
    again = await rooms_store.grant([asked(it) for it in range(12)], now=MONDAY)

    assert (sum(found), again) == (100, found)


async def test_orders_of_a_day_earn_up_to_the_cap_also_in_one_batch(database: Database) -> None:
    await activate(written(f"{BASE}, cap: {{day: 100}}", "visit: {points: 7}"))

    await said(*(sale("Completed", "ada", f"A-{it}", message=str(it), total="40.00", store_id="S") for it in range(4)))
    await route_all()
    await told({**sale("Completed", "ada", "A-5", message="5", total="40.00"), "timestamp": (NOW - DAY).isoformat()})

    assert await balance(database, "ada") == 100 + 7 + 40
    assert sorted((await earned(database, "ada")).values()) == [7, 20, 40, 40, 40]


async def test_a_refund_of_a_capped_order_takes_back_only_what_the_cap_had_let_through(database: Database) -> None:
    await activate(written(f"{BASE}, cap: {{day: 60}}"))
    await bought("ada", "A-1", "100.00")

    await gave_back("ada", "A-1", "30.00", refund="R-1")
    assert await balance(database, "ada") == 60
    await gave_back("ada", "A-1", "30.00", refund="R-2")
    assert await balance(database, "ada") == 40
    await bought("ada", "A-2", "100.00")
    assert await balance(database, "ada") == 60


async def test_events_and_visits_are_capped_too(database: Database) -> None:
    await activate(written("event: {name: Referral Completed, points: 20}, cap: {month: 50}"))

    for message in range(4):
        await told(track("Referral Completed", userId="ada", messageId=str(message)))

    assert await balance(database, "ada") == 50


async def test_a_refund_long_after_its_order_goes_by_what_was_granted_then(database: Database) -> None:
    await activate(written(f"{BASE}, cap: {{day: 60}}"))
    await bought("ada", "A-1", "100.00")
    await database["earning_rooms"].delete_many({})
    await database["orders"].update_many({}, {"$set": {"completed_at": NOW - 100 * DAY}})

    await gave_back("ada", "A-1", "50.00", refund="R-1")

    assert await balance(database, "ada") == 50
