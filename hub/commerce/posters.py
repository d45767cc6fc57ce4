"""Posters: what hangs in a store or stands in an advertisement, with a code to scan and maybe a word to text.

A poster says what its code is for, of which program, and where it hangs, so that whoever joins by it brings store and
campaign along. It can be switched off, and may have an end.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.commerce import checks
from hub.commerce.checks import BadCommerce
from hub.kit.errors import HubError
from hub.profiles import keywords
from hub.profiles.consent import DEFAULT_BRAND, is_name

LONGEST_WORD: Final = 32
MOST_WORDS: Final = 3


class Purpose(StrEnum):
    """What the code of a poster is for."""

    JOIN = "join"
    REDEEM = "redeem"


class PosterRefused(HubError):
    """A code leads nowhere."""


class NoSuchPoster(PosterRefused):
    """No poster has this code."""

    code = "NO_SUCH_POSTER"

    def __init__(self) -> None:
        super().__init__("This code is not one of ours.")


class PosterDisabled(PosterRefused):
    """It was switched off."""

    code = "DISABLED"

    def __init__(self) -> None:
        super().__init__("This code is not in use any more.")


class PosterExpired(PosterRefused):
    """Its time is over."""

    code = "EXPIRED"

    def __init__(self, at: datetime) -> None:
        super().__init__(f"This code was valid until {at:%Y-%m-%d %H:%M} UTC.")
        self.at = at


class OtherPurpose(PosterRefused):
    """It is for something else, or of another program."""

    code = "OTHER_PURPOSE"

    def __init__(self) -> None:
        super().__init__("This code is for something else.")


class WordTaken(PosterRefused):
    """Another poster in use has this word."""

    code = "WORD_TAKEN"

    def __init__(self) -> None:
        super().__init__("Another poster that is in use has this word.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a poster is to be.

    Attributes:
        purpose: what its code is for.
        program: of which program.
        brand: in whose name it is.
        store_id: in which store it hangs, if in one.
        campaign: what it belongs to.
        word: what one may text instead of scanning, as people write it.
        consent_version: the text of the terms that it shows.
        expires_at: when its time is over; None for one without an end.
    """

    purpose: Purpose
    program: str
    brand: str = DEFAULT_BRAND
    store_id: str | None = None
    campaign: str | None = None
    word: str | None = None
    consent_version: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Poster:
    """A poster with its code. `about.word` is in the form in which words are compared."""

    code: str
    about: Wanted
    enabled: bool
    made_at: datetime

    def check(self, purpose: Purpose, *, now: datetime) -> "Poster":
        """Let it pass where it is in use for this.

        Raises:
            PosterRefused: see its leaves.
        """
        if self.about.purpose is not purpose:
            raise OtherPurpose
        if not self.enabled:
            raise PosterDisabled
        if self.about.expires_at is not None and now >= self.about.expires_at:
            raise PosterExpired(self.about.expires_at)
        return self


def checked(wanted: Wanted) -> Wanted:
    """Give a wish whose word is in the form in which words are compared.

    Raises:
        BadCommerce: it cannot be.
    """
    for name, value in (
        ("campaign", wanted.campaign),
        ("storeId", wanted.store_id),
        ("consentVersion", wanted.consent_version),
    ):
        checks.check_id(name, value)
    if not is_name(wanted.brand):
        raise BadCommerce("brand", "A brand is a name of a-z, 0-9, - and _.")
    expires_at = checks.stamped(wanted.expires_at) if wanted.expires_at else None
    return replace(wanted, word=_checked_word(wanted), expires_at=expires_at)


def _checked_word(wanted: Wanted) -> str | None:
    if wanted.word is None:
        return None
    word = keywords.normalised(wanted.word)
    if not 1 <= len(word) <= LONGEST_WORD or len(word.split()) > MOST_WORDS:
        raise BadCommerce("word", f"It has 1 to {MOST_WORDS} words and at most {LONGEST_WORD} letters.")
    if keywords.keyword_of(word) is not None:
        raise BadCommerce("word", "This word stops or starts messages, or asks for help.")
    if wanted.purpose is not Purpose.JOIN:
        raise BadCommerce("word", "Only to join one may text.")
    return word
