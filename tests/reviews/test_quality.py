"""Quality: what the rules find in a text, how much it says, and what becomes of it by that."""

import pytest

from hub.kit.problems import InvalidDefinition
from hub.reviews import language, quality
from hub.reviews.model import Fault, State, Text
from hub.reviews.quality import Criteria, Rules

RULES = """\
reviews: rules
refuse: {shorter_than: 10, links: true}
hold: {score_below: 30, fewer_words_than: 4, words: [Scam, "money back"]}
approve: {score_from: 40}
"""
LONG = Text(" ".join(f"word{number}" for number in range(40)))


@pytest.mark.parametrize(
    ("text", "title", "photos", "score"),
    [
        ("", None, 0, 0),
        ("Good", None, 0, 3),  # 4 of 160 characters, 1 of 20 words
        ("Good good GOOD good", None, 0, 6),  # one word, however often
        (LONG.text, None, 0, 80),
        (LONG.text, "So it is", 1, 100),
        (LONG.text, None, 20, 90),
    ],
)
def test_a_text_is_worth_what_it_says_by_its_length_words_title_and_photos(
    text: str, title: str | None, photos: int, score: int
) -> None:
    assert quality.score_of(Text(text, title, photos)) == score


@pytest.mark.parametrize(
    ("text", "state", "faults"),
    [
        ("Too bad", State.REFUSED, (Fault.TOO_SHORT,)),
        ("See www.elsewhere.example for the same at half the price", State.REFUSED, (Fault.LINK,)),
        ("Write to me: ada@example.com, I have more of them", State.REFUSED, (Fault.LINK,)),
        ("Nice nice nice nice", State.HELD, (Fault.TOO_FEW_WORDS, Fault.LOW_SCORE)),
        (f"This is a SCAM, I tell you. {LONG.text}", State.HELD, (Fault.BANNED_WORD,)),
        (f"I want my money   back! {LONG.text}", State.HELD, (Fault.BANNED_WORD,)),
        (f"The money is back, and scampi too. {LONG.text}", State.APPROVED, ()),
        ("Tastes of plums and keeps its crema for a while", State.RECEIVED, ()),
        (LONG.text, State.APPROVED, ()),
    ],
)
def test_a_text_is_refused_held_approved_or_waits_by_the_rules(
    text: str, state: State, faults: tuple[Fault, ...]
) -> None:
    verdict = quality.judged(Text(text), language.read(RULES))

    assert (verdict.state, verdict.faults) == (state, faults)


def test_a_banned_phrase_is_not_made_of_the_end_of_the_title_and_the_beginning_of_the_text() -> None:
    rules = Rules(hold=Criteria(words=frozenset({"money back"})))

    assert quality.judged(Text("back home it tasted well", title="Much money"), rules).faults == ()
    assert quality.judged(Text("It tasted well", title="Money back!"), rules).faults == (Fault.BANNED_WORD,)


def test_without_rules_each_review_waits_for_the_staff() -> None:
    assert quality.judged(LONG, Rules()).state is State.RECEIVED
    assert language.read("reviews: rules") == Rules()


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("reviews: others", [(1, 10, "unknown_value")]),
        ("hold: {links: true}", [(1, 1, "missing_key")]),
        ("{reviews: rules, hold: {stars_below: 3}}", [(1, 25, "unknown_key")]),
        ("{reviews: rules, approve: {stars: 5}}", [(1, 27, "missing_key"), (1, 28, "unknown_key")]),
        ("{reviews: rules, hold: {score_below: 101}}", [(1, 38, "wrong_type")]),
        ("{reviews: rules, hold: {links: perhaps}}", [(1, 32, "wrong_type")]),
        ("{reviews: rules, refuse: {words: []}}", [(1, 34, "empty_list")]),
        ("{reviews: rules, refuse: {words: ['?!']}}", [(1, 35, "no_word")]),
        ("{reviews: rules, refuse: {words: [%s]}}" % ("a, " * 1001), [(1, 34, "bad_length")]),
    ],
)
def test_rules_with_problems_are_refused_with_their_places_and_none_can_ask_for_stars(
    source: str, problems: list[tuple[int, int, str]]
) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        language.read(source)

    assert [(it.line, it.column, it.code) for it in refused.value.problems] == problems
