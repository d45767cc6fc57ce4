"""Whatever happens to a review, in whatever sequence: who only hears what is announced knows whether it is shown."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from hub.kit import ids
from hub.reviews import lifecycle
from hub.reviews.model import APPROVED, RECEIVED, REMOVED, By, Purchase, Review, Said, State, Text, WrongState
from hub.reviews.quality import Verdict

NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAID: Final = Said(4, Text("Tastes of plums"), "en", "v1", show_name=False, at=NOON)
BORN: Final = Review(
    id=ids.new_id(),
    product_id="P-1",
    profile_id=ids.new_id(),
    source="hub",
    review_id=None,
    said=SAID,
    purchase=Purchase("shop", "A-1", 0),
    state=State.RECEIVED,
    by=By.RULE,
    reason=None,
    score=0,
    faults=(),
    at=NOON,
    changed_at=NOON,
    rev=1,
)
Move = Callable[[Review], Review]


def named(name: str, move: Move) -> tuple[str, Move]:
    return name, move


SAYING: Final = st.sampled_from([State.RECEIVED, State.HELD, State.APPROVED, State.REFUSED]).map(
    lambda state: named(f"said {state}", lambda it: lifecycle.said_anew(it, SAID, Verdict(state, 50), now=NOON))
)
REMOVING: Final = st.sampled_from([By.AUTHOR, By.STAFF, By.SOURCE]).map(
    lambda by: named(f"removed by {by}", lambda it: lifecycle.removed(it, by=by, reason="no", now=NOON))
)
STAFF: Final = st.sampled_from(
    [
        named("approved", lambda it: lifecycle.approved(it, by=By.STAFF, reason=None, now=NOON)),
        named("refused", lambda it: lifecycle.refused(it, by=By.STAFF, reason="no", now=NOON)),
    ]
)


def aside(review: Review) -> Review:
    return lifecycle.set_aside(review, now=NOON) if review.stands else review


def back(review: Review) -> Review:
    return lifecycle.brought_back(review, now=NOON) if review.by is By.MERGE else review


MERGING: Final = st.sampled_from([named("set aside", aside), named("brought back", back)])


@given(st.lists(st.one_of(SAYING, REMOVING, STAFF, MERGING), max_size=30))
def test_what_is_announced_says_whether_it_is_shown_and_who_took_it_away_alone_brings_it_back(
    moves: list[tuple[str, Move]],
) -> None:
    review, shown, refused_by_staff = BORN, False, False
    for name, move in moves:
        try:
            after = move(review)
        except WrongState:
            continue
        if after == review:
            assert not name.startswith("said ") or review.said == SAID
            continue
        told = [it.name for it in lifecycle.told(review, after, came=name.startswith("said "), now=NOON)]
        assert (RECEIVED in told) is name.startswith("said ")
        if APPROVED in told:
            assert not shown
            shown = True
        if REMOVED in told:
            assert shown or review.stands
            shown = False
        assert shown is (after.state is State.APPROVED)
        if name in {"refused", "removed by staff"}:
            refused_by_staff = True
        elif name == "approved":
            refused_by_staff = False
        elif name.startswith("said "):
            assert not (refused_by_staff and after.state is State.APPROVED)
        if review.state is State.REMOVED and review.by is By.AUTHOR:
            assert name.startswith(("said ", "removed "))
        review = replace(after, rev=review.rev + 1)
