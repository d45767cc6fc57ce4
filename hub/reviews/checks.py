"""Checks: what a review may consist of, whoever brings it."""

import re
from typing import Final

from hub.reviews.model import (
    FEWEST_STARS,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_PHOTOS,
    MOST_STARS,
    BadReview,
)

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def stars(part: str, value: object) -> int:
    """Let a number of stars pass.

    Raises:
        BadReview: it is none.
    """
    number = _whole(value)
    if number is not None and FEWEST_STARS <= number <= MOST_STARS:
        return number
    raise BadReview(part, f"`{part}` is a whole number from {FEWEST_STARS} to {MOST_STARS}.")


def photos(part: str, value: object) -> int:
    """Let the number of photos pass: none, if it is not said.

    Raises:
        BadReview: it is none.
    """
    if value is None:
        return 0
    number = _whole(value)
    if number is not None and 0 <= number <= MOST_PHOTOS:
        return number
    raise BadReview(part, f"`{part}` is a whole number from 0 to {MOST_PHOTOS}.")


def text(part: str, value: object) -> str:
    """Let the text of a review pass, without signs that nobody sees.

    Raises:
        BadReview: it is none, or too long.
    """
    written = plain(part, value, longest=LONGEST_TEXT)
    if written is None:
        raise BadReview(part, f"`{part}` is text of 1 to {LONGEST_TEXT} characters.")
    return written


def title(part: str, value: object) -> str | None:
    """Let a title pass; None where there is none.

    Raises:
        BadReview: it is no text, or too long.
    """
    return plain(part, value, longest=LONGEST_TITLE)


def reason(part: str, value: object) -> str | None:
    """Let a reason pass; None where there is none.

    Raises:
        BadReview: it is no text, or too long.
    """
    return plain(part, value, longest=LONGEST_REASON)


def language(part: str, value: object) -> str | None:
    """Let a language pass; None where none is said.

    Raises:
        BadReview: it is none.
    """
    if value is None:
        return None
    if isinstance(value, str) and _LANGUAGE.fullmatch(value):
        return value
    raise BadReview(part, f"`{part}` is a language, written as `de` or `de-AT`.")


def name(part: str, value: object) -> str | None:
    """Let an id or the name of a version pass; None where there is none. Numbers pass as well: many shops have them.

    Raises:
        BadReview: it is none.
    """
    written = str(value) if type(value) is int else value
    if written is None or written == "":
        return None
    if isinstance(written, str) and len(written) <= LONGEST_NAME:
        return written
    raise BadReview(part, f"`{part}` is text of at most {LONGEST_NAME} characters.")


def needed(part: str, value: object) -> str:
    """Let an id or the name of a version pass that has to be there.

    Raises:
        BadReview: it is not, or is none.
    """
    written = name(part, value)
    if written is None:
        raise BadReview(part, f"`{part}` is missing.")
    return written


def plain(part: str, value: object, *, longest: int) -> str | None:
    """Let a text pass, without signs that nobody sees; None where it is empty.

    Raises:
        BadReview: it is no text, or too long.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadReview(part, f"`{part}` is text.")
    written = _CONTROLS.sub("", value.replace("\r\n", "\n")).strip()
    if len(written) > longest:
        raise BadReview(part, f"`{part}` has at most {longest} characters, here are {len(written)}.")
    return written or None


def _whole(value: object) -> int | None:
    """Read a whole number, also where JSON or a file of numbers writes it as 4.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None
