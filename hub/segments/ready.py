"""Ready segments: documents that come with the hub, to be published as they are or changed first.

They are a gallery. Each live segment is looked at with every event that concerns it, so that none is live by itself; a
published one is a segment like any other, of which everybody may publish another version.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final

from hub import definitions
from hub.definitions import Published
from hub.kit import documents
from hub.kit.documents import Fields, Value
from hub.kit.errors import HubError
from hub.kit.problems import did_you_mean
from hub.segments import language, service, store

_SUFFIX: Final = ".segment.yaml"


@dataclass(frozen=True, slots=True)
class Ready:
    """A segment that comes with the hub. `written` is its rule in one line, `source` the whole document."""

    name: str
    description: str
    written: str
    source: str


class NoSuchReadySegment(HubError):
    """A name that none of them has."""

    code = "NOT_FOUND"

    def __init__(self, name: str) -> None:
        known = [it.name for it in shipped()]
        hint = did_you_mean(name, known) or f" Known are {', '.join(known)}."
        super().__init__(f"There is no ready segment `{name}`.{hint}")
        self.name = name


class ChangedByTheShop(HubError):
    """A segment of the name of a ready one is live, and is another one."""

    code = "CHANGED_BY_THE_SHOP"

    def __init__(self, name: str, version: int) -> None:
        super().__init__(f"{name} version {version} is the shop's own and stays. Delete it to publish the ready one.")
        self.version = version


@cache
def shipped() -> Sequence[Ready]:
    """Read those that come with the hub, by name."""
    files = (resources.files("hub.segments") / "shipped").iterdir()
    sources = [it.read_text(encoding="utf-8") for it in files if it.name.endswith(_SUFFIX)]
    return tuple(sorted(map(_read, sources), key=lambda it: it.name))


def _read(source: str) -> Ready:
    segment, document = language.read_published(source), documents.load(source)
    described = document.fields["description"].node if isinstance(document, Fields) else None
    text = str(described.value) if isinstance(described, Value) else ""
    return Ready(segment.name, text, segment.written, source)


def named(names: Collection[str]) -> list[Ready]:
    """Give those of these names.

    Raises:
        NoSuchReadySegment: one is none of them.
    """
    known = {it.name: it for it in shipped()}
    for name in names:
        if name not in known:
            raise NoSuchReadySegment(name)
    return [known[name] for name in names]


async def published() -> set[str]:
    """Tell which of their names are live, in this version or another one."""
    return {it.name for it in await store.DEFINITIONS.live([ready.name for ready in shipped()])}


async def publish(ready: Ready, *, by: str, key: str, now: datetime) -> Published:
    """Publish one, unless somebody has published another version of it.

    Raises:
        ChangedByTheShop: another one is live, and stays.
        InvalidDefinition: the shop has not what it asks for, such as its own `purchases` without this window.
    """
    live = await store.DEFINITIONS.live([ready.name])
    if live and live[0].digest != definitions.digest_of(ready.source):
        raise ChangedByTheShop(ready.name, live[0].number)
    return await service.publish(ready.source, by=by, key=key, now=now)
