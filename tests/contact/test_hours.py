"""Quiet hours are local to the customer, and are moments to everybody else."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.contact import hours, legal
from hub.contact.model import Policy, Quiet, Reach
from hub.kit.local_time import Hours, Weekday
from hub.profiles.model import Channel

BERLIN, TOKYO, NEW_YORK = (ZoneInfo(it) for it in ("Europe/Berlin", "Asia/Tokyo", "America/New_York"))
NIGHT = Quiet(Hours(21 * 60, 8 * 60))
SUNDAY = Quiet(Hours(0, 24 * 60), frozenset({Weekday.SUNDAY}))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-25T19:59:59", "2026-11-25T19:59:59"),  # 20:59:59 in Berlin
        ("2026-11-25T20:00:00", "2026-11-26T07:00:00"),
        ("2026-11-26T06:59:59", "2026-11-26T07:00:00"),
        ("2026-11-26T07:00:00", "2026-11-26T07:00:00"),
        ("2026-07-01T18:59:59", "2026-07-01T18:59:59"),  # in summer it is an hour earlier
        ("2026-07-01T19:00:00", "2026-07-02T06:00:00"),
        # In the night to 25 October there is an hour more, in that to 29 March one less.
        ("2026-10-24T19:00:00", "2026-10-25T07:00:00"),
        ("2026-03-28T20:00:00", "2026-03-29T06:00:00"),
    ],
)
def test_a_night_ends_at_eight_whatever_the_clocks_do(at: str, until: str) -> None:
    assert hours.quiet_until([NIGHT], [BERLIN], utc(at)) == utc(until)


def test_the_hours_of_some_days_are_quiet_on_those_that_begin_then() -> None:
    saturday_night = Quiet(Hours(22 * 60, 6 * 60), frozenset({Weekday.SATURDAY}))

    assert hours.quiet_until([saturday_night], [BERLIN], utc("2026-11-29T03:00:00")) == utc("2026-11-29T05:00:00")
    assert hours.quiet_until([saturday_night], [BERLIN], utc("2026-11-28T03:00:00")) == utc("2026-11-28T03:00:00")


def test_hours_that_follow_each_other_are_waited_for_together() -> None:
    saturday_evening = utc("2026-11-28T21:00:00")

    assert hours.quiet_until([NIGHT, SUNDAY], [BERLIN], saturday_evening) == utc("2026-11-30T07:00:00")


def test_who_may_be_in_several_zones_is_waited_for_in_all_of_them() -> None:
    # 22:00 in Berlin and 16:00 in New York; at 08:00 in Berlin it is 02:00 in New York.
    assert hours.quiet_until([NIGHT], [BERLIN, NEW_YORK], utc("2026-11-25T21:00:00")) == utc("2026-11-26T13:00:00")
    # From 21:00 in Tokyo it is quiet in one of the two, hour by hour, until 08:00 in Berlin is before 21:00 in Tokyo.
    assert hours.quiet_until([NIGHT], [TOKYO, BERLIN], utc("2026-11-25T12:00:00")) == utc("2026-11-26T07:00:00")


def test_hours_that_never_end_have_no_end() -> None:
    assert hours.quiet_until([Quiet(Hours(0, 24 * 60))], [BERLIN], utc("2026-11-25T12:00:00")) is None


def test_a_customers_own_zone_counts_before_that_of_their_number_and_that_before_the_policys() -> None:
    policy = Policy(zone="Asia/Tokyo")

    assert hours.zones("America/New_York", "+4917012345678", policy) == (NEW_YORK,)
    assert hours.zones("Not/There", "+4917012345678", policy) == (BERLIN,)
    assert hours.zones(None, "0170 12345678", policy) == (TOKYO,)
    assert hours.zones(None, None, policy) == (TOKYO,)
    assert len(hours.zones(None, "+18005550100", policy)) > 1  # a number of all of North America


def test_rules_are_about_the_messages_that_they_name() -> None:
    of_sms = Quiet(NIGHT.hours, of=Reach(channels=frozenset({Channel.SMS})))

    assert hours.concerned([of_sms, NIGHT], Channel.EMAIL, "default", "marketing") == [NIGHT]
    assert hours.concerned([of_sms, NIGHT], Channel.SMS, "default", "marketing") == [of_sms, NIGHT]


@pytest.mark.parametrize(
    ("phone", "at", "until"),
    [
        ("+12125550123", "2026-11-26T00:59:59", "2026-11-26T00:59:59"),  # 19:59:59 in New York
        ("+12125550123", "2026-11-26T01:00:00", "2026-11-26T13:00:00"),
        ("+33612345678", "2026-11-28T21:30:00", "2026-11-30T07:00:00"),  # Saturday night in Paris, then Sunday
        ("+4917012345678", "2026-11-26T02:00:00", "2026-11-26T02:00:00"),  # no law that the hub knows
        ("no number", "2026-11-26T02:00:00", "2026-11-26T02:00:00"),
    ],
)
def test_the_law_of_a_numbers_country_sets_hours_for_sms(phone: str, at: str, until: str) -> None:
    zones = hours.zones(None, phone, Policy())

    assert hours.quiet_until(legal.quiet_for(phone), zones, utc(at)) == utc(until)


def test_every_country_that_has_hours_says_from_where_they_are_known() -> None:
    assert set(legal.hours()) == {"US", "FR", "IN"}
