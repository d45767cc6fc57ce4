"""Announce: what the hub itself has to say of a profile becomes an event like any other.

Rooms above announce without knowing who listens: the router applies these events and routes them to journeys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub import seal
from hub.database import insert_once
from hub.events.model import Kind, Source, Trust, part_of
from hub.events.store import EventDocument
from hub.kit import ids

HUB: Final = Source("hub", Trust.SERVER)
"""The source of what the hub says itself. No key is made for it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something the hub has found out about a profile.

    Attributes:
        name: what happened, in Title Case, as `docs/contracts.md` lists it.
        profile_id: about whom. If that profile was absorbed meanwhile, the event is its head's.
        cause: what made it true, such as the id of an event or of an order's version; never a time or an attempt.
        at: when it became true.
        properties: what it was about; no personal data that an event of this person would not hold anyway.
    """

    name: str
    profile_id: UUID
    cause: str
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The id of the event: the same name about the same profile for the same cause is one event."""
        return _key(self._message_id)

    @property
    def _message_id(self) -> str:
        return f"{self.name}/{self.profile_id}/{self.cause}"

    def row(self, now: datetime, place: int) -> dict[str, Any]:
        """Give the event as Accept would store it."""
        message_id = self._message_id
        return {
            "_id": _key(message_id),
            "source": HUB.id,
            "trust": HUB.trust.value,
            "message_id": message_id,
            "kind": Kind.TRACK.value,
            "name": self.name,
            "about": self.profile_id,
            "properties": dict(self.properties),
            "traits": {},
            "context": {},
            "at": min(self.at, now),
            "accepted_at": now,
            "place": place,
            "part": part_of(str(self.profile_id)),
            "routed": False,
        }


def _key(message_id: str) -> UUID:
    return ids.key_of("event", HUB.id, message_id)


async def announce(announcements: Sequence[Announcement], *, now: datetime) -> None:
    """Store announcements, each once by its name, profile and cause. Repeating it changes nothing."""
    rows = [it.row(now, place) for place, it in enumerate(announcements)]
    once = {row["_id"]: seal.shut(EventDocument, row) for row in rows}
    await insert_once(EventDocument, list(once.values()))
