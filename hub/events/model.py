"""What a source says (a call) and what the hub keeps of it (an event)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID
from zlib import crc32

import msgspec

PARTS = 64
"""Into how many parts the work of routing is cut. Fixed: a part is stored with each event."""

Properties: TypeAlias = Mapping[str, Any]
Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


def part_of(identity: str) -> int:
    """Tell in which part the events of one identity are worked on, so that they stay in order."""
    return crc32(identity.encode()) % PARTS


class Trust(StrEnum):
    """How far a source is believed: anybody can read the key of a `client`, only machines that of a `server`."""

    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends events."""

    id: str
    trust: Trust


IMPORT: Final = Source("import", Trust.SERVER)
"""The source of what stood in a file. It is history: it fills profiles and timelines, and sets nothing off."""

OF_TILLS: Final = "pos/"
"""How the source of a store's tills begins: `pos/STORE`. No key is of such a source: nobody else speaks for it."""


class Kind(StrEnum):
    """The calls of the Segment spec."""

    TRACK = "track"
    IDENTIFY = "identify"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


class Call(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """One call of the Segment spec as it comes over the wire. Keys it does not name are dropped.

    `user_id` and `anonymous_id` may come as numbers, as some SDKs send them.
    """

    type: Kind
    message_id: Id | None = None
    user_id: Id | int | None = None
    anonymous_id: Id | int | None = None
    group_id: Id | int | None = None
    previous_id: Id | int | None = None
    event: Id | None = None
    name: str | None = None
    category: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    timestamp: datetime | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `seq` orders the events of one profile; it and `profile_id` are stamped by Apply.

    `about` names the profile of what the hub itself announces; such an event carries no identifier. `previous_id` is
    the name that an `alias` call joins to the one it carries.
    """

    id: UUID
    source: str
    trust: Trust
    kind: Kind
    name: str
    user_id: str | None
    anonymous_id: str | None
    properties: Properties
    traits: Properties
    context: Properties
    at: datetime
    accepted_at: datetime
    previous_id: str | None = None
    about: UUID | None = None
    profile_id: UUID | None = None
    seq: int | None = None

    @property
    def is_history(self) -> bool:
        """Whether it stood in a file: it fills profile and timeline, and nobody is told anything by it."""
        return self.source == IMPORT.id


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was not accepted: its place in the batch, a stable code, and a sentence without its contents."""

    index: int
    code: str
    message: str
