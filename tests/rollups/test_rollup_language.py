"""Definitions are documents: every problem is named with its place."""

import pytest

from hub.conditions import parser
from hub.conditions.model import Units
from hub.kit.problems import InvalidDefinition
from hub.rollups import language, service
from hub.rollups.model import Aspect, Engagement, Preference, Rollup, Sign, Stages
from tests.rollups.stage import SPEND, VISITS


def problems_of(source: str) -> list[str]:
    with pytest.raises(InvalidDefinition) as refused:
        language.read(source, rollups=("purchases", "spend"))
    return [f"{it.line}:{it.column} {it.code}" for it in refused.value.problems]


def test_a_rollup_is_read() -> None:
    where = parser.parse('properties.currency = "EUR"')

    assert language.read(SPEND, rollups=()) == Rollup(
        "spend", frozenset({"Order Completed"}), where, ("properties", "total"), (7, 30)
    )
    assert language.read(VISITS, rollups=()) == Rollup("visits", frozenset({"Page Viewed", "Screen Viewed"}))


def test_units_of_some_products_can_be_added_up() -> None:
    read = language.read("rollup: a\nevent: X\nvalue: units(product.category = 'coffee')", rollups=())
    every = language.read("rollup: a\nevent: X\nvalue: units", rollups=())

    assert isinstance(read, Rollup)
    assert isinstance(every, Rollup)
    assert (read.value, every.value) == (Units(parser.parse("product.category = 'coffee'")), Units())


def test_what_comes_with_the_hub_can_be_published() -> None:
    read = [language.read(source, rollups=("purchases",)) for source in service.shipped()]

    assert [it.name for it in read] == ["purchases", "preferred-channel", "preferred-store", "engagement", "stages"]
    store = read[2]
    assert isinstance(store, Preference)
    assert store.aspect is Aspect.STORE
    assert store.signs[1] == Sign("Store Visited", 1, ("properties", "store_id"))
    assert isinstance(read[0], Rollup)
    assert (read[0].value, read[0].currency) == (("properties", "total"), ("properties", "currency"))
    assert read[3] == Engagement((Sign("Message Clicked", 3), Sign("Message Opened", 1)), 50)
    assert isinstance(read[4], Stages)
    assert read[4].reads == {"purchases"}


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("[]", ["1:1 missing_key"]),
        ("rollp: a", ["1:1 missing_key"]),
        ("rollup: a", ["1:1 missing_key"]),
        ("engagement: [{event: X, weight: 1}]", ["1:1 missing_key"]),
        ("{engagement: [{event: X, weight: 1}], last: 201}", ["1:45 wrong_type"]),
        ("{engagement: [{event: X}], last: true}", ["1:15 missing_key", "1:34 wrong_type"]),
        ("rollup: engagement\nevent: X", ["1:9 bad_name"]),
        ("rollup: Big Spend\nevent: X", ["1:9 bad_name"]),
        ("rollup: orders\nevent: X", ["1:9 bad_name"]),
        ("rollup: preferred-store\nevent: X", ["1:9 bad_name"]),
        ("rollup: consent\nevent: X", ["1:9 bad_name"]),
        ("rollup: a\nevent: []", ["2:8 empty_list"]),
        ("rollup: a\nevent: [7]", ["2:9 wrong_type"]),
        ("rollup: a\nevnt: X\nevent: X", ["2:1 unknown_key"]),
        ("rollup: a\nevent: Order Completed\nwhere: properties.total > 'x'", ["3:27 wrong_type"]),
        ("rollup: a\nevent: X\nwhere: profile.country = 'DE'", ["3:8 unknown_name"]),
        ("rollup: a\nevent: Order Completed\nvalue: properties.products", ["3:8 wrong_type"]),
        ("rollup: a\nevent: X\nvalue: total", ["3:8 unknown_name"]),
        ("rollup: a\nevent: X\nvalue: properties.a\ncurrency: EUR", ["4:11 unknown_name"]),
        ("rollup: a\nevent: X\ncurrency: properties.currency", ["3:11 missing_key"]),
        ("rollup: a\nevent: X\nvalue: 7 + 7", ["3:10 bad_condition"]),
        ("rollup: a\nevent: X\nvalue: units of all", ["3:14 bad_condition"]),
        ("rollup: a\nevent: Order Completed\nvalue: units(product.price = 'x')", ["3:30 wrong_type"]),
        ("rollup: a\nevent: X\nvalue: units(properties.total = 1)", ["3:14 unknown_name"]),
        (
            "rollup: a\nevent: X\nwindows: [12h, 731d, 7, soon]",
            ["3:11 bad_duration", "3:16 bad_duration", "3:22 wrong_type", "3:25 bad_duration"],
        ),
        ("preference: colour\nwithin: 1d\nof: [{event: X, is: a, weight: 1}]", ["1:13 bad_name"]),
        ("preference: store\nwithin: 1d\nof: [{event: X, weight: 1}]", ["3:6 missing_key"]),
        ("preference: store\nwithin: 1d\nof: [{event: X, is: a, weight: 0}]", ["3:32 bad_weight"]),
        ("preference: store\nwithin: 1d\nof: [{event: X, is: a, weight: 1.5}]", ["3:32 wrong_type"]),
        ("stages: [{stage: At Risk, when: spend.count = 1}]", ["1:18 bad_name"]),
        ("stages: [{stage: a, when: spent.count = 1}]", ["1:27 unknown_name"]),
        ("stages: [{stage: a, when: spend.days_since = 1}]", ["1:27 unknown_name"]),
        ("stages: [{stage: a, when: spend.count.x = 1}]", ["1:27 wrong_type"]),
        ("stages: [{stage: a, when: spend.count = 'many'}]", ["1:41 wrong_type"]),
        ("stages: [{stage: a}]", ["1:10 missing_key"]),
    ],
)
def test_every_problem_has_its_place_and_code(source: str, problems: list[str]) -> None:
    assert problems_of(source) == problems
