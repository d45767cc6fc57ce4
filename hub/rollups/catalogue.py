"""The published definitions as a process knows them: parsed once, asked for anew with every batch."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.conditions.model import Tally
from hub.definitions import Version
from hub.rollups import language, store, tallies
from hub.rollups.model import STAGES, Definition, Measure, Stages
from hub.rollups.store import RollupDocument


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A snapshot: the newest version of every definition.

    Attributes:
        edition: rises with every publication. A profile says which edition it knows.
        measures: what is counted, by name.
        stages: the rules of stages, if there are any.
        versions: the version of each definition, by name.
        tallies: the names of those measures that segments have counted for themselves.
        heard: the measures that an event of this name may change.
    """

    edition: int = 0
    measures: Mapping[str, Measure] = field(default_factory=dict)
    stages: Stages | None = None
    versions: Mapping[str, Version] = field(default_factory=dict)
    heard: Mapping[str, tuple[Measure, ...]] = field(default_factory=dict)
    tallies: frozenset[str] = frozenset()

    def with_tallies(self, wanted: Iterable[Tally]) -> "Catalogue":
        """Give a snapshot in which these are counted too, as if they had been published: to try what they give."""
        known = [(self.versions[name], it) for name, it in self.measures.items()]
        stages = [(self.versions[STAGES], self.stages)] if self.stages else []
        new = [(Version(it.name, 0), tallies.rollup_of(it)) for it in wanted if it.name not in self.measures]
        return Catalogue.of([*known, *stages, *new], edition=self.edition)

    @classmethod
    def of(cls, published: Iterable[tuple[Version, Definition]], *, edition: int) -> "Catalogue":
        """Make a snapshot of definitions, each in its newest version."""
        listed = list(published)
        measures = {it.name: it for _, it in listed if not isinstance(it, Stages)}
        heard: dict[str, tuple[Measure, ...]] = {}
        for measure in measures.values():
            for event in measure.events:
                heard[event] = (*heard.get(event, ()), measure)
        return cls(
            edition=edition,
            measures=measures,
            stages=next((it for _, it in listed if isinstance(it, Stages)), None),
            versions={version.name: version for version, _ in listed},
            heard=heard,
            tallies=frozenset(filter(tallies.is_tally, measures)),
        )


NOTHING_DEFINED: Final = Catalogue()


def _read(document: RollupDocument, names: Collection[str]) -> Definition:
    source = document.source
    return tallies.read(source) if tallies.is_tally(document.name) else language.read(source, rollups=names)


class Catalogues:
    """Keeps the newest snapshot of this process."""

    def __init__(self) -> None:
        self._current = NOTHING_DEFINED

    async def current(self) -> Catalogue:
        """Give the snapshot as of now: one small read, and the definitions if there is a new one."""
        edition = await store.DEFINITIONS.edition()
        if edition > self._current.edition:
            live = await store.DEFINITIONS.live()
            names = [it.name for it in live]
            self._current = Catalogue.of(
                [(it.version, _read(it, names)) for it in live],
                # Of those that live, none is newer than the last deletion.
                edition=max([edition, *(it.edition for it in live)]),
            )
        return self._current
