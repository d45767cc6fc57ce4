"""Quality: what the published rules find in a text, and what becomes of it by that.

They see the text and never the stars: whether a review is shown, and earns points, does not depend on what it praises.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from hub.reviews.model import Fault, State, Text

LONG: Final = 160
"""Characters from which on a text is long enough for its whole share of the score."""
RICH: Final = 20
"""Distinct words from which on it is rich enough."""
HIGHEST_SCORE: Final = 100

_SHARE: Final = 40
_EXTRA: Final = 10
_WORD: Final = re.compile(r"\w+")
_LINK: Final = re.compile(
    r"https?:|www\.|\S@\S+\.\S|\b[\w-]+\.(?:com|net|org|info|shop|io|ru|de|at|ch|uk)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a text must not be. What is 0, empty or False asks nothing.

    Attributes:
        shorter_than: characters.
        fewer_words_than: distinct words.
        score_below: 1 to 100.
        words: banned words, each a word or several, as `words_of` gives them.
        links: whether addresses of pages or mailboxes are found.
    """

    shorter_than: int = 0
    fewer_words_than: int = 0
    score_below: int = 0
    words: frozenset[str] = frozenset()
    links: bool = False

    def faults_of(self, written: Text) -> tuple[Fault, ...]:
        """Name what is found in a text."""
        # A sign between them, so that no banned phrase is made of the end of the one and the begin of the other.
        said = f" {words_of(written.title or '')} | {words_of(written.text)} "
        found = {
            Fault.TOO_SHORT: len(written.text) < self.shorter_than,
            Fault.TOO_FEW_WORDS: _distinct(written) < self.fewer_words_than,
            Fault.LOW_SCORE: score_of(written) < self.score_below,
            Fault.BANNED_WORD: any(f" {it} " in said for it in self.words),
            Fault.LINK: self.links and _LINK.search(f"{written.title or ''} {written.text}") is not None,
        }
        return tuple(fault for fault, is_there in found.items() if is_there)


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of a text: refused, held for the staff, approved by itself; all the rest waits for the staff.

    `approve_from` is the score from which on a text approves itself; None: none does. `requests` says whether the hub
    announces what customers could review.
    """

    refuse: Criteria = Criteria()
    hold: Criteria = Criteria()
    approve_from: int | None = None
    requests: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a text, how much it says, and what was found in it."""

    state: State
    score: int
    faults: tuple[Fault, ...] = ()


def judged(written: Text, rules: Rules) -> Verdict:
    """Judge a text by the rules."""
    score = score_of(written)
    if faults := rules.refuse.faults_of(written):
        return Verdict(State.REFUSED, score, faults)
    if faults := rules.hold.faults_of(written):
        return Verdict(State.HELD, score, faults)
    if rules.approve_from is not None and score >= rules.approve_from:
        return Verdict(State.APPROVED, score)
    return Verdict(State.RECEIVED, score)


def score_of(written: Text) -> int:
    """Say how much a text says, 0 to 100: 40 for its length, 40 for its words, 10 each for a title and a photo."""
    length = _SHARE * min(len(written.text), LONG) // LONG
    words = _SHARE * min(_distinct(written), RICH) // RICH
    return length + words + _EXTRA * bool(written.title) + _EXTRA * (written.photos > 0)


def words_of(text: str) -> str:
    """Give the words of a text, without case and signs, a blank between them."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _distinct(written: Text) -> int:
    return len(set(words_of(written.text).split()))
