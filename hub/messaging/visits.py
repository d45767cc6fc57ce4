"""Visits: who has fetched a link or the picture of a message, a person or a machine, and what is made of that.

Machines fetch links too: mail gateways that look for malware follow every link before the mail is delivered, mailboxes
load pictures ahead, and Apple's loads them whether or not anybody looks. What is decided here is a best guess, by these
rules, which `docs/links.md` explains.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Final

OPENING: Final = 0
"""Stands in place of a link's number for the picture."""
WINDOW: Final = timedelta(seconds=10)
"""Visits that are so close to each other are looked at together: a message is judged when they are over."""
TOO_QUICK: Final = timedelta(seconds=2)
"""Nobody has a mail and reads it so soon after it was handed to the provider."""
TOO_MANY: Final = 3
"""So many different links within the window are followed by a machine."""

_PREFETCHING: Final = ("purpose", "x-purpose", "sec-purpose", "x-moz")
_AHEAD: Final = ("prefetch", "preview", "prerender")
_APPLE: Final = "mozilla/5.0"
_MACHINES: Final = (
    "bot",
    "crawl",
    "spider",
    "scan",
    "preview",
    "headless",
    "curl/",
    "wget/",
    "python",
    "okhttp",
    "go-http-client",
    "java/",
    "barracuda",
    "mimecast",
    "proofpoint",
    "safelinks",
    "trendmicro",
    "virustotal",
)


class Sign(StrEnum):
    """What a request says of who sends it."""

    PERSON = "person"
    """Nothing speaks against a person."""
    AHEAD = "ahead"
    """It says that it fetches ahead of anybody."""
    PROXY = "proxy"
    """A mailbox fetches pictures whether or not anybody looks."""
    MACHINE = "machine"
    """Its program is none that a person reads mail with."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One fetch of a link, or of the picture."""

    link: int
    at: datetime
    sign: Sign
    target: str | None = None


def sign_of(headers: Mapping[str, str]) -> Sign:
    """Tell what the headers of a request say, by their names in lower case."""
    if any(word in headers.get(name, "").lower() for name in _PREFETCHING for word in _AHEAD):
        return Sign.AHEAD
    program = headers.get("user-agent", "").strip().lower()
    if not program or any(word in program for word in _MACHINES):
        return Sign.MACHINE
    # Apple's Mail Privacy Protection fetches pictures through a proxy that says no more of itself than this.
    return Sign.PROXY if program == _APPLE else Sign.PERSON


def of_persons(visits: Collection[Visit], *, sent_at: datetime | None) -> list[Visit]:
    """Give the first visit of a person to each link, and to the picture, by their numbers.

    Args:
        visits: all that are known of one message, in any order.
        sent_at: when it was handed to the provider.
    """
    ordered = sorted(visits, key=lambda it: it.at)
    hasty = _hasty([it for it in ordered if it.link != OPENING])
    first: dict[int, Visit] = {}
    for visit in ordered:
        is_early = sent_at is not None and visit.at - sent_at < TOO_QUICK
        if visit.sign is Sign.PERSON and not is_early and visit not in hasty:
            first.setdefault(visit.link, visit)
    return [first[link] for link in sorted(first)]


def _hasty(clicks: Sequence[Visit]) -> set[Visit]:
    """Give the clicks that lie in a window with too many different links."""
    found: set[Visit] = set()
    for place, begin in enumerate(clicks):
        window = list(takewhile(lambda it, begin=begin: it.at - begin.at <= WINDOW, clicks[place:]))  # type: ignore[misc]
        if len({it.link for it in window}) >= TOO_MANY:
            found.update(window)
    return found
