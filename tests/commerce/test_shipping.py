"""Shipping: the first rule that fits says the price, and a fee that is too much for a small cart draws a warning."""

from typing import Any

import pytest

from hub.commerce import shipping_language
from hub.commerce.shipping import Basis, Parcel
from hub.kit.money import Money
from hub.kit.problems import InvalidDefinition

TABLE = """\
shipping: standard
currency: EUR
rules:
  - {name: free-from-50, methods: [standard], countries: [DE, AT], value: {from: 50}, free: true}
  - {name: small, methods: [standard], countries: [DE, AT], value: {from: 25, below: 50}, flat: 4.90}
  - {name: club, methods: [standard, express], brands: [club], flat: 1}
  - {name: heavy, methods: [standard], weight: {from: 1000, below: 30000}, by_weight: {base: 4.90, per_kilogram: 1.20}}
  - {name: express, methods: [express], by_value: {percent: 5, least: 9.90, most: 49}}
  - {name: yen, methods: [express], currency: JPY, by_value: {percent: 12.5%}}
"""


def quoted(
    minor: int, grams: int | None = 500, *, country: str = "DE", brand: str = "default", currency: str = "EUR"
) -> dict[str, tuple[str, int, str]]:
    """What is offered: rule, minor units and basis by method."""
    table = shipping_language.read(TABLE).table
    options = table.options(Parcel(Money(minor, currency), grams, country, brand))
    assert {it.price.currency for it in options} <= {currency}
    return {it.method: (it.rule, it.price.minor, it.basis.value) for it in options}


@pytest.mark.parametrize(
    ("parcel", "standard"),
    [
        ({"minor": 5000}, ("free-from-50", 0, "free")),
        ({"minor": 4999}, ("small", 490, "flat")),
        ({"minor": 2500}, ("small", 490, "flat")),
        ({"minor": 2499}, None),
        ({"minor": 2499, "grams": 1000}, ("heavy", 610, "by_weight")),
        ({"minor": 2499, "grams": 1001}, ("heavy", 730, "by_weight")),  # each kilogram that is begun
        ({"minor": 2499, "grams": 29_999}, ("heavy", 490 + 30 * 120, "by_weight")),
        ({"minor": 2499, "grams": 30_000}, None),
        ({"minor": 2499, "grams": None}, None),  # of unknown weight
        ({"minor": 9900, "country": "FR", "grams": 2000}, ("heavy", 730, "by_weight")),
        ({"minor": 100, "brand": "club"}, ("club", 100, "flat")),
        ({"minor": 9900, "brand": "club"}, ("free-from-50", 0, "free")),
    ],
)
def test_a_rule_table_returns_the_shipping_price_of_a_cart_by_the_first_rule_that_fits(
    parcel: dict[str, Any], standard: tuple[str, int, str] | None
) -> None:
    assert quoted(**parcel).get("standard") == standard


@pytest.mark.parametrize(("minor", "fee"), [(0, 990), (19_800, 990), (20_010, 1001), (98_000, 4900), (500_000, 4900)])
def test_a_fee_by_value_is_a_share_rounded_half_up_between_least_and_most(minor: int, fee: int) -> None:
    assert quoted(minor)["express"] == ("express", fee, "by_value")


def test_a_rule_fits_carts_in_its_own_currency_only() -> None:
    assert quoted(1000, currency="JPY") == {"express": ("yen", 125, "by_value")}
    assert quoted(1004, currency="JPY") == {"express": ("yen", 126, "by_value")}  # 125.5
    assert quoted(1000, currency="USD") == {}


def test_one_way_of_shipping_can_be_asked_for() -> None:
    table = shipping_language.read(TABLE).table
    parcel = Parcel(Money(9900, "EUR"), None, "DE", "default")

    assert [it.method for it in table.options(parcel)] == ["standard", "express"]
    assert [(it.method, it.basis) for it in table.options(parcel, "express")] == [("express", Basis.BY_VALUE)]
    assert table.options(parcel, "pigeon") == []


