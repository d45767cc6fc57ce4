from typing import Any

import pytest

from hub.conditions.evaluator import compiled, holds
from hub.conditions.parser import parse

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
    assert holds(parse(text), ADA)


@pytest.mark.parametrize(
    "text",
    [
        "properties.value between 21 and 30",
        "properties.value > 20",
        'properties.value > "1"',
        'properties.coupon starts "spring"',
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
    assert not holds(parse(text), ADA)


def test_a_list_contains_true_only_as_true() -> None:
    assert not holds(parse("p.tags contains true"), {"p": {"tags": [1]}})
    assert not holds(parse("p.tags contains 1"), {"p": {"tags": [True]}})


def test_conditions_that_differ_by_true_and_one_are_compiled_apart() -> None:
    assert compiled(parse("p.x = 1"))({"p": {"x": 1}})
    assert not compiled(parse("p.x = true"))({"p": {"x": 1}})


def test_a_condition_is_compiled_once() -> None:
    text = "p.once = 1 and exists(p.y)"

    assert compiled(parse(text)) is compiled(parse(text))


def test_a_value_is_not_changed_by_a_question() -> None:
    value: dict[str, Any] = {"p": {}}

    holds(parse("p.a.b = 1"), value)

    assert value == {"p": {}}
