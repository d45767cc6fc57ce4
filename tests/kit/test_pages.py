from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kit.pages import DEFAULT, MOST, BadPage, Page, Place, Span, span

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MILLISECONDS = st.integers(min_value=-(10**12), max_value=10**14)


@given(MILLISECONDS, st.uuids())
def test_a_cursor_names_its_place_exactly(milliseconds: int, id_: UUID) -> None:
    place = Place(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds), id_)

    assert Place.of(place.cursor) == place
    assert len(place.cursor) == 32


@given(st.text() | st.binary().map(lambda it: it.hex()))
def test_whatever_else_comes_as_a_cursor_is_a_place_or_a_bad_page(cursor: str) -> None:
    with suppress(BadPage):
        Place.of(cursor)


@pytest.mark.parametrize("cursor", ["", "x", "ada@example.com", "A" * 31, "A" * 36, "f" + "/" * 31, "ä" * 32])
def test_these_are_no_cursors(cursor: str) -> None:
    with pytest.raises(BadPage) as refused:
        Place.of(cursor)

    assert refused.value.code == "BAD_USER_INPUT"
    assert refused.value.message == "A cursor is taken from an earlier answer, and this one is not."


def test_the_arguments_of_a_connection_become_a_span() -> None:
    cursor = Place(NOON, UUID(int=1)).cursor

    assert span(None, None, None, None) == Span(DEFAULT)
    assert span(MOST, cursor, None, None) == Span(MOST, after=Place(NOON, UUID(int=1)))
    assert span(None, None, 3, cursor) == Span(3, before=Place(NOON, UUID(int=1)), last=True)
    for first, last in ((1, 1), (-1, None), (None, -1), (MOST + 1, None), (None, MOST + 1)):
        with pytest.raises(BadPage):
            span(first, None, last, None)


def test_a_page_is_in_the_order_of_the_list_from_whichever_end_it_was_read() -> None:
    places = [Place(NOON - timedelta(seconds=n), UUID(int=n)) for n in range(3)]
    found = [(place, place.id.int) for place in places]

    forward = Page.cut(Span(2), found)
    backward = Page.cut(Span(2, last=True), found[::-1])

    assert ([row for _, row in forward.rows], forward.has_next, forward.has_previous) == ([0, 1], True, False)
    assert ([row for _, row in backward.rows], backward.has_next, backward.has_previous) == ([1, 2], False, True)
    assert [row for _, row in Page.cut(Span(3), found).each(str).rows] == ["0", "1", "2"]


@given(
    times=st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=3),
    limit=st.integers(1, 4),
    backward=st.booleans(),
)
def test_lists_that_are_merged_page_by_page_give_each_row_once_in_the_order_of_one_list(
    times: list[list[int]], limit: int, *, backward: bool
) -> None:
    ids = iter(range(100))
    lists = [[Place(NOON + timedelta(seconds=at), UUID(int=next(ids) * 7 % 100)) for at in part] for part in times]

    def read(part: list[Place], wanted: Span) -> Page[Place]:
        """Read a page of one list, as a store does."""
        inside = [
            it
            for it in part
            if (wanted.after is None or it < wanted.after) and (wanted.before is None or it > wanted.before)
        ]
        found = sorted(inside, reverse=not wanted.last)[: limit + 1]
        return Page.cut(wanted, [(it, it) for it in found])

    seen: list[Place] = []
    wanted = Span(limit, last=backward)
    while True:
        page = Page.merged(wanted, [read(part, wanted) for part in lists])
        rows = [row for _, row in page.rows]
        seen = rows + seen if backward else seen + rows
        if not (page.has_previous if backward else page.has_next):
            break
        assert len(rows) == limit
        wanted = Span(limit, before=rows[0], last=True) if backward else Span(limit, after=rows[-1])

    assert seen == sorted((it for part in lists for it in part), reverse=True)
