"""Counting: sums that do not depend on the order in which events come."""

import random
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hub.events.model import Event
from hub.rollups import counting
from hub.rollups.counting import Moment, Total
from hub.rollups.model import Rollup, State
from tests.rollups.stage import DAY, NOON, SPEND, event, order, rollup

SPENDING = rollup()
TODAY = NOON.replace(hour=0)


def counted(*events: Event, by: Rollup = SPENDING) -> State | None:
    parts = [counting.single(by, it) for it in events if counting.counts(by, it)]
    return reduce(lambda one, other: counting.merged(by, one, other), parts) if parts else None


def moment(event: Event, value: str | None) -> Moment:
    return Moment(event.at, str(event.id), None if value is None else Decimal(value))


def test_a_rollup_tells_count_sum_least_most_first_and_last_with_their_events() -> None:
    small, large, last = order(10.1, days_ago=3), order("20.2", days_ago=2), order(15, days_ago=1)

    found = counting.total(counted(small, large, last), None, now=NOON)

    assert found == Total(
        days=None,
        since=None,
        count=3,
        sum=Decimal("45.3"),
        min=Decimal("10.1"),
        max=Decimal("20.2"),
        first=moment(small, "10.1"),
        last=moment(last, "15"),
    )


def test_a_window_holds_the_day_of_today_and_those_before_it() -> None:
    inside, outside, today = order(2, days_ago=6), order(4, days_ago=7), order(1)

    found = counting.total(counted(today, outside, inside), 7, now=NOON)

    assert (found.count, found.sum, found.since) == (2, Decimal(3), TODAY - 6 * DAY)
    assert (found.first, found.last) == (moment(inside, "2"), moment(today, "1"))


def test_an_event_leaves_a_window_by_time_alone() -> None:
    state = counted(order(5, days_ago=6))

    assert counting.total(state, 7, now=NOON).count == 1
    assert counting.total(state, 7, now=NOON + timedelta(hours=11, minutes=59)).count == 1
    assert counting.total(state, 7, now=NOON + timedelta(hours=12)).count == 0


def test_of_a_window_without_events_nothing_is_told() -> None:
    assert counting.total(counted(order(5, days_ago=40)), 30, now=NOON) == Total(
        30, TODAY - 29 * DAY, 0, None, None, None, None, None
    )
    assert counting.total(None, None, now=NOON) == Total(None, None, 0, None, None, None, None, None)


def test_a_late_event_lands_on_its_day_and_one_older_than_the_longest_window_only_in_the_lifetime() -> None:
    state = counted(order(1), order(2, days_ago=29), order(4, days_ago=30))

    assert state is not None
    assert counting.total(state, 30, now=NOON).sum == 3
    assert counting.total(state, None, now=NOON).sum == 7
    assert len(state["days"]) == 2


@pytest.mark.parametrize("value", [None, True, "twelve", [1], {"a": 1}, "NaN", float("inf"), 10**10, "1" * 50, ""])
def test_a_value_that_is_no_amount_is_counted_and_not_added(value: object) -> None:
    found = counting.total(counted(order(5, days_ago=1), order(value)), None, now=NOON)

    assert (found.count, found.sum, found.max) == (2, Decimal(5), Decimal(5))
    assert found.last is not None
    assert found.last.value is None


def test_only_events_of_the_name_count_and_only_where_the_condition_holds() -> None:
    assert counted(order(5, currency="USD"), event("Order Updated", total=5, currency="EUR")) is None


def test_amounts_of_a_tenth_add_up_exactly() -> None:
    assert counting.total(counted(*[order(0.1) for _ in range(10)]), None, now=NOON).sum == 1


def test_a_sum_beyond_what_the_database_holds_stops_there() -> None:
    lots: dict[str, Any] = {**(counted(order(1)) or {}), "sum": 2**62}

    assert counting.merged(SPENDING, lots, counted(order(10**9)))["sum"] == 2**62


@settings(deadline=None, max_examples=50)  # a busy machine is slow, not wrong
@given(some.lists(some.tuples(some.integers(0, 60), some.integers(-100, 100)), min_size=2, max_size=12), some.randoms())
def test_whatever_the_order_of_events_and_however_they_are_added_up_the_state_is_the_same(
    orders: list[tuple[int, int]], chance: random.Random
) -> None:
    events = [order(total / 10, days_ago=days) for days, total in orders]
    shuffled = chance.sample(events, len(events))
    cut = chance.randrange(len(events) + 1)

    halves = counting.merged(SPENDING, counted(*shuffled[:cut]), counted(*shuffled[cut:]))

    assert halves == counted(*events)


MONEY = rollup(SPEND.replace('where: properties.currency = "EUR"', "currency: properties.currency"))
"""As `purchases`: whatever the currency."""


