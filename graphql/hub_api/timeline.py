"""The timeline of a profile: what happened to it and what it was told, from every channel, in one list."""

from datetime import datetime
from typing import Final
from uuid import UUID

import strawberry

from hub.kit.errors import HubError
from hub.messaging.timeline import EntryKind, Timeline
from hub_api.nodes import Node

MOST_NAMES: Final = 20
"""How many names or sources one question names."""


class TooManyNames(HubError):
    """A filter names more than anybody reads."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__(f"`names` and `sources` are at most {MOST_NAMES} each.")


@strawberry.interface
class TimelineEntry(Node):
    """Something in the timeline of a profile: an event, or a message."""

    profile_id: strawberry.Private[UUID | None]
    at: datetime = strawberry.field(
        description="When it happened, by the sender's clock, corrected; when it was decided to tell it."
    )
    name: str = strawberry.field(description="What happened, such as `Order Completed`, or the template of a message.")
    source: str = strawberry.field(description="The system that told of it; `hub` where that is the hub itself.")


@strawberry.input
class TimelineFilter:
    """Finds the entries of a timeline that match all that is given."""

    names: list[str] | None = strawberry.field(default=None, description="Names of events, or templates of messages.")
    kinds: list[EntryKind] | None = strawberry.field(default=None, description="What sort of entries.")
    sources: list[str] | None = strawberry.field(default=None, description="The systems that told of them.")
    since: datetime | None = strawberry.field(default=None, description="When they happened at the earliest.")
    until: datetime | None = strawberry.field(default=None, description="Before when they happened.")

    @property
    def timeline(self) -> Timeline:
        """The filter in the words of the hub.

        Raises:
            TooManyNames: it names too much.
        """
        if max(len(self.names or ()), len(self.sources or ())) > MOST_NAMES:
            raise TooManyNames
        return Timeline(
            frozenset(self.names or ()),
            frozenset(self.kinds or ()),
            frozenset(self.sources or ()),
            self.since,
            self.until,
        )
