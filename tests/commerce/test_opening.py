"""Opening hours are local: what stands on the door, whatever the clocks do."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.commerce.opening import Opening
from hub.kit.local_time import Hours, Weekday, minutes_of, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
DAY = Hours(9 * 60, 20 * 60)
NIGHT = Hours(22 * 60, 2 * 60)
WEEK = dict.fromkeys(list(Weekday)[:6], (DAY,))


def opening(*, zone: str = "Europe/Berlin", **days: Hours) -> Opening:
    return Opening(zone, {Weekday(day): (hours,) for day, hours in days.items()})


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-11-20T08:59:59", False),
        ("2026-11-20T09:00:00", True),
        ("2026-11-20T19:59:59", True),
        ("2026-11-20T20:00:00", False),
        ("2026-11-22T12:00:00", False),  # a Sunday
        ("2026-12-24T14:00:00", False),  # a Thursday with hours of its own
        ("2026-12-24T13:59:00", True),
        ("2026-12-25T12:00:00", False),  # shut by exception
    ],
)
def test_a_store_is_open_in_its_hours_and_an_exception_replaces_them(local: str, is_open: bool) -> None:  # noqa: FBT001 - a parameter of the test
    exceptions = {date(2026, 12, 24): (Hours(9 * 60, 14 * 60),), date(2026, 12, 25): ()}
    store = Opening("Europe/Berlin", WEEK, exceptions)

    assert store.at(datetime.fromisoformat(local).replace(tzinfo=BERLIN)) is is_open


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        # Before and after the clocks change, nine o'clock is another moment.
        (datetime(2026, 10, 23, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 23, 7, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 26, 7, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 26, 8, 0, tzinfo=UTC), True),
    ],
)
def test_the_door_opens_at_nine_whatever_the_clocks_do(moment: datetime, is_open: bool) -> None:  # noqa: FBT001 - as above
    assert Opening("Europe/Berlin", WEEK).at(moment) is is_open


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    bar = opening(saturday=NIGHT)

    assert bar.at(datetime(2026, 11, 21, 23, tzinfo=BERLIN))
    assert bar.at(datetime(2026, 11, 22, 1, 59, tzinfo=BERLIN))
    assert not bar.at(datetime(2026, 11, 22, 2, 0, tzinfo=BERLIN))
    assert not bar.at(datetime(2026, 11, 21, 1, 0, tzinfo=BERLIN))


def test_a_time_that_does_not_exist_is_the_first_after_the_gap() -> None:
    # In the night to 29 March 2026, 02:00 is followed by 03:00, at 01:00 UTC.
    until = opening(saturday=Hours(22 * 60, 2 * 60 + 30))
    since = opening(sunday=Hours(2 * 60 + 30, 5 * 60))

    assert until.at(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC))
    assert not until.at(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    assert not since.at(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC))
    assert since.at(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_a_time_that_exists_twice_is_the_first() -> None:
    # In the night to 25 October 2026, 02:30 is at 00:30 and again at 01:30 UTC.
    until = opening(saturday=Hours(22 * 60, 2 * 60 + 30))
    since = opening(sunday=Hours(2 * 60 + 30, 5 * 60))

    assert until.at(datetime(2026, 10, 25, 0, 29, tzinfo=UTC))
    assert not until.at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert since.at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))


def test_a_day_that_a_zone_skips_has_no_hours() -> None:
    # Samoa had no 30 December 2011, a Friday: its Thursday was followed by its Saturday.
    samoa = opening(zone="Pacific/Apia", friday=DAY)

    assert not samoa.at(datetime(2011, 12, 30, 12, tzinfo=ZoneInfo("Pacific/Apia")))
    assert not samoa.at(datetime(2011, 12, 31, 12, tzinfo=ZoneInfo("Pacific/Apia")))
    assert samoa.at(datetime(2012, 1, 6, 12, tzinfo=ZoneInfo("Pacific/Apia")))


def test_hours_around_the_clock_never_end() -> None:
    always = Opening("Europe/Berlin", {day: (Hours(0, 24 * 60),) for day in Weekday})

    assert all(always.at(datetime(2026, 10, 25, hour, tzinfo=UTC)) for hour in range(24))


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("00:00", 0), ("09:30", 570), ("24:00", 1440), ("9:30", None), ("24:01", None), ("12:60", None), ("", None)],
)
def test_a_time_of_the_day_is_written_with_four_digits(written: str, minutes: int | None) -> None:
    assert minutes_of(written) == minutes


def test_a_zone_is_a_name_that_the_time_zone_database_knows() -> None:
    assert zone_of("Europe/Berlin")
    assert not any(zone_of(it) for it in ("Berlin", "", "../etc/passwd", "/etc/passwd", "Europe/Berlin\0"))


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_at_the_ends_of_the_calendar_nothing_is_open(moment: datetime) -> None:
    around = dict.fromkeys(Weekday, (Hours(0, 1440),))

    assert Opening("Pacific/Auckland", around).at(moment) is False
