"""The programs as a process knows them: which version of each was active at which time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.definitions import Version
from hub.programs import language, store
from hub.programs.model import Program
from hub.programs.store import Activation, Mark


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A snapshot: every activation there has been, and the versions that were activated."""

    edition: int = 0
    programs: Mapping[Version, Program] = field(default_factory=dict)
    activations: Sequence[Activation] = ()

    def at(self, moment: datetime) -> dict[Version, Program]:
        """Give the version of each program that was active at a time, by name."""
        found: dict[str, Version] = {}
        for it in self.activations:
            if it.at <= moment:
                found[it.version.name] = it.version
        return {version: self.programs[version] for _, version in sorted(found.items())}

    def newest(self, name: str) -> Version | None:
        """Name the version of a program that was activated last."""
        return next((it.version for it in reversed(self.activations) if it.version.name == name), None)

    def newest_of_all(self) -> list[Program]:
        """Give of each program the version that was activated last, by name."""
        newest = {it.version.name: it.version for it in self.activations}
        return [self.programs[version] for _, version in sorted(newest.items())]

    @classmethod
    def of(cls, programs: Mapping[Version, Program], activations: Iterable[Activation]) -> "Catalogue":
        """Make a snapshot of versions and their activations, the oldest first."""
        listed = tuple(activations)
        return cls(max((it.edition for it in listed), default=0), programs, listed)


NOTHING_ACTIVE = Catalogue()


class Catalogues:
    """Keeps the newest snapshot of this process."""

    def __init__(self) -> None:
        self._mark: Mark = None
        self._current = NOTHING_ACTIVE

    async def current(self) -> Catalogue:
        """Give the snapshot as of now: one small read, and the programs if one was activated since."""
        mark = await store.mark()
        if mark is None:
            return NOTHING_ACTIVE
        if mark != self._mark:
            listed = await store.activations()
            found = await store.load({it.version for it in listed})
            self._current = Catalogue.of({it.version: language.read(it.source, None) for it in found}, listed)
            self._mark = mark
        return self._current
