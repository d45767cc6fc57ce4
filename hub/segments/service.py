"""Use cases of segments: publish one, find one by its name."""

from datetime import datetime

from hub.definitions import Published
from hub.segments import language, scope, store
from hub.segments.model import UnknownSegment
from hub.segments.store import SegmentDocument


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a segment and have everybody sorted by it: who is new at once, the others as the back-fill comes to them.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    known = await scope.current()
    return await store.DEFINITIONS.publish(
        source, read=lambda _: language.read(source, known).name, by=by, key=key, now=now
    )


async def live(name: str) -> SegmentDocument:
    """Give the newest version of a segment.

    Raises:
        UnknownSegment: none of this name was published.
    """
    if found := await store.DEFINITIONS.live([name]):
        return found[0]
    raise UnknownSegment(name, [it.name for it in await store.DEFINITIONS.live()])
