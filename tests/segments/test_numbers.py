"""A rule that asks for numbers of rollups finds by MongoDB whom it holds of by one profile, and both are right."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from random import Random
from typing import Any

import pytest

from hub.conditions.model import Compare, Comparison, Condition, Exists, Not
from hub.conditions.parser import parse
from hub.conditions.spelling import spell
from hub.database import Database
from hub.events.model import Event
from hub.kit import ids
from hub.kit.problems import InvalidDefinition
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument
from hub.profiles.store import save as save_profiles
from hub.rollups import counting, language
from hub.rollups.model import Rollup
from hub.segments import language as segments
from hub.segments import query, scope
from hub.segments.model import Segment, Turns, facts_of
from tests.rollups.stage import DAY, NOON, catalogue, event

SEED = int(os.environ.get("HUB_RULES_SEED") or Random().randrange(10**9))
PROFILES = 80
RULES = 300
SPEND = """\
rollup: total-spend
event: Order Completed
value: properties.total
currency: properties.currency
windows: [7d, 30d]
"""
SCOPE = scope.of(catalogue(SPEND))

LIFETIME = ("count", "sum", "average", "days_since_first", "days_since_last", "days_between_last_two")
FACTS = [(it,) for it in LIFETIME] + [(days, it) for days in ("7d", "30d") for it in ("count", "sum", "average")]
AMOUNTS: list[Any] = [0, 10, 10.5, 19.99, "7.25", -3, 1e8, 0.1, 0.000001, None, "no number", True]
NUMBERS = [0, 1, 2, 3, 5, 10.5, 20, 30, 0.1, 19.99, 1e8, 6.5, 7, -3]


def rollup() -> Rollup:
    read = language.read(SPEND, rollups=())
    assert isinstance(read, Rollup)
    return read


def an_order(random: Random) -> Event:
    days = random.choice([0, 0.2, 0.5, 1, 3, 6, 6.5, 7, 7.4, 8, 29, 29.9, 30, 31, 100])
    currency = random.choice(["EUR", "EUR", "EUR", "EUR", "GBP", None])
    said = {"total": random.choice(AMOUNTS), "currency": currency}
    return event("Order Completed", days_ago=days, **{name: it for name, it in said.items() if it is not None})


def state_of(orders: Sequence[Event]) -> dict[str, Any]:
    spend = rollup()
    parts = [counting.single(spend, it) for it in orders]
    counted = reduce(lambda one, other: counting.merged(spend, one, other), parts) if parts else {}
    return {"version": "total-spend/1", "windows": [7, 30], **counted}


def right(condition: Condition, orders: Sequence[Event]) -> bool:  # noqa: PLR0911 - one answer a comparison
    """Judge a rule by the orders themselves."""
    if isinstance(condition, Not):
        return not right(condition.part, orders)
    assert isinstance(condition, Compare | Exists)
    number = told(condition.path, orders)
    if isinstance(condition, Exists):
        return number is not None
    first = condition.values[0]
    match condition.comparison.value:
        case "=":
            return bool(number == first)
        case "!=":
            return bool(number != first)
        case "in":
            return number in condition.values
        case "between":
            low, high = condition.values
            return number is not None and low <= number <= high  # type: ignore[operator]
        case order:
            orders_of = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
            return number is not None and bool(getattr(float(number), orders_of[order])(float(first)))  # type: ignore[arg-type]


def told(path: Sequence[str], orders: Sequence[Event]) -> float | None:  # noqa: PLR0911 - one answer a number
    *window, fact = path[1:]
    if window:
        days = int(window[0][:-1])
        orders = [it for it in orders if (NOON.date() - it.at.date()).days < days]
    if fact == "count":
        return len(orders)
    if not orders:
        return None
    times = sorted(it.at for it in orders)
    match fact:
        case "days_since_first":
            return (NOON - times[0]).days
        case "days_since_last":
            return (NOON - times[-1]).days
        case "days_between_last_two":
            return (times[-1] - times[-2]).days if len(times) > 1 else None
    paid = [(amount, it.properties.get("currency")) for it in orders if (amount := millionths(it)) is not None]
    if not paid or len({currency for _, currency in paid}) > 1:
        return None
    total = sum(amount for amount, _ in paid) / 1_000_000
    return total if fact == "sum" else total / len(orders)


def millionths(order: Event) -> int | None:
    total = order.properties.get("total")
    if isinstance(total, bool) or total in {None, "no number"} or "currency" not in order.properties:
        return None
    return round(float(total) * 1_000_000)


def a_rule(random: Random) -> Condition:
    path = ("total-spend", *random.choice(FACTS))
    comparison = random.choice([None, *(it for it in Comparison if it.value not in {"contains", "starts", "ends"})])
    if comparison is None:
        return Exists(path)
    if comparison is Comparison.BETWEEN:
        low, high = random.choice(NUMBERS), random.choice(NUMBERS)
        return Compare(path, comparison, (min(low, high), max(low, high)))
    if comparison is Comparison.IN:
        return Compare(path, comparison, tuple(random.choice([*NUMBERS, None]) for _ in range(3)))
    equals = comparison in {Comparison.EQUAL, Comparison.NOT_EQUAL}
    rule = Compare(path, comparison, (random.choice([*NUMBERS, None] if equals else NUMBERS),))
    return Not(rule) if random.random() < 0.2 else rule


async def found(condition: Condition, now: datetime = NOON) -> set[Any]:
    rows = ProfileDocument.get_pymongo_collection().find(query.of(condition, now=now), {"_id": 1})
    return {row["_id"] async for row in rows}


async def test_all_three_readings_of_a_number_agree_on_every_profile(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    del database
    random = Random(SEED)
    with capsys.disabled():
        print(f"\nnumbers, HUB_RULES_SEED={SEED}", flush=True)  # noqa: T201
    ordered = [[an_order(random) for _ in range(random.choice([0, 1, 1, 2, 3, 6]))] for _ in range(PROFILES)]
    profiles = {ids.new_id(): orders for orders in ordered}
    rows = {
        id_: Profile(
            id=id_,
            rollups={"total-spend": state_of(orders)} if orders else {},
            first_seen_at=NOON,
        )
        for id_, orders in profiles.items()
    }
    await save_profiles(list(rows.values()), token=ids.new_id())
    picked = 0
    for _ in range(RULES):
        rule = a_rule(random)
        segment = Segment("a", rule, spell(rule))
        meant = {id_ for id_, orders in profiles.items() if right(rule, orders)}
        asked = {id_ for id_, it in rows.items() if segment.picks(facts_of(it, [segment], NOON), NOON)}
        shown = {id_: [(it.at.isoformat(), it.properties) for it in profiles[id_]] for id_ in profiles}
        assert asked == meant, (segment.written, [shown[it] for it in asked ^ meant][:2])
        by_query = await found(rule)
        assert by_query == meant, (segment.written, [shown[it] for it in by_query ^ meant][:2])
        picked += len(meant)
    assert 0.1 < picked / (PROFILES * RULES) < 0.9  # it is tried on both kinds


@pytest.mark.parametrize("name", ["sum", "7d.sum", "average"])
async def test_a_sum_that_is_too_large_to_be_exact_is_the_same_to_both_readings(database: Database, name: str) -> None:
    del database
    # 10^16 and 1,999 millionths in ten orders: as a float it is 2,000.
    orders = [event("Order Completed", total=it, currency="EUR") for it in (*[10**9] * 9, "999999999.999999", "0.002")]
    state = state_of(orders)
    assert state["sum"] == 10**16 + 1_999
    profile = Profile(id=ids.new_id(), rollups={"total-spend": state}, first_seen_at=NOON)
    await save_profiles([profile], token=ids.new_id())
    number: Any = facts_of(profile, [Segment("a", parse(f"total-spend.{name} > 0"), "")], NOON)["total-spend"]
    for part in name.split("."):
        number = number[part]

    rule = Compare(("total-spend", *name.split(".")), Comparison.EQUAL, (number,))

    assert await found(rule) == {profile.id}


@pytest.mark.parametrize(
    "rule",
    [
        "total-spend.days_since_last >= 30",
        "total-spend.days_since_first between 3 and 9",
        "not total-spend.days_since_last in [5, 40]",
        "total-spend.7d.count >= 2",
        "total-spend.30d.sum > 12",
        "total-spend.7d.average = 10 or total-spend.days_since_last = 20",
    ],
)
def test_time_alone_moves_at_no_moment_that_was_not_told(rule: str) -> None:
    segment = Segment("a", parse(rule), rule)
    orders = [event("Order Completed", days_ago=days, total=10, currency="EUR") for days in (2.3, 1.7, 0.1)]
    profile = Profile(id=ids.new_id(), rollups={"total-spend": state_of(orders)})

    def holds(at: datetime) -> bool:
        return segment.picks(facts_of(profile, [segment], at), at)

    at, moves, turns = NOON, 0, Turns([segment])
    while (turn := turns.next(profile, facts_of(profile, [segment], at), at)) is not None:
        steps = (turn - at) / 5
        assert {holds(at + number * steps) for number in range(5)} == {holds(at)}
        assert holds(turn - timedelta(milliseconds=1)) is holds(at)
        moves += holds(turn) is not holds(at)
        at = turn
    assert {holds(at + days * DAY) for days in (0, 1, 50, 1000)} == {holds(at)}
    assert moves >= 1


def test_of_many_rules_that_time_alone_turns_the_earliest_turn_is_told() -> None:
    rules = [
        *(f"total-spend.days_since_last >= {days}" for days in (2, 30, 31)),
        *(f"total-spend.{days}d.count >= 1 and total-spend.days_since_first < {days}" for days in (7, 30)),
        *(f"within(profile.seenAt, {days}d) or within(profile.renewal, next {days}d)" for days in (1, 9, 60)),
    ]
    segments = [Segment(f"s-{number}", parse(rule), rule) for number, rule in enumerate(rules)]
    orders = [event("Order Completed", days_ago=days, total=10, currency="EUR") for days in (2.3, 1.7, 0.1)]
    traits = {"seenAt": "2026-11-20T08:30:00Z", "renewal": "2027-01-15"}
    profile = Profile(id=ids.new_id(), traits=traits, rollups={"total-spend": state_of(orders)})
    facts, together, each = facts_of(profile, segments, NOON), Turns(segments), [Turns([it]) for it in segments]

    at, told = NOON - 3 * DAY, 0
    while (turn := together.next(profile, facts, at)) is not None:
        own = [moment for it in each if (moment := it.next(profile, facts, at)) is not None]
        assert turn == min(own)
        at, told = turn, told + 1

    assert all(it.next(profile, facts, at) is None for it in each)
    assert told >= len(rules)


def test_what_a_rollup_has_not_is_refused_with_what_it_has() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        segments.read(
            "segment: a\nwhen: total-spend.90d.count > 1 or total-spend.sums > 3 or "
            "total-spend.other > 3 or total-spend.30d.days > 2 or exists(total-spend.7d)",
            SCOPE,
        )

    known = "count, sum, average, days_since_first, days_since_last, days_between_last_two, 7d, 30d"
    assert list(map(str, refused.value.problems)) == [
        "2:7: `total-spend` has no `90d`. Did you mean `total-spend.30d`? [unknown_name]",
        "2:36: `total-spend` has no `sums`. Did you mean `total-spend.sum`? [unknown_name]",
        f"2:60: `total-spend` has no `other`. Known are {known}. [unknown_name]",
        "2:85: `total-spend.30d` has no `days`. Known are count, sum, average. [unknown_name]",
        "2:120: `total-spend.7d` needs a name behind it, as in `total-spend.7d.count`. [unknown_name]",
    ]
    with pytest.raises(InvalidDefinition) as unknown:
        segments.read("segment: a\nwhen: totl-spend.count > 1", SCOPE)
    assert "Did you mean `total-spend`?" in str(unknown.value)
