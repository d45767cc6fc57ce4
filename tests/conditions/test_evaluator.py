from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.conditions.evaluator import compiled, holds
from hub.conditions.model import asked
from hub.conditions.parser import parse
from hub.conditions.turning import Turns

NOW = datetime(2026, 11, 20, 12, 0, 0, 999, tzinfo=UTC)
ADA: dict[str, Any] = {
    "properties": {"value": 20, "coupon": "SPRING-5", "price": 9.5, "none": None, "paid": True, "tags": ["a", 1, True]},
    "profile": {"country": "DE", "createdAt": "2026-11-01T10:00:00Z", "address": {"city": "Graz"}, "age": "forty"},
}


@pytest.mark.parametrize(
    "text",
    [
        "properties.value = 20",
        "properties.value = 20.0",
        "properties.value between 10 and 20",
        "properties.value between 20 and 30",
        'profile.country in ["AT", "DE"]',
        'profile.createdAt < "2026-12"',
        'properties.coupon starts "SPRING"',
        'properties.coupon ends "-5"',
        "within(profile.createdAt, 20d)",
        'properties.coupon contains "-"',
        'properties.tags contains "a"',
        "properties.paid = true",
        'profile.address.city = "Graz"',
        "not exists(profile.phone)",
        "not exists(properties.none)",
        "properties.none = null",
        "profile.phone = null",
        'profile.phone != "1"',
        'profile.address.city.part != "x"',
        "properties.paid != 1",
    ],
)
def test_true_of_ada(text: str) -> None:
    assert holds(parse(text), ADA, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "properties.value between 21 and 30",
        "properties.value > 20",
        'properties.value > "1"',
        'properties.coupon starts "spring"',
        'properties.coupon ends "5 "',
        'properties.value ends "0"',
        "within(profile.createdAt, 19d)",
        "within(profile.createdAt, next 30d)",
        "within(profile.country, 30d)",
        "within(profile.phone, 30d)",
        "within(properties.value, 30d)",
        "properties.paid = 1",
        "properties.paid > 0",
        "properties.paid in [1]",
        "properties.tags contains 2",
        'properties.tags = "a"',
        "profile.age > 3",
        "profile.phone < 5",
        "profile.phone != null",
        'profile.phone in ["1"]',
        "exists(profile.country.code)",
        "exists(nothing.at.all)",
    ],
)
def test_false_of_ada(text: str) -> None:
    assert not holds(parse(text), ADA, NOW)


def test_a_list_contains_true_only_as_true() -> None:
    assert not holds(parse("p.tags contains true"), {"p": {"tags": [1]}}, NOW)
    assert not holds(parse("p.tags contains 1"), {"p": {"tags": [True]}}, NOW)


def test_conditions_that_differ_by_true_and_one_are_compiled_apart() -> None:
    assert compiled(parse("p.x = 1"))({"p": {"x": 1}}, NOW)
    assert not compiled(parse("p.x = true"))({"p": {"x": 1}}, NOW)


def test_a_condition_is_compiled_once() -> None:
    text = "p.once = 1 and exists(p.y)"

    assert compiled(parse(text)) is compiled(parse(text))


def test_a_value_is_not_changed_by_a_question() -> None:
    value: dict[str, Any] = {"p": {}}

    holds(parse("p.a.b = 1"), value, NOW)

    assert value == {"p": {}}


LAST = "within(p.x, 1h)"
NEXT = "within(p.x, next 1h)"


@pytest.mark.parametrize(
    ("text", "holding"),
    [
        ("2026-11-20T12:00:00Z", [LAST]),
        ("2026-11-20T12:00:00.999999999Z", [LAST]),
        ("2026-11-20T11:00:01Z", [LAST]),
        ("2026-11-20T11:00:00.999Z", []),
        ("2026-11-20T12:00:01Z", [NEXT]),
        ("2026-11-20T13:00:00.5Z", [NEXT]),
        ("2026-11-20T13:00:01Z", []),
        ("2026-11-20T12:00:00", []),
        ("2026-11-20T12:00:00+00:00", []),
        ("2026-11-20T12:00:00z", []),
        ("2026-11-20 12:00:00Z", []),
        ("2026-11-20T12:00:00Z\n", []),
        ("2026-11-20T12:60:00Z", []),
        ("\u0662026-11-20T12:00:00Z", []),
    ],
)
def test_a_time_is_within_to_the_second(text: str, holding: list[str]) -> None:
    value = {"p": {"x": text}}

    assert [it for it in (LAST, NEXT) if holds(parse(it), value, NOW)] == holding


def test_a_date_is_its_midnight_in_utc() -> None:
    value = {"p": {"x": "2026-11-20"}}

    assert holds(parse("within(p.x, 13h)"), value, NOW)
    assert not holds(parse("within(p.x, 12h)"), value, NOW)
    assert holds(parse("within(p.x, next 1s)"), value, NOW.replace(day=19, hour=23, minute=59, second=59))
    assert not holds(parse("within(p.x, next 1s)"), value, NOW.replace(day=19, hour=23, minute=59, second=58))


@pytest.mark.parametrize("rule", ["within(p.x, 30d)", "within(p.x, next 90s)", "not within(p.x, 2h) and p.y = 1"])
@pytest.mark.parametrize("text", ["2026-11-20T12:00:10.7Z", "2026-11-20", "2026-02-30", "2028-02-29T23:59:59Z"])
def test_time_alone_changes_a_condition_at_the_moments_that_are_told_and_at_no_other(rule: str, text: str) -> None:
    condition, value = parse(rule), {"p": {"x": text, "y": 1}}
    turns = Turns(asked(condition))
    at = datetime(2025, 1, 1, tzinfo=UTC)
    moments = []
    while (turn := turns.next(value, at)) is not None:
        before, after = (holds(condition, value, turn + timedelta(microseconds=it)) for it in (-1, 0))
        assert before is not after
        assert holds(condition, value, at) is before
        moments.append(turn)
        at = turn
    assert len(moments) == 2
    assert holds(condition, value, at) is holds(condition, value, at + timedelta(days=10_000))


@pytest.mark.parametrize("text", ["", "0000-01-01", "9999-12-31", "2026-13-01", "soon", "\u0661"])
def test_what_is_no_time_that_can_be_told_never_raises(text: str) -> None:
    value = {"p": {"x": text}}

    for rule in ("within(p.x, 36500d)", "within(p.x, next 36500d)"):
        assert not holds(parse(rule), value, NOW)
        Turns(asked(parse(rule))).next(value, NOW)
