"""What may come in: checks that products, stores and stock share. A refusal names the place and never the value."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from hub.access.model import Caller
from hub.kit.errors import HubError

LONGEST_ID: Final = 255
LONGEST_NAME: Final = 500
LONGEST_URL: Final = 2_000
MOST_NAMES: Final = 50
MOST_AT_ONCE: Final = 500
"""How many products, stores or levels one call brings."""

CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the clock of a sender may be ahead. A version from next year would keep out every one until then."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


class BadCommerce(HubError):
    """A product, store or level that cannot be."""

    code = "BAD_USER_INPUT"

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place


class OutOfReach(HubError):
    """The caller has the scope, and is limited to other brands or stores."""

    code = "FORBIDDEN"


def check_count(place: str, things: Collection[object]) -> None:
    """Let 1 to 500 things pass."""
    if not 1 <= len(things) <= MOST_AT_ONCE:
        raise BadCommerce(place, f"One call brings 1 to {MOST_AT_ONCE}.")


def check_id(place: str, value: str | None) -> None:
    """Let a name of the outside pass that has 1 to 255 characters; None is nothing to check."""
    if value is not None and not 1 <= len(value) <= LONGEST_ID:
        raise BadCommerce(place, f"It has 1 to {LONGEST_ID} characters.")


def check_unique(place: str, names: Iterable[object]) -> None:
    """Let a list pass in which everything stands once."""
    listed = list(names)
    if len(set(listed)) < len(listed):
        raise BadCommerce(place, "The same one stands here twice.")


def check_names(place: str, names: Mapping[str, str]) -> None:
    """Let names by language pass: `de` or `de-AT`, and 1 to 500 characters each."""
    if len(names) > MOST_NAMES or not all(_LANGUAGE.fullmatch(it) for it in names):
        raise BadCommerce(place, f"There are at most {MOST_NAMES} languages, written like `de` or `de-AT`.")
    if not all(1 <= len(it) <= LONGEST_NAME for it in names.values()):
        raise BadCommerce(place, f"A name has 1 to {LONGEST_NAME} characters.")


def check_url(place: str, url: str | None) -> None:
    """Let an address pass that a message or page may load a picture from."""
    if url is None:
        return
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        usable = False
    if not usable or len(url) > LONGEST_URL or not url.isascii() or any(it.isspace() or it in "\"<>'" for it in url):
        raise BadCommerce(place, f"An address begins with https:// and has at most {LONGEST_URL} plain characters.")


def check_times(place: str, times: Iterable[datetime], *, now: datetime) -> None:
    """Let versions pass that are of now or before. Times are aware."""
    if not all(_EPOCH <= it <= now + CLOCKS_APART for it in times):
        raise BadCommerce(place, "`updatedAt` lies in the future, or before 1970.")


def stamped(moment: datetime) -> datetime:
    """Give a time as MongoDB keeps it, in UTC and whole milliseconds, so that what was read equals what was written.

    One without a zone is UTC.

    Raises:
        BadCommerce: it lies beyond the years 1 to 9999.
    """
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise BadCommerce("updatedAt", "A time lies within the years 1 to 9999.") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def check_reach(caller: Caller, *, brands: Collection[str], stores: Collection[str]) -> None:
    """Let a caller pass within whose brands and stores all of this lies; naming none means all there are.

    Raises:
        OutOfReach: some of it belongs to others.
    """
    if not caller.reaches(brands, stores):
        raise OutOfReach("You are limited to brands or stores, and this belongs to others too.")
