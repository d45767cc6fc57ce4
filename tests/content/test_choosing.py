"""Which contents one visitor is shown: by place, time, audience, and what they have seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.content import choosing, language
from hub.content.choosing import Spot, may_see_again
from hub.content.model import Content, Frequency, Seen, What
from hub.messaging.surfaces import Surface
from hub.profiles.model import Profile
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = Profile(UUID(int=1), traits={"country": "DE"})
POPUP = Spot(Surface.POPUP)


def content(name: str = "a", **rest: object) -> Content:
    source = f"{{content: {name}, surface: popup, texts: {{en: {{text: Hi}}}}}}"
    return replace(language.read(source, None), **rest)  # type: ignore[arg-type]  # whatever a test says


def for_germans(name: str = "german") -> Content:
    source = f"{{content: {name}, surface: popup, texts: {{en: {{text: Hi}}}}, audience: 'profile.country = \"DE\"'}}"
    return language.read(source, scope.of(NOTHING_DEFINED))


def names(found: list[Content]) -> list[str]:
    return [it.name for it in found]


def test_the_highest_priority_comes_first_and_of_equals_the_name_decides() -> None:
    listed = [content("c"), content("a"), content("b", priority=90), content("sign", surface=Surface.SIGN)]

    assert names(choosing.chosen(listed, POPUP, None, {}, now=NOW)) == ["b", "a", "c"]


def test_what_is_for_an_audience_is_for_nobody_whom_nobody_knows() -> None:
    listed = [for_germans(), content()]

    def seen_by(visitor: Profile | None) -> list[str]:
        return names(choosing.chosen(listed, POPUP, visitor, {}, now=NOW))

    assert seen_by(ADA) == ["a", "german"]
    assert seen_by(replace(ADA, traits={"country": "AT"})) == ["a"]
    assert seen_by(None) == ["a"]


@pytest.mark.parametrize(
    ("pages", "page", "is_there"),
    [
        ((), None, True),
        ((), "/x", True),
        (("/",), "/", True),
        (("/",), "/coffee", False),
        (("/",), None, False),
        (("/coffee/*",), "/coffee/beans", True),
        (("/coffee/*",), "/coffee", False),
        (("/tea", "/coffee*"), "/coffee", True),
        (("*",), "/anything", True),
        (("*",), None, False),
    ],
)
def test_what_names_pages_is_on_these_and_on_no_other(
    pages: tuple[str, ...], page: str | None, *, is_there: bool
) -> None:
    assert content(pages=pages).is_at(page, None) is is_there


def test_what_names_stores_is_in_these_and_in_no_other() -> None:
    in_one = content(stores=frozenset({"S-1"}))

    assert [in_one.is_at(None, it) for it in ("S-1", "S-2", None)] == [True, False, False]


def test_a_window_holds_its_first_moment_and_not_its_last() -> None:
    windowed = content(since=NOW, before=NOW + DAY)

    moments = (NOW - timedelta(microseconds=1), NOW, NOW + DAY - timedelta(microseconds=1), NOW + DAY)
    assert [windowed.is_in_time(it) for it in moments] == [False, True, True, False]


@pytest.mark.parametrize(
    ("frequency", "seen", "again"),
    [
        (Frequency(), Seen(99, (NOW,)), True),
        (Frequency(most=2), Seen(1, (NOW - DAY,)), True),
        (Frequency(most=2), Seen(2, (NOW - 400 * DAY, NOW - 300 * DAY)), False),
        (Frequency(most=2, per=DAY), Seen(9, (NOW - DAY, NOW - HOUR)), True),
        (Frequency(most=2, per=DAY), Seen(2, (NOW - DAY + HOUR, NOW - HOUR)), False),
        (Frequency(between=DAY), Seen(1, (NOW - DAY,)), True),
        (Frequency(between=DAY), Seen(1, (NOW - DAY + HOUR,)), False),
        (Frequency(until=frozenset({What.CLICKED})), Seen(1, (NOW,), frozenset({What.DISMISSED})), True),
        (Frequency(until=frozenset({What.CLICKED})), Seen(0, (), frozenset({What.CLICKED})), False),
        (Frequency(until=frozenset({What.CLICKED, What.DISMISSED})), Seen(1, (), frozenset({What.DISMISSED})), False),
    ],
)
def test_how_often_one_visitor_sees_it_is_bounded_in_a_time_or_for_ever_and_ended_by_what_they_did(
    frequency: Frequency, seen: Seen, *, again: bool
) -> None:
    assert may_see_again(frequency, seen, now=NOW) is again
