"""The live contents as a process knows them: parsed once, asked for anew with every request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.content import language, store
from hub.content.model import Content
from hub.content.store import Mark
from hub.definitions import Version


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A snapshot: the newest version of every content, by name."""

    contents: Mapping[str, Content] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)


class Catalogues:
    """Keeps the newest snapshot of this process."""

    def __init__(self) -> None:
        self._mark: Mark = None
        self._current = Catalogue()

    async def current(self) -> Catalogue:
        """Give the snapshot as of now: one small read, and the contents if something was published since."""
        mark = await store.mark()
        if mark != self._mark:
            live = await store.DEFINITIONS.live()
            contents = {it.name: language.read(it.source, None) for it in live}
            self._current, self._mark = Catalogue(contents, {it.name: it.version for it in live}), mark
        return self._current
