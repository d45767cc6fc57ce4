"""Use cases of content: publish one, delete one, show what fits a visitor, and take in what they did with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog

from hub.conditions.model import segments_in
from hub.content import choosing, store, words
from hub.content import language as documents_of_content
from hub.content.catalogue import Catalogues
from hub.content.choosing import Spot
from hub.content.model import Content, NoSuchContent, What
from hub.content.visitors import Visitor
from hub.content.words import NotSaid, Said
from hub.definitions import Published, Version
from hub.events.announcing import Announcement, announce
from hub.segments import service as segments
from hub.wording import snippet_store
from hub.wording.snippet_store import Agreed

log = structlog.get_logger(__name__)

EVENTS: Final[Mapping[What, str]] = {
    What.SHOWN: "Content Shown",
    What.CLICKED: "Content Clicked",
    What.DISMISSED: "Content Dismissed",
}
"""What stands in the timeline of a customer who saw it."""
_catalogues: Final = Catalogues()
_agreed: Final = Agreed()


@dataclass(frozen=True, slots=True)
class Shown:
    """A content as one visitor reads it."""

    version: Version
    content: Content
    said: Said


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a content and let it be shown, at once.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    scope, snippets = await segments.rules(), await snippet_store.approved()
    return await store.DEFINITIONS.publish(
        source, read=lambda _: documents_of_content.read(source, scope, snippets).name, by=by, key=key, now=now
    )


async def delete(name: str, *, by: str, key: str, now: datetime) -> Published:
    """Take a content away: it is shown to nobody any more. Repeating it under its key answers the same.

    Raises:
        NoSuchContent: there is none of this name.
    """
    deleted = await store.DEFINITIONS.delete(name, check=_anybody_may, by=by, key=key, now=now)
    if deleted is None:
        raise NoSuchContent(name, {it.name: it for it in await store.DEFINITIONS.live()})
    return deleted


async def live() -> dict[Version, Content]:
    """Read the newest version of every content, by name."""
    return {it.version: documents_of_content.read(it.source, None) for it in await store.DEFINITIONS.live()}


async def users_of(segment: str) -> list[str]:
    """Name the contents whose audience asks for a segment."""
    read = await live()
    return [f"content {it.name}" for it in read.values() if it.audience and segment in segments_in(it.audience.when)]


async def shown(spot: Spot, visitor: Visitor, *, language: str | None = None, now: datetime, most: int) -> list[Shown]:
    """List what is shown to a visitor at a place now, the first to be shown first: a few reads, however much there is.

    Its snippets say what was agreed to by now.

    One whose words stumble over what they read of the visitor is left out, and the log names it.
    """
    wished = language or (visitor.profile.language if visitor.profile else None)
    catalogue = await _catalogues.current()
    here = [it for it in catalogue.contents.values() if it.surface is spot.surface]
    seen = await store.seen_by(visitor.ids) if here and visitor.ids else {}
    snippets = await _agreed.current() if any(it.snippets for it in here) else words.NO_SNIPPETS
    found: list[Shown] = []
    for content in choosing.chosen(here, spot, visitor.profile, seen, now=now):
        try:
            said = words.say(content.texts, wished, visitor.readable, snippets)
        except NotSaid as error:
            log.warning("content_not_rendered", content=content.name, reason=error.message)
            continue
        found.append(Shown(catalogue.versions[content.name], content, said))
    return found[:most]


@dataclass(frozen=True, slots=True)
class Report:
    """What a visitor did with a content, in the version that they were shown, and where."""

    version: Version
    what: What
    page: str | None = None
    store: str | None = None


async def take_in(report: Report, visitor: Visitor, *, cause: UUID, now: datetime) -> None:
    """Count what a visitor did, and put it into their timeline. Under the same cause it counts once.

    Raises:
        NoSuchContent: this version was never published.
    """
    if not await store.was_published(report.version):
        raise NoSuchContent(report.version.name, {it.name: it for it in await store.DEFINITIONS.live()})
    head = visitor.profile
    name = head.id if head else visitor.unknown
    if name is not None:
        known = head is not None
        await store.note(report.version.name, name, report.what, report=cause, known=known, now=now)
    if head is not None:
        where = {"page": report.page, "store_id": report.store}
        properties: dict[str, Any] = {"content": report.version.name, "version": report.version.number}
        properties |= {key: value for key, value in where.items() if value is not None}
        await announce([Announcement(EVENTS[report.what], head.id, str(cause), now, properties)], now=now)


def _anybody_may(live: Collection[object]) -> None:
    """Let any content go: nothing needs one."""
    del live
