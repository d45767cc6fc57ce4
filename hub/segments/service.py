"""Use cases of segments: publish one, and tell what a rule may speak of."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from hub.conditions.kinds import Scope
from hub.conditions.model import segments_in
from hub.definitions import Published
from hub.rollups.catalogue import Catalogues
from hub.segments import language, scope, store
from hub.segments.model import Segment
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
    rollups = await Catalogues().current()

    def name(live: Mapping[str, SegmentDocument]) -> str:
        return language.read(source, scope.of(rollups, live), _reach(live.values())).name

    return await store.DEFINITIONS.publish(source, read=name, by=by, key=key, now=now)


async def read(source: str) -> Segment:
    """Read a segment that somebody may publish, beside those that are published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    live = await store.DEFINITIONS.live()
    return language.read(source, scope.of(await Catalogues().current(), [it.name for it in live]), _reach(live))


async def rules() -> Scope:
    """Give what a rule may speak of as of now."""
    return scope.of(await Catalogues().current(), await names())


async def names() -> list[str]:
    """List the live segments."""
    return [it.name for it in await store.DEFINITIONS.live()]


def _reach(live: Iterable[SegmentDocument]) -> dict[str, frozenset[str]]:
    """Tell which segments each asks for, itself or by those it asks for."""
    direct = {it.name: segments_in(language.read_published(it.source).when) for it in live}
    reach: dict[str, frozenset[str]] = {}

    def of(name: str) -> frozenset[str]:
        if name not in reach:
            reach[name] = direct.get(name, frozenset())
            reach[name] |= {far for other in reach[name] for far in of(other)}
        return reach[name]

    return {name: of(name) for name in direct}