def warnings(rule: str, share: str = "") -> list[tuple[int, int, str, str]]:
    source = f"shipping: s\ncurrency: EUR\n{share}\nrules:\n  - {{name: a, methods: [m], {rule}}}\n"
    return [(it.line, it.column, it.code, it.message) for it in shipping_language.read(source).warnings]


def test_lint_warns_when_a_flat_fee_exceeds_the_share_of_the_smallest_cart_it_fits() -> None:
    (warning,) = warnings("value: {from: 24}, flat: 4.90")

    message = "This is more than 20% of a cart of 24.00 EUR, which the rule `a` fits."
    assert warning == (5, 54, "fee_above_share", message)


@pytest.mark.parametrize(
    ("rule", "share", "warned"),
    [
        ("value: {from: 24.50}, flat: 4.90", "", False),
        ("value: {from: 24.49}, flat: 4.90", "", True),
        ("value: {from: 24.50}, flat: 4.90", "warn_above: 10%", True),
        ("value: {from: 9.80}, flat: 4.90", "warn_above: 50%", False),
        ("flat: 0.10", "", True),  # it fits a cart of any value
        ("flat: 0", "", False),
        ("free: true", "", False),
        ("by_value: {percent: 50}", "", False),
    ],
)
def test_the_share_is_that_of_the_document(rule: str, share: str, warned: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert bool(warnings(rule, share)) is warned


def problems(source: str) -> list[tuple[int, str]]:
    with pytest.raises(InvalidDefinition) as refused:
        shipping_language.read(source)
    return [(it.line, it.code) for it in refused.value.problems]


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ("name: a, methods: [m]", ["one_fee"]),
        ("name: a, methods: [m], free: true, flat: 3", ["one_fee"]),
        ("name: a, methods: [m], free: yes", ["wrong_type"]),
        ("name: a, methods: [], free: true", ["empty_list"]),
        ("name: a, free: true", ["missing_key"]),
        ("methods: [m], free: true", ["missing_key"]),
        ("name: '', methods: [m], free: true", ["bad_length"]),
        ("name: a, methods: [m], fre: true", ["one_fee", "unknown_key"]),
        ("name: a, methods: [m], flat: 4.999", ["bad_amount"]),
        ("name: a, methods: [m], flat: -1", ["bad_amount"]),
        ("name: a, methods: [m], flat: [1]", ["bad_amount"]),
        ("name: a, methods: [m], currency: Euro, flat: 5", ["bad_currency"]),
        ("name: a, methods: [m], countries: [Germany], free: true", ["bad_country"]),
        ("name: a, methods: [m], value: {from: 50, below: 50}, free: true", ["empty_band"]),
        ("name: a, methods: [m], weight: {from: 1.5}, free: true", ["bad_weight"]),
        ("name: a, methods: [m], by_weight: {base: 5}", ["missing_key"]),
        ("name: a, methods: [m], by_value: {percent: 101}", ["bad_percent"]),
        ("name: a, methods: [m], by_value: {percent: some}", ["bad_percent"]),
        ("name: a, methods: [m], by_value: {percent: 5, least: 9, most: 8}", ["empty_band"]),
    ],
)
def test_every_problem_of_a_rule_has_its_place_and_code(rule: str, codes: list[str]) -> None:
    found = problems(f"shipping: s\ncurrency: EUR\nrules:\n  - {{{rule}}}\n")

    assert sorted(code for _, code in found) == codes
    assert {line for line, _ in found} == {4}


def test_all_problems_of_a_table_are_told_at_once() -> None:
    source = "shipping: s\ncurrency: X\nrules:\n  - {name: a, methods: [m], flat: 1}\n  - {name: a, methods: [m]}\n"

    assert problems(source) == [(2, "bad_currency"), (5, "one_fee"), (5, "duplicate_name")]
    assert problems("- 1") == [(1, "wrong_type")]
    assert problems("shipping: [") == [(2, "bad_yaml")]
