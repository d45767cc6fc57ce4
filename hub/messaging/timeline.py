"""A timeline: everything that happened to a profile and everything it was told, in one list by time.

What happened are events, from whatever channel; what it was told are messages. Each kind is read along its own index,
one page at most, and both are merged: a place in the list is a time and an id, so that a cursor holds in both.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from hub.database import OwnIds, Row
from hub.events import store as events
from hub.events.announcing import HUB
from hub.events.model import Event, Kind
from hub.kit.pages import Page, Span
from hub.messaging import store as messages
from hub.messaging.model import Message

Entry: TypeAlias = Event | Message


class EntryKind(StrEnum):
    """What sort of entry it is: an event by the call that told of it, or a message."""

    TRACK = Kind.TRACK.value
    IDENTIFY = Kind.IDENTIFY.value
    PAGE = Kind.PAGE.value
    SCREEN = Kind.SCREEN.value
    GROUP = Kind.GROUP.value
    ALIAS = Kind.ALIAS.value
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Which entries are wanted: those that match all that is given. It may be asked like any read of a store.

    A question walks the profile's own entries between the two times, newest first, until its page is full.

    Attributes:
        names: of events, or the templates of messages.
        kinds: what sort of entries.
        sources: who told of events; a message is the hub's own.
        since: when they happened at the earliest.
        until: before when they happened.
    """

    names: frozenset[str] = frozenset()
    kinds: frozenset[EntryKind] = frozenset()
    sources: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    async def __call__(self, owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Entry]]:
        """Read a page of each profile's timeline, the last entry first."""
        reads = []
        if self.kinds != {EntryKind.MESSAGE}:
            reads.append(self._of_events(owners, wanted))
        if (not self.kinds or EntryKind.MESSAGE in self.kinds) and (not self.sources or HUB.id in self.sources):
            reads.append(self._of_messages(owners, wanted))
        found = await asyncio.gather(*reads)
        return {owner: Page.merged(wanted, [part[owner] for part in found]) for owner in owners}

    async def _of_events(self, owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Entry]]:
        where = {**_among("name", self.names), **_among("kind", self.kinds), **_among("source", self.sources)}
        found = await events.timelines(owners, wanted, where={**where, **self._between("at")})
        return {owner: page.each(_entry) for owner, page in found.items()}

    async def _of_messages(self, owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Entry]]:
        where = {**_among("template", self.names), **self._between("created_at")}
        found = await messages.pages(owners, wanted, where=where)
        return {owner: page.each(_entry) for owner, page in found.items()}

    def _between(self, time: str) -> Row:
        bounds = {"$gte": self.since, "$lt": self.until}
        given = {bound: at for bound, at in bounds.items() if at is not None}
        return {time: given} if given else {}


def _among(field: str, values: Collection[str]) -> Row:
    return {field: {"$in": sorted(values)}} if values else {}


def _entry(entry: Entry) -> Entry:
    """Give an entry as it is: as one of either kind."""
    return entry
