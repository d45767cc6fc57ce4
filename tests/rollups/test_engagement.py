"""Where and when a customer takes notice of messages: found in their last events, whatever their order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.events.announcing import HUB
from hub.events.model import Event
from hub.kit import ids
from hub.profiles.model import Profile
from hub.rollups import engagement, language, rules, service
from hub.rollups.engagement import Habit, Habits
from hub.rollups.model import ENGAGEMENT, Engagement, Sign, State
from tests.rollups.stage import NOON, catalogue
from tests.rollups.stage import event as happened

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
SIGNS = (Sign("Message Clicked", 3), Sign("Message Opened", 1))
THREE = Engagement(SIGNS, 3)
WIDE = Engagement(SIGNS, 100)
HOUR = timedelta(hours=1)


def id_of(message: str) -> UUID:
    return UUID(int=ord(message))


def noticed(message: str, at: datetime, *, channel: str = "email", clicked: bool = False, n: int = 0) -> Event:
    name = "Message Clicked" if clicked else "Message Opened"
    event = replace(happened(name, message_id=str(id_of(message)), channel=channel), source=HUB.id, at=at)
    return replace(event, id=UUID(int=n)) if n else event


def state_of(*events: Event, measure: Engagement = WIDE) -> State:
    state: State = {}
    for event in events:
        if part := engagement.single(measure, event):
            state = engagement.merged(measure, state, part)
    return state


def habits(*events: Event, zone: ZoneInfo = UTC_ZONE) -> Habits:
    return engagement.habits(state_of(*events), zone)


def test_what_comes_with_the_hub_counts_a_click_three_times_an_opening() -> None:
    (read,) = [it for it in map(_read, service.shipped()) if isinstance(it, Engagement)]

    assert (read.name, read.last, read.signs) == (ENGAGEMENT, 50, SIGNS)


def _read(source: str) -> Any:
    return language.read(source, rollups=("purchases",))


def test_the_channel_on_which_most_was_noticed_is_best_with_its_evidence() -> None:
    events = [
        noticed("a", NOON, channel="push"),
        noticed("b", NOON + HOUR, channel="push"),
        noticed("c", NOON - HOUR, clicked=True, n=7),
        noticed("d", NOON - 2 * HOUR, channel="sms"),
    ]

    found = habits(*events)

    assert [(it.value, it.points, it.messages) for it in found.channels] == [
        ("email", 3, 1),
        ("push", 2, 2),
        ("sms", 1, 1),
    ]
    assert found.channels[0] == Habit("email", 3, 1, NOON - HOUR, str(UUID(int=7)))
    assert found.messages == 4


def test_of_equals_the_one_that_was_noticed_last_is_best() -> None:
    one = [noticed("a", NOON, channel="push"), noticed("b", NOON + HOUR), noticed("c", NOON, channel="sms")]

    assert habits(*one).channels[0].value == "email"


def test_a_message_counts_once_by_its_strongest_sign_and_of_equals_by_the_first() -> None:
    opened = noticed("a", NOON - HOUR)
    events = [opened, noticed("a", NOON, clicked=True), noticed("b", NOON), noticed("b", NOON + 5 * HOUR)]

    found = habits(*events, noticed("c", NOON))

    assert [(it.value, it.points, it.messages) for it in found.hours] == [("12", 5, 3)]


def test_too_few_messages_say_nothing_but_how_many_they_are() -> None:
    found = habits(noticed("a", NOON), noticed("b", NOON), noticed("b", NOON, clicked=True))

    assert (found.channels, found.hours, found.messages) == ((), (), 2)
    assert habits().messages == 0
    assert engagement.habits(None, UTC_ZONE) == Habits(zone=UTC_ZONE)


def test_the_hour_is_that_of_the_clocks_where_the_customer_is_in_summer_and_in_winter() -> None:
    summer, winter = datetime(2026, 7, 1, 16, 30, tzinfo=UTC), datetime(2026, 12, 1, 17, 30, tzinfo=UTC)
    events = [noticed("a", summer), noticed("b", winter), noticed("c", winter + timedelta(days=1))]

    assert [(it.value, it.messages) for it in habits(*events, zone=BERLIN).hours] == [("18", 3)]
    assert [(it.value, it.messages) for it in habits(*events).hours] == [("17", 2), ("16", 1)]


@pytest.mark.parametrize(
    "changed",
    [
        {"source": "shop"},
        {"properties": {"message_id": str(UUID(int=7)), "channel": "fax"}},
        {"properties": {"channel": "email"}},
        {"properties": {"message_id": 7, "channel": "email"}},
        {"properties": {"message_id": "a", "channel": "email"}},
        {"name": "Message Delivered"},
    ],
)
def test_what_is_not_the_hubs_own_report_of_one_of_its_messages_says_nothing(changed: dict[str, Any]) -> None:
    assert engagement.single(WIDE, replace(noticed("a", NOON), **changed)) is None


def test_only_the_last_events_are_kept_in_whatever_order_they_come() -> None:
    events = [noticed(str(n), NOON + n * HOUR) for n in range(4)]

    states = [state_of(*order, measure=THREE) for order in permutations(events)]

    assert all(it == states[0] for it in states)
    assert [it["message"] for it in states[0]["of"]] == [id_of("3"), id_of("2"), id_of("1")]


STATES = st.lists(
    st.builds(
        lambda message, hour, clicked, n: noticed(message, NOON + hour * HOUR, clicked=clicked, n=n),
        st.sampled_from("abcd"),
        st.integers(0, 5),
        st.booleans(),
        st.integers(1, 30),
    ),
    max_size=6,
    unique_by=lambda event: event.id,
)


@given(STATES, STATES, STATES)
def test_adding_up_states_commutes_is_associative_and_takes_nothing_twice(
    one: list[Event], two: list[Event], three: list[Event]
) -> None:
    known: dict[UUID, Event] = {}  # an id names one event
    a, b, c = (state_of(*[known.setdefault(it.id, it) for it in events], measure=THREE) for events in (one, two, three))

    def both(x: State, y: State) -> State:
        return engagement.merged(THREE, x, y)

    assert both(a, b) == both(b, a)
    assert both(both(a, b), c) == both(a, both(b, c))
    assert both(a, a) == a


def test_two_who_are_merged_have_the_habits_of_both() -> None:
    defined = catalogue(*service.shipped())
    ada, bob = noticed("a", NOON - HOUR), [noticed("b", NOON), noticed("c", NOON, channel="push", clicked=True)]

    def person(*events: Event) -> Profile:
        profile = rules.begun(Profile(ids.new_id()), defined)
        for event in events:
            profile = rules.taken_in(profile, event, defined, now=NOON)
        return profile

    both = rules.merged(person(ada), person(*bob), defined, now=NOON)

    assert both.rollups[ENGAGEMENT] == person(*bob, ada).rollups[ENGAGEMENT]
    assert [it.value for it in engagement.habits(both.rollups[ENGAGEMENT], UTC_ZONE).channels] == ["push", "email"]
