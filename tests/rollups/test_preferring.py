"""Preferring: by days, so that who clicks a lot does not seem to shop a lot."""

import random
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as some

from hub.events.model import Event
from hub.rollups import language, preferring
from hub.rollups.model import Preference, State
from hub.rollups.preferring import Preferred
from tests.rollups.stage import NOON, event, order

SOURCE = """\
preference: channel
within: 30d
of:
  - {event: Order Completed, by: properties.channel, weight: 3}
  - {event: Store Visited, is: pos, weight: 1}
  - {event: Page Viewed, is: web, weight: 1}
"""
READ = language.read(SOURCE, rollups=())
assert isinstance(READ, Preference)
CHANNEL: Preference = READ


def state_of(*events: Event) -> State | None:
    parts = [part for it in events if (part := preferring.single(CHANNEL, it))]
    return reduce(lambda one, other: preferring.merged(CHANNEL, one, other), parts) if parts else None


def preferred(*events: Event) -> Preferred | None:
    state = state_of(*events)
    return preferring.preferred({**state, "version": "preferred-channel/1", "within": 30} if state else None, now=NOON)


def test_the_most_points_win_and_say_from_which_days_and_which_event() -> None:
    last = order(channel="pos", days_ago=2)

    assert preferred(order(channel="pos", days_ago=9), event("Page Viewed", days_ago=1), last) == Preferred(
        value="pos", points=6, days=2, within_days=30, at=last.at, event=str(last.id), version="preferred-channel/1"
    )


def test_a_day_counts_once_by_its_strongest_sign() -> None:
    browsing = [event("Page Viewed", days_ago=1) for _ in range(50)]
    found = preferred(*browsing, order(channel="web", days_ago=1))

    assert found is not None
    assert (found.value, found.points, found.days) == ("web", 3, 1)


def test_three_days_of_visits_are_as_good_as_a_day_with_an_order_and_of_equals_the_latest_wins() -> None:
    visits = [event("Store Visited", days_ago=days) for days in (4, 5, 6)]

    assert getattr(preferred(*visits, order(channel="web", days_ago=3)), "value", None) == "web"
    assert getattr(preferred(*visits, order(channel="web", days_ago=7)), "value", None) == "pos"


def test_what_is_older_than_the_window_does_not_count_any_more() -> None:
    old = [order(channel="web", days_ago=days) for days in (30, 31, 32)]

    found = preferred(*old, event("Store Visited"))

    assert found is not None
    assert found.value == "pos"
    assert preferred(*old) is None


def test_what_names_no_shop_speaks_for_none() -> None:
    nameless = [order(channel=value) for value in (None, "", " ", True, ["web"], "x" * 65)]

    assert preferred(*nameless, event("Screen Viewed")) is None


@settings(deadline=None, max_examples=50)  # a busy machine is slow, not wrong
@given(
    some.lists(some.tuples(some.integers(0, 45), some.sampled_from(["web", "pos", 7])), min_size=2, max_size=12),
    some.randoms(),
)
def test_whatever_the_order_of_events_the_preference_is_the_same(
    orders: list[tuple[int, str | int]], chance: random.Random
) -> None:
    events = [order(channel=channel, days_ago=days) for days, channel in orders]

    assert preferred(*chance.sample(events, len(events))) == preferred(*events)
