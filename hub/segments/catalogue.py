"""The published segments as a process knows them: parsed once, asked for anew with every batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.segments import language, store
from hub.segments.model import Segment
from hub.segments.store import SegmentDocument


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A snapshot: the newest version of every segment.

    Attributes:
        edition: rises with every publication. A profile says by which edition it was sorted.
        segments: the segments by name.
        editions: with which edition each was published.
        asking: the segments that look at this: `profile.country`, `profile.stage`, `consent`, or a rollup by its name.
        timed: those that time alone moves people in and out of.
    """

    edition: int = 0
    segments: Mapping[str, Segment] = field(default_factory=dict)
    editions: Mapping[str, int] = field(default_factory=dict)
    asking: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    timed: tuple[Segment, ...] = ()

    @classmethod
    def of(cls, published: Iterable[tuple[Segment, int]]) -> "Catalogue":
        """Make a snapshot of segments, each in its newest version, with their editions."""
        listed = list(published)
        asking: dict[str, tuple[Segment, ...]] = {}
        for segment, _ in listed:
            for name in segment.asks:
                asking[name] = (*asking.get(name, ()), segment)
        return cls(
            edition=max((edition for _, edition in listed), default=0),
            segments={segment.name: segment for segment, _ in listed},
            editions={segment.name: edition for segment, edition in listed},
            asking=asking,
            timed=tuple(segment for segment, _ in listed if segment.is_timed),
        )

    def since(self, edition: int) -> list[Segment]:
        """List the segments that are newer than an edition."""
        return [segment for name, segment in self.segments.items() if self.editions[name] > edition]


NOTHING_DEFINED: Final = Catalogue()


class Catalogues:
    """Keeps the newest snapshot of this process."""

    def __init__(self) -> None:
        self._current = NOTHING_DEFINED

    async def current(self) -> Catalogue:
        """Give the snapshot as of now: one small read, and the segments if there is a new one."""
        if await store.DEFINITIONS.edition() > self._current.edition:
            self._current = Catalogue.of([read(it) for it in await store.DEFINITIONS.live()])
        return self._current


def read(document: SegmentDocument) -> tuple[Segment, int]:
    """Read a published segment, with its edition."""
    return language.read_published(document.source), document.edition
