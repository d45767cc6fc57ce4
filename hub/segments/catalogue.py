"""The published segments as a process knows them: parsed once, asked for anew with every batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hub.conditions.model import Condition, Every, InSegment, Not, Ranked, Some, Tally, segments_in
from hub.rankings import store as rankings
from hub.rankings.model import Boundaries
from hub.segments import language, store
from hub.segments.model import Segment, Turns
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
        turns: when it does.
        ranking: those that look at rankings.
        boundaries: where the ends of these rankings begin, as far as somebody keeps them.
        tallies: what they have counted of events, by name.
    """

    edition: int = 0
    segments: Mapping[str, Segment] = field(default_factory=dict)
    editions: Mapping[str, int] = field(default_factory=dict)
    asking: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    timed: tuple[Segment, ...] = ()
    turns: Turns = field(default_factory=lambda: Turns(()))
    ranking: tuple[Segment, ...] = ()
    boundaries: Boundaries = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, published: Iterable[tuple[Segment, int]], *, edition: int) -> "Catalogue":
        """Make a snapshot of segments, each in its newest version, with their editions; `edition` is the newest of all.

        What a rule says of another segment is put in its place. So the order in which they are asked does not matter,
        and a new version of the one is one of the other too.
        """
        own = {segment.name: (segment, edition) for segment, edition in published}
        listed = [_whole(name, own) for name in own]
        asking: dict[str, tuple[Segment, ...]] = {}
        for segment, _ in listed:
            for name in segment.asks:
                asking[name] = (*asking.get(name, ()), segment)
        timed = tuple(segment for segment, _ in listed if segment.is_timed)
        return cls(
            edition=edition,
            segments={segment.name: segment for segment, _ in listed},
            editions={segment.name: edition for segment, edition in listed},
            asking=asking,
            timed=timed,
            turns=Turns(timed),
            ranking=tuple(segment for segment, _ in listed if segment.ranked),
            tallies={name: it for segment, _ in listed for name, it in segment.tallies.items()},
        )

    @property
    def ranked(self) -> frozenset[Ranked]:
        """The ends of rankings that its segments look at."""
        return frozenset(it for segment in self.ranking for it in segment.ranked)

    def turns_of(self, edition: int) -> Turns:
        """Tell the turns of the segments that are not newer than an edition."""
        if edition >= self.edition:
            return self.turns
        return Turns(it for it in self.timed if self.editions[it.name] <= edition)

    def since(self, edition: int) -> list[Segment]:
        """List the segments that are newer than an edition."""
        if edition >= self.edition:
            return []
        return [segment for name, segment in self.segments.items() if self.editions[name] > edition]


def _whole(name: str, own: Mapping[str, tuple[Segment, int]]) -> tuple[Segment, int]:
    """Give a segment with the rules of those it asks for, and the newest edition of all of them."""
    segment, edition = own[name]
    others = {other: _whole(other, own) for other in segments_in(segment.when) & own.keys()}
    rules = {other: it.when for other, (it, _) in others.items()}
    newest = max([edition, *(it for _, it in others.values())])
    return Segment(name, _put_in(segment.when, rules), segment.written), newest


def _put_in(condition: Condition, rules: Mapping[str, Condition]) -> Condition:
    match condition:
        case InSegment(name):
            return rules.get(name, _NOBODY)
        case Not(part):
            return Not(_put_in(part, rules))
        case Every(parts):
            return Every(tuple(_put_in(part, rules) for part in parts))
        case Some(parts):
            return Some(tuple(_put_in(part, rules) for part in parts))
    return condition


_NOBODY: Final = Some(())
"""Whom a segment picks that is not there any more."""

NOTHING_DEFINED: Final = Catalogue()


class Catalogues:
    """Keeps the newest snapshot of this process."""

    def __init__(self) -> None:
        self._current = NOTHING_DEFINED

    async def current(self) -> Catalogue:
        """Give the snapshot as of now: one small read, or two if there are rankings; and the segments if one is new."""
        edition = await store.DEFINITIONS.edition()
        if edition > self._current.edition:
            self._current = Catalogue.of([read(it) for it in await store.DEFINITIONS.live()], edition=edition)
        if self._current.ranking:
            return replace(self._current, boundaries=(await rankings.load()).boundaries)
        return self._current


def read(document: SegmentDocument) -> tuple[Segment, int]:
    """Read a published segment, with its edition."""
    return language.read_published(document.source), document.edition
