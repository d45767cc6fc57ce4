"""Contents as they are written: read, or refused with every problem and its place."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.content import language
from hub.content.model import Frequency, What
from hub.kit.problems import InvalidDefinition
from hub.messaging.surfaces import Surface
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope

SCOPE = scope.of(NOTHING_DEFINED, ["germans"])
SALE = """\
content: sale
surface: popup
texts:
  en: {title: Sale, text: "Hello {{ profile.firstName }}", button: Look, link: https://shop.example/sale}
audience: segment("germans") and profile.vip = true
pages: [/, /coffee/*]
stores: [S-1]
window: {from: 2026-03-01T00:00:00+01:00, until: 2026-04-01T00:00:00+02:00}
frequency: {most: 2, per: 1d, between: 3h, until: [clicked, dismissed]}
priority: 60
"""


def test_a_content_is_read_with_all_that_it_says() -> None:
    content = language.read(SALE, SCOPE)

    assert (content.name, content.surface, content.priority) == ("sale", Surface.POPUP, 60)
    assert content.texts["en"].link == "https://shop.example/sale"
    assert content.audience
    assert content.audience.written == 'segment("germans") and profile.vip = true'
    assert (content.pages, content.stores) == (("/", "/coffee/*"), {"S-1"})
    assert (content.since, content.before) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    )
    both = frozenset({What.CLICKED, What.DISMISSED})
    assert content.frequency == Frequency(2, timedelta(days=1), timedelta(hours=3), both)


def test_a_content_needs_a_name_a_surface_and_a_text_and_nothing_else() -> None:
    content = language.read("{content: a, surface: sign, texts: {en: {text: Hi}}}", SCOPE)

    assert (content.audience, content.pages, content.frequency, content.priority) == (None, (), Frequency(), 50)


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("surface: email", "unknown_value"),
        ("content: A Sale", "bad_name"),
        ("texts: {}", "missing_key"),
        ("texts: {english: {text: Hi}}", "bad_language"),
        ("texts: {en: Hi}", "wrong_type"),
        ("texts: {en: {title: Hi}}", "missing_key"),
        ('texts: {en: {text: "{{ a"}}', "bad_liquid"),
        ('texts: {en: {text: "{{ a | shout }}"}}', "unknown_filter"),
        ('texts: {en: {text: Hi, link: "javascript:alert(1)"}}', "bad_link"),
        ('texts: {en: {text: Hi, link: "//evil.example"}}', "bad_link"),
        ('texts: {en: {text: Hi, link: "/\\\\evil.example"}}', "bad_link"),
        ('texts: {en: {text: Hi, link: "http://shop.example"}}', "bad_link"),
        ('texts: {en: {text: Hi, link: "https://a@evil.example"}}', "bad_link"),
        ('audience: segment("german")', "unknown_name"),
        ("audience: profile.vip ==", "bad_condition"),
        ('audience: "top(purchases.sum, 10%)"', "unknown_name"),
        ('audience: "rfm.monetary = 5"', "unknown_name"),
        ("window: {from: 2026-03-01T00:00:00}", "bad_time"),
        ("window: {from: tomorrow}", "bad_time"),
        ('window: {from: "2026-03-02T00:00:00Z", until: "2026-03-01T00:00:00Z"}', "bad_window"),
        ("frequency: {per: 1d}", "missing_key"),
        ("frequency: {most: 0}", "wrong_type"),
        ("frequency: {most: 101}", "wrong_type"),
        ("frequency: {most: true}", "wrong_type"),
        ("frequency: {between: soon}", "bad_duration"),
        ("frequency: {between: 367d}", "bad_duration"),
        ("frequency: {until: [shown]}", "unknown_value"),
        ("pages: []", "empty_list"),
        (f"stores: [{', '.join(['S'] * 201)}]", "bad_length"),
        ("priority: 101", "wrong_type"),
        ("prio: 1", "unknown_key"),
    ],
)
def test_what_is_wrong_with_a_content_is_told_by_its_code(rest: str, code: str) -> None:
    key = rest.partition(":")[0]
    kept = {"content": "a", "surface": "sign", "texts": "{en: {text: Hi}}"}
    source = ", ".join([*(f"{name}: {value}" for name, value in kept.items() if name != key), rest])

    with pytest.raises(InvalidDefinition) as refused:
        language.read(f"{{{source}}}", SCOPE)

    assert {it.code for it in refused.value.problems} == {code}


def test_all_problems_are_told_at_once_with_their_places() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        language.read("content: Sale\nsurface: pop\ntexts: {en: {text: 7}}\npriority: high\n", SCOPE)

    assert [(it.line, it.column, it.code) for it in refused.value.problems] == [
        (1, 10, "bad_name"),
        (2, 10, "unknown_value"),
        (3, 20, "wrong_type"),
        (4, 11, "wrong_type"),
    ]
