"""STOP, START and HELP in all their wordings, and what is none of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.profiles import keywords
from hub.profiles.keywords import FILLERS, WORDINGS, Keyword, keyword_of

NOISE = st.text(st.sampled_from(".,;:!?-_*#'\"()[]/… 🛑🙏👍🏽❤️‍🔥✋\u200b\u2060\ufeff\t\n"), max_size=5)
STOPS = ["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"]


@st.composite
def dressed(draw: st.DrawFn, wording: str) -> str:
    """A wording in any case, with punctuation, emoji and what nobody sees around and between its letters."""
    letters = [draw(st.sampled_from([it.lower(), it.upper()])) for it in wording]
    return draw(NOISE) + "".join(it + draw(NOISE).strip(" \t\n") for it in letters) + draw(NOISE)


def test_the_wordings_that_the_law_names_are_known() -> None:
    assert {keyword_of(it) for it in STOPS} == {Keyword.STOP}


@pytest.mark.parametrize(("keyword", "wording"), [(it, wording) for it in Keyword for wording in WORDINGS[it]])
def test_every_wording_means_its_keyword(keyword: Keyword, wording: str) -> None:
    assert keyword_of(wording) is keyword
    assert keyword_of(wording.upper()) is keyword
    assert keyword_of(f"Please {wording}!") is keyword


@given(st.data(), st.sampled_from([(it, wording) for it in Keyword for wording in WORDINGS[it]]))
def test_case_punctuation_and_emoji_make_no_difference(data: st.DataObject, told: tuple[Keyword, str]) -> None:
    keyword, wording = told

    assert keyword_of(data.draw(dressed(wording))) is keyword


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        " stop ",
        "Stop.",
        "STOP!!!",
        "stop 🛑",
        "🛑🛑 S T O P 🛑🛑",
        "s.t.o.p",
        "STOOOP",
        "stop stop stop",
        "\uff33\uff34\uff2f\uff30",
        "sto\u0301p",
        "Stop\u200b",
        "please stop",
        "STOP texting me",
        "Please stop sending me these messages!",
        "stop all",
        "STOPALL",
        "Opt-Out",
        "OPT OUT please",
        "optout",
        "unsubscribe me",
        "cancel all",
        "end it",
        "Don't text me",
        "Don\u2019t text me.",
        "Stopp!",
        "Bitte abmelden, danke",
        "KÜNDIGEN",
        "kuendigen",
        "Kündigen",
        "Keine SMS mehr!!",
        "ARRÊT",
    ],
)
def test_what_people_write_for_stop_is_one(text: str) -> None:
    assert keyword_of(text) is Keyword.STOP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "🛑",
        "!!!",
        "Can't stop loving it",
        "cancel my order A-1",
        "When does the sale end?",
        "the end of the queue is at your door",
        "Wo ist das Ende der Schlange?",
        "bus stop",
        "nonstop",
        "stopwatch",
        "please",
        "thank you",
        "yes",
        "YES",
        "ja",
        "no",
        "COFFEE PLS",
        "started",
        "I need help with my order",
        "information",
        "stop" * 50,
    ],
)
def test_what_means_something_else_is_none(text: str) -> None:
    assert keyword_of(text) is None


@given(st.text(max_size=2000))
def test_any_text_is_read_and_what_is_read_is_in_one_form(text: str) -> None:
    keyword_of(text)
    form = keywords.normalised(text)

    assert keywords.normalised(form) == form
    assert form == " ".join(form.split())


@given(st.lists(st.sampled_from(sorted(FILLERS)), max_size=8))
def test_fillers_alone_mean_nothing(words: list[str]) -> None:
    assert keyword_of(" ".join(words)) is None


def test_no_wording_means_two_things() -> None:
    assert len(keywords._KNOWN) == len({keywords._squeezed(keywords.normalised(it).split()) for it in everything()})
    for keyword, wordings in WORDINGS.items():
        assert {keyword_of(it) for it in wordings} == {keyword}


def everything() -> list[str]:
    return [wording for wordings in WORDINGS.values() for wording in wordings]
