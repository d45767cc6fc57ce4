"""The published journeys as a process knows them: parsed once, asked for anew with every batch."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.journeys import language, store
from hub.journeys.definition import Definition
from hub.journeys.model import Version


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A snapshot. `entered_by` lists the live versions by the name of their entering event.

    `exits` names every event that may end a run of any version, live or not: runs finish under the version they began.
    """

    live: Mapping[str, int]
    definitions: Mapping[Version, Definition]
    entered_by: Mapping[str, tuple[Version, ...]]
    exits: frozenset[str]


class Catalogues:
    """Keeps the newest snapshot of this process."""

    def __init__(self) -> None:
        self._current = Catalogue({}, {}, {}, frozenset())

    async def current(self) -> Catalogue:
        """Give the snapshot as of now: one small read, and the new versions if there are any."""
        live = await store.live()
        if live != self._current.live:
            known = self._current.definitions
            added = await store.sources([version.id for version in known])
            parsed = {version: language.read_published(source) for version, source in added.items()}
            self._current = _snapshot(live, {**known, **parsed})
        return self._current


def _snapshot(live: Mapping[str, int], definitions: Mapping[Version, Definition]) -> Catalogue:
    entered_by: dict[str, tuple[Version, ...]] = {}
    for journey, number in sorted(live.items()):
        version = Version(journey, number)
        event = definitions[version].entry.event
        entered_by[event] = (*entered_by.get(event, ()), version)
    exits = frozenset(it.event for definition in definitions.values() for it in definition.exits)
    return Catalogue(live, definitions, entered_by, exits)
