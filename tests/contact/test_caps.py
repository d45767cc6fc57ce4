"""Caps count what a customer was told of late, by the last hours or by the calendar of where they are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.contact import caps
from hub.contact.model import Cap, Period, Place, Reach
from hub.profiles.model import Channel

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def place(
    number: int, at: datetime, channel: Channel = Channel.EMAIL, brand: str = "default", topic: str = "marketing"
) -> Place:
    return Place(UUID(int=number), channel, brand, topic, at)


def test_within_the_last_hours_there_is_room_again_when_the_first_that_counts_no_longer_does() -> None:
    cap = Cap(2, DAY)
    told = [place(1, NOON - 20 * HOUR), place(2, NOON - 3 * HOUR), place(3, NOON - 30 * HOUR)]

    assert caps.room_at([cap], told, place(9, NOON), BERLIN) == NOON + 4 * HOUR
    assert caps.room_at([cap], told[1:], place(9, NOON), BERLIN) == NOON


def test_a_message_exactly_as_old_as_the_time_of_the_cap_no_longer_counts() -> None:
    assert caps.room_at([Cap(1, DAY)], [place(1, NOON - DAY)], place(9, NOON), BERLIN) == NOON


@pytest.mark.parametrize(
    ("period", "told_at", "room"),
    [
        # In Berlin a day begins at 23:00 UTC in winter.
        (Period.DAY, datetime(2026, 11, 24, 23, 0, tzinfo=UTC), datetime(2026, 11, 25, 23, tzinfo=UTC)),
        (Period.DAY, datetime(2026, 11, 24, 22, 59, tzinfo=UTC), NOON),
        (Period.WEEK, datetime(2026, 11, 22, 23, 0, tzinfo=UTC), datetime(2026, 11, 29, 23, tzinfo=UTC)),
        (Period.WEEK, datetime(2026, 11, 22, 22, 59, tzinfo=UTC), NOON),
        (Period.MONTH, datetime(2026, 10, 31, 23, 0, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (Period.MONTH, datetime(2026, 10, 31, 22, 59, tzinfo=UTC), NOON),
    ],
)
def test_days_weeks_and_months_are_those_of_the_customers_zone(
    period: Period, told_at: datetime, room: datetime
) -> None:
    assert caps.room_at([Cap(1, period)], [place(1, told_at)], place(9, NOON), BERLIN) == room


def test_a_cap_counts_only_the_messages_that_it_is_about() -> None:
    told = [place(1, NOON - HOUR, Channel.SMS), place(2, NOON - HOUR, topic="newsletter"), place(3, NOON, brand="acme")]
    of_email = Cap(2, DAY, Reach(channels=frozenset({Channel.EMAIL})))
    of_newsletters = Cap(1, DAY, Reach(topics=frozenset({"newsletter"})))
    of_acme = Cap(1, DAY, Reach(brands=frozenset({"acme"})))

    assert caps.room_at([of_email], told, place(9, NOON, Channel.SMS), BERLIN) == NOON
    assert caps.room_at([of_email], told, place(9, NOON), BERLIN) == NOON + 23 * HOUR
    assert caps.room_at([of_newsletters], told, place(9, NOON), BERLIN) == NOON
    assert caps.room_at([of_newsletters, of_acme], told, place(9, NOON, brand="acme"), BERLIN) == NOON + DAY


def test_what_has_a_place_on_its_channel_keeps_it_and_needs_another_on_the_next() -> None:
    told = [place(1, NOON - HOUR)]

    assert caps.room_at([Cap(1, DAY)], told, place(1, NOON), BERLIN) == NOON
    assert caps.room_at([Cap(1, DAY)], told, place(1, NOON, Channel.SMS), BERLIN) == NOON + 23 * HOUR


@given(
    ages=some.lists(some.integers(0, 72 * 60), max_size=12),
    most=some.integers(1, 4),
    hours=some.integers(1, 48),
)
def test_never_more_than_the_cap_lie_in_any_stretch_if_each_waits_for_its_room(
    ages: list[int], most: int, hours: int
) -> None:
    cap, told = Cap(most, hours * HOUR), list[Place]()
    for number, age in enumerate(sorted(ages, reverse=True)):
        at = NOON - timedelta(minutes=age)
        if caps.room_at([cap], told, place(number, at), BERLIN) == at:
            told.append(place(number, at))

    for it in told:
        assert sum(it.at - hours * HOUR < other.at <= it.at for other in told) <= most


@given(
    ages=some.lists(some.integers(0, 100 * 24 * 60), max_size=12),
    per=some.sampled_from([*Period, HOUR, DAY, 7 * DAY]),
    most=some.integers(1, 3),
)
def test_what_is_forgotten_would_have_changed_nothing(ages: list[int], per: Period | timedelta, most: int) -> None:
    cap = Cap(most, per)
    told = [place(number, NOON - timedelta(minutes=age)) for number, age in enumerate(ages)]
    kept = caps.kept([cap], told, NOON)

    for later in (NOON, NOON + 5 * HOUR, NOON + 3 * DAY):
        wanted = place(99, later)
        assert caps.room_at([cap], kept, wanted, BERLIN) == caps.room_at([cap], told, wanted, BERLIN)
