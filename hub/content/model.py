"""Content: what is shown on a surface, to whom, where, when and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.kit.errors import HubError
from hub.kit.problems import did_you_mean
from hub.messaging.model import USUAL_PRIORITY
from hub.messaging.surfaces import Surface
from hub.segments.model import Segment

MOST_SHOWN: Final = 100
"""How often a limit may let somebody see one thing."""


class What(StrEnum):
    """What a visitor did with something that was shown."""

    SHOWN = "shown"
    CLICKED = "clicked"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Words:
    """What it says in one language: `text`, and perhaps a `title`, a `button` and the `link` that it leads to.

    All but the link are Liquid.
    """

    text: str
    title: str | None = None
    button: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often one visitor sees it: at most so many times, in a time or ever, not again for a while, and until when.

    Attributes:
        most: how many times at most; None is no limit.
        per: within the last so long; None where `most` counts for ever.
        between: how long it is not shown again.
        until: what ends it for good.
    """

    most: int | None = None
    per: timedelta | None = None
    between: timedelta | None = None
    until: frozenset[What] = frozenset()


@dataclass(frozen=True, slots=True)
class Content:
    """Something that is shown.

    Attributes:
        name: lower case with hyphens; stays through all versions.
        surface: one of those where something is shown.
        texts: what it says, by language.
        audience: whom it is for; everybody, unknown visitors among them, where there is none.
        pages: on which pages, a `*` at the end stands for whatever follows; on all where none is named.
        stores: in which stores; in all where none is named.
        since: from when on.
        before: up to when.
        frequency: how often one visitor sees it.
        priority: which comes first, 0 to 100.
        snippets: those whose words it says.
    """

    name: str
    surface: Surface
    texts: Mapping[str, Words]
    audience: Segment | None = None
    pages: tuple[str, ...] = ()
    stores: frozenset[str] = frozenset()
    since: datetime | None = None
    before: datetime | None = None
    frequency: Frequency = Frequency()
    priority: int = USUAL_PRIORITY
    snippets: frozenset[str] = frozenset()

    def is_at(self, page: str | None, store: str | None) -> bool:
        """Tell whether it belongs on a page, in a store. Where it names some, it is nowhere else."""
        on_page = not self.pages or any(_matches(it, page) for it in self.pages if page is not None)
        return on_page and (not self.stores or store in self.stores)

    def is_in_time(self, now: datetime) -> bool:
        """Tell whether its time has come, and is not over."""
        return (self.since is None or self.since <= now) and (self.before is None or now < self.before)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one visitor has seen of one content, and done with it.

    Attributes:
        count: how often it was shown.
        shown_at: when, the last `MOST_SHOWN` times.
        did: what else was done with it.
    """

    count: int = 0
    shown_at: tuple[datetime, ...] = ()
    did: frozenset[What] = field(default_factory=frozenset)


class NoSuchContent(HubError):
    """A name, or a version of it, that was never published or was taken away."""

    code = "NOT_FOUND"

    def __init__(self, name: str, known: Mapping[str, object]) -> None:
        super().__init__(f"There is no such content.{did_you_mean(name, list(known))}")


class NotForCaller(HubError):
    """A surface that is not shown to whoever is asking."""

    code = "FORBIDDEN"

    def __init__(self, surface: Surface) -> None:
        super().__init__(f"What is on {surface} is for the staff and servers.")


class NotShownThere(HubError):
    """A surface of what is sent, and not shown."""

    code = "BAD_USER_INPUT"

    def __init__(self, surface: Surface) -> None:
        super().__init__(f"Nothing is shown on {surface}: what is there is sent.")


def _matches(pattern: str, page: str) -> bool:
    return page.startswith(pattern[:-1]) if pattern.endswith("*") else page == pattern
