from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.profiles import consent
from hub.profiles.consent import (
    ALL,
    EVERYTHING,
    STRICTNESS,
    BadConsent,
    Consent,
    ConsentState,
    How,
    Standing,
    Subject,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEWS_BY_EMAIL = Subject("default", "news", "email")
GRANTED, PENDING, WITHDRAWN = ConsentState


def said(subject: Subject, state: ConsentState, minute: int) -> Consent:
    standing = Standing(state, NOON + timedelta(minutes=minute), "shop", How.SERVER)
    return Consent(UUID(int=0), UUID(int=0), subject, standing)


def state_of(consents: consent.Consents, subject: Subject) -> ConsentState | None:
    standing = consent.standing_of(consents, subject)
    return standing.state if standing else None


SUBJECTS = [Subject(*names) for names in product(("default", "north"), ("news", "offers"), ("email", "sms"))]
WIDE = [it for it in (Subject(*n) for n in product(("default", ALL), ("news", ALL), ("email", ALL))) if not it.is_one]
WORDS = st.lists(
    st.one_of(
        st.builds(said, st.sampled_from(SUBJECTS), st.sampled_from(ConsentState), st.integers(0, 5)),
        st.builds(said, st.sampled_from(WIDE), st.just(WITHDRAWN), st.integers(0, 5)),
    ),
    max_size=8,
)


@given(WORDS, st.randoms(use_true_random=False))
def test_in_which_order_and_how_often_words_come_makes_no_difference(words: list[Consent], chance: object) -> None:
    shuffled = [*words, *words[:3]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis names the type of its randomness nowhere public

    assert consent.folded(consent.folded({}, shuffled), words) == consent.folded({}, words)


@given(WORDS)
def test_the_last_word_that_covers_a_subject_counts_and_of_two_at_once_the_stricter(words: list[Consent]) -> None:
    consents = consent.folded({}, words)
    for subject in SUBJECTS:
        heard = [it for it in words if it.subject.covers(subject)]
        last = max(((it.standing.at, STRICTNESS[it.standing.state]) for it in heard), default=None)
        expected = None if last is None else list(ConsentState)[last[1]]
        assert state_of(consents, subject) == expected


@given(WORDS, WORDS)
def test_of_two_people_that_are_merged_the_stricter_word_holds(ours: list[Consent], theirs: list[Consent]) -> None:
    one, other = consent.folded({}, ours), consent.folded({}, theirs)
    merged = consent.merged(one, other)

    for subject in SUBJECTS:
        both = [it for it in (state_of(one, subject), state_of(other, subject)) if it is not None]
        assert state_of(merged, subject) == max(both, key=lambda it: STRICTNESS[it], default=None)


@given(WORDS, WORDS)
def test_a_merge_stays_as_it_is_when_the_log_of_both_is_read_again(ours: list[Consent], theirs: list[Consent]) -> None:
    merged = consent.merged(consent.folded({}, ours), consent.folded({}, theirs))

    again = consent.folded(merged, [*ours, *theirs])

    assert [state_of(again, it) for it in SUBJECTS] == [state_of(merged, it) for it in SUBJECTS]


def test_a_word_said_after_a_merge_counts_more_than_either() -> None:
    merged = consent.merged(
        consent.folded({}, [said(NEWS_BY_EMAIL, GRANTED, 1)]), consent.folded({}, [said(EVERYTHING, WITHDRAWN, 3)])
    )

    assert state_of(merged, NEWS_BY_EMAIL) is WITHDRAWN
    assert state_of(consent.folded(merged, [said(NEWS_BY_EMAIL, GRANTED, 4)]), NEWS_BY_EMAIL) is GRANTED


def test_who_stops_everything_also_stops_what_comes_later() -> None:
    consents = consent.folded({}, [said(NEWS_BY_EMAIL, GRANTED, 1), said(EVERYTHING, WITHDRAWN, 2)])

    assert state_of(consents, NEWS_BY_EMAIL) is WITHDRAWN
    assert state_of(consents, Subject("north", "made-next-year", "sms")) is WITHDRAWN


@pytest.mark.parametrize("state", [GRANTED, PENDING])
@pytest.mark.parametrize("wide", WIDE, ids=lambda it: it.key)
def test_nothing_is_allowed_without_naming_it(wide: Subject, state: ConsentState) -> None:
    with pytest.raises(BadConsent, match="only a withdrawal may be of everything"):
        consent.checked(wide, state)
    assert consent.checked(wide, WITHDRAWN) == wide


@pytest.mark.parametrize(
    "subject",
    [
        Subject("default", "news", "fax"),
        Subject("default", "a.b", "email"),
        Subject("Default", "news", "email"),
        Subject("default", "", "email"),
        Subject("default", "n" * 65, "email"),
        Subject("a/b", "news", "email"),
    ],
    ids=lambda it: it.key[:20],
)
def test_a_consent_names_what_can_be_named(subject: Subject) -> None:
    with pytest.raises(BadConsent):
        consent.checked(subject, WITHDRAWN)


def test_what_holds_already_need_not_be_said_again() -> None:
    consents = consent.folded({}, [said(NEWS_BY_EMAIL, GRANTED, 1), said(Subject(ALL, ALL, "sms"), WITHDRAWN, 1)])
    wishes = [
        (NEWS_BY_EMAIL, GRANTED),
        (Subject("default", "news", "sms"), WITHDRAWN),
        (Subject("default", "offers", "email"), WITHDRAWN),
        (EVERYTHING, WITHDRAWN),
    ]

    assert list(consent.differing(consents, wishes)) == wishes[2:]