def test_amounts_of_one_currency_are_added_up_and_those_of_several_are_not() -> None:
    euros = [order(5, days_ago=1), order("2.50", days_ago=9)]
    francs = order(7, days_ago=9, currency="CHF")

    one, several = counted(*euros, by=MONEY), counted(*euros, francs, by=MONEY)

    assert (counting.total(one, None, now=NOON).sum, counting.total(one, None, now=NOON).currency) == (
        Decimal("7.5"),
        "EUR",
    )
    lifetime, week = (counting.total(several, days, now=NOON) for days in (None, 7))
    assert (lifetime.count, lifetime.sum, lifetime.min, lifetime.currency) == (3, None, None, counting.SEVERAL)
    assert (week.count, week.sum, week.currency) == (1, Decimal(5), "EUR")
    assert lifetime.first is not None
    assert lifetime.first.value in {Decimal("2.5"), Decimal(7)}


@pytest.mark.parametrize("currency", [None, "EURO", 978, "", ["EUR"]])
def test_an_amount_of_no_currency_is_counted_and_not_added(currency: object) -> None:
    found = counting.total(
        counted(order(5), event("Order Completed", total=3, currency=currency), by=MONEY), None, now=NOON
    )

    assert (found.count, found.sum, found.currency) == (2, Decimal(5), "EUR")


@settings(deadline=None, max_examples=50)
@given(
    some.lists(some.tuples(some.integers(0, 60), some.sampled_from(["EUR", "CHF", "?"])), min_size=2, max_size=12),
    some.randoms(),
)
def test_in_whatever_order_currencies_come_the_state_is_the_same(
    orders: list[tuple[int, str]], chance: random.Random
) -> None:
    events = [order(5, days_ago=days, currency=currency) for days, currency in orders]
    shuffled = chance.sample(events, len(events))
    cut = chance.randrange(len(events) + 1)

    halves = counting.merged(MONEY, counted(*shuffled[:cut], by=MONEY), counted(*shuffled[cut:], by=MONEY))

    assert halves == counted(*events, by=MONEY)


def test_without_windows_no_days_are_kept() -> None:
    lifetime = rollup(SPEND.replace("[lifetime, 7d, 30d]", "[lifetime]"))

    state = counted(order(1), order(2, days_ago=3), by=lifetime)

    assert state is not None
    assert (state["days"], state["count"]) == ({}, 2)


COFFEE = {"product_id": "1", "category": "coffee", "price": 9}
TEA = {"product_id": "2", "category": "tea", "price": 4}


@pytest.mark.parametrize(
    ("products", "units", "of_coffee"),
    [
        ([{**COFFEE, "quantity": 3}, {**TEA, "quantity": 2}], 5, 3),
        ([COFFEE, TEA], 2, 1),
        ([{**COFFEE, "quantity": "1.5"}, {**TEA, "quantity": 0}], 1.5, 1.5),
        ([{**COFFEE, "quantity": "many"}, {**TEA, "quantity": True}, "coffee", None], 0, 0),
        ([{**TEA, "quantity": 10**9}, {**TEA, "quantity": 10**9}], None, 0),
        ("coffee", 0, 0),
        (None, 0, 0),
    ],
)
def test_units_are_the_pieces_of_the_products_that_are_meant(
    products: object, units: float | None, of_coffee: float
) -> None:
    every = rollup("rollup: units\nevent: Order Completed\nvalue: units")
    coffee = rollup("rollup: coffee\nevent: Order Completed\nvalue: units(product.category = 'coffee')")
    bought = order(products=products)

    found = [counting.total(counted(bought, by=it), None, now=NOON) for it in (every, coffee)]

    assert [(it.count, it.sum) for it in found] == [
        (1, None if units is None else Decimal(str(units))),
        (1, Decimal(str(of_coffee))),
    ]


def test_a_rollup_counts_orders_of_one_category_by_their_products() -> None:
    bought_coffee = rollup("rollup: coffee\nevent: Order Completed\nwhere: any(product.category = 'coffee')")
    orders = [order(products=[COFFEE, TEA]), order(products=[TEA]), order(products=[]), order()]

    assert [counting.counts(bought_coffee, it) for it in orders] == [True, False, False, False]


def test_a_window_has_the_same_count_and_sum_for_rules_as_it_is_shown_with() -> None:
    dice = random.Random(7)
    paid = rollup(f"{SPEND}currency: properties.currency\n".replace('where: properties.currency = "EUR"\n', ""))
    for _ in range(200):
        orders = [
            order(
                dice.choice([10, "20.2", 0, None]),
                days_ago=dice.randrange(9),
                currency=dice.choice(["EUR", "EUR", "USD"]),
            )
            for _ in range(dice.randrange(1, 5))
        ]
        state = counted(*orders, by=paid)
        assert state is not None
        shown = counting.total(state, 7, now=NOON)

        assert counting.amounts(state, 7, now=NOON) == (
            shown.count,
            None if shown.sum is None else int(shown.sum * counting.MILLIONTHS),
        )
