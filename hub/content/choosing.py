"""Choosing: which contents are shown to one visitor at one place and time. The same for pages, signs and the staff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.content.model import Content, Frequency, Seen
from hub.messaging.surfaces import Surface
from hub.profiles.model import Profile
from hub.segments.model import facts_of


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is to be shown."""

    surface: Surface
    page: str | None = None
    store: str | None = None


def chosen(
    contents: Iterable[Content], spot: Spot, visitor: Profile | None, seen: Mapping[str, Seen], *, now: datetime
) -> list[Content]:
    """List what is shown now, the highest priority first, of equals by name.

    Args:
        contents: all that there are.
        spot: where.
        visitor: the customer, None where nobody knows who it is: then only what is for everybody.
        seen: what this visitor has seen of each content, by name.
        now: the time.
    """
    found = [
        it
        for it in contents
        if it.surface is spot.surface
        and it.is_in_time(now)
        and it.is_at(spot.page, spot.store)
        and may_see_again(it.frequency, seen.get(it.name, Seen()), now=now)
        and _is_for(it, visitor, now)
    ]
    return sorted(found, key=lambda it: (-it.priority, it.name))


def may_see_again(frequency: Frequency, seen: Seen, *, now: datetime) -> bool:
    """Tell whether somebody who has seen so much of it may see it again."""
    if frequency.until & seen.did:
        return False
    if frequency.between is not None and any(now - it < frequency.between for it in seen.shown_at):
        return False
    if frequency.most is None:
        return True
    per = frequency.per
    count = seen.count if per is None else sum(now - it < per for it in seen.shown_at)
    return count < frequency.most


def _is_for(content: Content, visitor: Profile | None, now: datetime) -> bool:
    if content.audience is None:
        return True
    return visitor is not None and content.audience.picks(facts_of(visitor, [content.audience], now), now)
