"""Row 45: a birthday is told once a year, on the member's own date, and no change of it brings a second one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.database import Database
from hub.intake import merging
from hub.kit import ids
from hub.membership import birthdays, service
from hub.membership.birthdays import APART, last_birthday, next_due
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub.settings import LeapDay
from tests.intake.inflow import NOW, identify, route_all, said
from tests.killing import killed
from tests.membership.people import APP, activated

BEFORE, AFTER = LeapDay.FEBRUARY_28, LeapDay.MARCH_1
BERLIN = "Europe/Berlin"
NOV_27 = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def programs(database: Database) -> None:
    del database
    await activated("club", at=datetime(2020, 1, 1, tzinfo=UTC))


async def born(user: str, day: str | None, *, now: datetime, zone: str = BERLIN) -> None:
    call = identify(userId=user, traits={"birthday": day}, context={"timezone": zone})
    await said({**call, "messageId": str(ids.new_id())}, now=now)
    await route_all()


async def member(user: str, day: str, *, now: datetime, zone: str = BERLIN) -> Profile:
    await born(user, day, now=now, zone=zone)
    profile = await of(user)
    await service.join(profile, "club", APP, cause=ids.new_id(), at=now, now=now)
    await route_all()
    return profile


async def of(user: str) -> Profile:
    named = Identifier(IdentifierKind.USER, user)
    owned = (await identifier_store.owners([named]))[named]
    return (await store.heads([owned.profile_id]))[owned.profile_id]


async def look(now: datetime, leap: LeapDay = BEFORE) -> None:
    for _ in range(3):
        await birthdays.step(leap, now=now)


async def told(database: Database) -> list[dict[str, Any]]:
    found = database["events"].find({"name": "Member Birthday"}).sort("at", 1)
    return [{**it["properties"], "at": it["at"].isoformat()} async for it in found]


async def days(database: Database) -> list[str]:
    return [it["day"] for it in await told(database)]


async def test_it_fires_once_per_calendar_year_in_the_members_local_date(database: Database) -> None:
    await member("ada", "1990-11-28", now=NOV_27)
    for hour in (22, 23, 24, 30, 47, 60):  # hours of 27 November in UTC; Berlin is an hour ahead
        await look(NOV_27.replace(hour=0) + timedelta(hours=hour))

    assert await told(database) == [{"day": "2026-11-28", "programs": ["club"], "at": "2026-11-27T23:00:00+00:00"}]
    for day in range(1, 800, 3):
        await birthdays.step(BEFORE, now=NOV_27 + timedelta(days=day))
    assert await days(database) == ["2026-11-28", "2027-11-28", "2028-11-28"]


@pytest.mark.parametrize(
    ("zone", "at"),
    [("Pacific/Auckland", "2026-11-27T11:00:00+00:00"), ("Pacific/Honolulu", "2026-11-28T10:00:00+00:00")],
)
async def test_the_date_is_that_of_where_they_are(database: Database, zone: str, at: str) -> None:
    start = datetime(2026, 11, 27, tzinfo=UTC)
    await member("ada", "1990-11-28", now=start, zone=zone)

    for hour in range(49):
        await birthdays.step(BEFORE, now=start + timedelta(hours=hour))

    assert [it["at"] for it in await told(database)] == [at]


@pytest.mark.parametrize(("leap", "day"), [(BEFORE, "2027-02-28"), (AFTER, "2027-03-01")])
async def test_29_february_is_handled_by_policy(database: Database, leap: LeapDay, day: str) -> None:
    await member("ada", "2000-02-29", now=NOV_27)

    for place in range(0, 500, 3):
        await birthdays.step(leap, now=NOV_27 + timedelta(days=place))

    assert await days(database) == [day, "2028-02-29"]


async def test_changing_the_birthday_cannot_produce_a_second_reward_in_365_days(database: Database) -> None:
    await member("ada", "1990-11-28", now=NOV_27)
    await look(NOV_27 + timedelta(days=1))

    for place in range(5, 366, 5):
        now = NOV_27 + timedelta(days=place)
        if place % 30 == 0:
            await born("ada", f"1990-{now:%m-%d}", now=now)
        await birthdays.step(BEFORE, now=now)
    assert await days(database) == ["2026-11-28"]

    later = NOV_27 + timedelta(days=367)
    await born("ada", f"1990-{later:%m-%d}", now=later)
    await look(later)
    assert await days(database) == ["2026-11-28", "2027-11-29"]


async def test_a_birthday_of_today_is_told_now_and_one_of_yesterday_is_over(database: Database) -> None:
    await member("ada", "1990-11-20", now=NOW)
    await member("bob", "1990-11-19", now=NOW)

    await look(NOW)

    assert await days(database) == ["2026-11-20"]


async def test_only_members_have_one_and_who_joins_on_the_day_still_has_it(database: Database) -> None:
    await born("ada", "1990-11-27", now=NOV_27)
    await look(NOV_27)
    assert await days(database) == []

    await service.join(await of("ada"), "club", APP, cause=ids.new_id(), at=NOV_27, now=NOV_27)
    await route_all()
    await look(NOV_27)
    assert await days(database) == ["2026-11-27"]


@pytest.mark.parametrize(("late", "count"), [(7, 1), (9, 0)])
async def test_a_hub_that_stood_still_tells_of_it_within_a_week(database: Database, late: int, count: int) -> None:
    await member("ada", "1990-11-29", now=NOV_27)
    await look(NOV_27)

    await look(datetime(2026, 11, 29, 12, tzinfo=UTC) + timedelta(days=late))

    assert len(await told(database)) == count


async def test_two_who_are_one_have_one_birthday_a_year(database: Database) -> None:
    twin = await member("twin", "1990-11-28", now=NOV_27)
    await look(NOV_27 + timedelta(days=1))
    ada = await member("ada", "1990-12-24", now=NOV_27 + timedelta(days=2))

    await merging.merge(ada.id, twin.id, key=ids.new_id(), now=NOV_27 + timedelta(days=3))
    for place in range(3, 400, 3):
        await birthdays.step(BEFORE, now=NOV_27 + timedelta(days=place))

    assert await days(database) == ["2026-11-28", "2027-12-24"]


async def test_wherever_it_dies_the_next_look_tells_of_it_once(database: Database) -> None:
    length = 0
    while True:
        await member(f"ada{length}", "1990-11-27", now=NOV_27)
        dead = await killed(length, lambda: look(NOV_27))
        await look(NOV_27)
        assert len(await told(database)) == length + 1
        if not dead:
            break
        length += 1
    assert length >= 6


async def test_what_is_no_day_is_no_birthday(database: Database) -> None:
    for place, said_ in enumerate(("soon", "1990-02-31", "", 19901127)):
        await member(f"ada{place}", said_, now=NOV_27)  # type: ignore[arg-type]  # a source may say anything

    await look(NOV_27)

    assert await told(database) == []


@given(day=st.dates(date(1900, 1, 1), date(2020, 1, 1)), leap=st.sampled_from(LeapDay), year=st.integers(2021, 2100))
def test_two_birthdays_in_turn_are_365_days_apart_at_least(day: date, leap: LeapDay, year: int) -> None:
    turns = [last_birthday(day, leap, date(it, 12, 31)) for it in (year, year + 1)]

    assert turns[0] is not None
    assert turns[1] is not None
    assert turns[1] - turns[0] >= APART


@given(
    day=st.dates(date(1900, 1, 1), date(2020, 1, 1)),
    at=st.datetimes(datetime(2021, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - made aware below
    leap=st.sampled_from(LeapDay),
    zone=st.sampled_from([BERLIN, "Pacific/Auckland", "America/St_Johns", "Africa/Cairo"]),
)
def test_when_it_is_due_it_is_their_birthday(day: date, at: datetime, leap: LeapDay, zone: str) -> None:
    due = next_due(day, leap, after=at.replace(tzinfo=UTC), zone=ZoneInfo(zone))

    assert due is not None
    today = due.astimezone(ZoneInfo(zone)).date()
    assert last_birthday(day, leap, today) == today
