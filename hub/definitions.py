"""Published definitions of one kind: named documents whose versions, once stored, never change.

All publications of a kind are numbered: the *edition*. Whoever keeps something per definition says which edition it is
complete for, and is behind where that is not the newest.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.database import Named
from hub.kit import ids

D = TypeVar("D", bound="DefinitionDocument")


@dataclass(frozen=True, slots=True)
class Version:
    """The name of an immutable published definition."""

    name: str
    number: int

    @property
    def id(self) -> str:
        """The `_id` of its document, and what a state says of its origin: `spend/3`."""
        return f"{self.name}/{self.number}"


class DefinitionDocument(Named):
    """A published version; `_id` is `name/number`, `key` the idempotency key it was made under.

    One that is `deleted` has no source: from then on there is no such definition, until somebody publishes it again.
    """

    name: str
    number: int
    edition: int
    source: str
    digest: str
    published_at: datetime
    published_by: str
    key: UUID
    deleted: bool = False

    @property
    def version(self) -> Version:
        """The name of this version."""
        return Version(self.name, self.number)


INDEXES: Final = (
    IndexModel([("edition", -1)], name="edition", unique=True),
    IndexModel([("name", 1), ("number", -1)], name="newest"),
)
"""How the versions of a kind are found. Two that were published at the same time cannot be one edition."""


@dataclass(frozen=True, slots=True)
class Published:
    """The version that counts from now on; `new` is False where an earlier request had published the same."""

    version: Version
    new: bool


class Definitions(Generic[D]):
    """The definitions that lie in one collection.

    Args:
        documents: the collection.
        kind: what they are called, a part of each idempotency key.
    """

    def __init__(self, documents: type[D], kind: str) -> None:
        self._documents = documents
        self._kind = kind

    async def edition(self) -> int:
        """Count the publications so far."""
        row = await self._documents.get_pymongo_collection().find_one({}, {"edition": 1}, sort=[("edition", -1)])
        return int(row["edition"]) if row else 0

    async def live(self, names: Collection[str] | None = None) -> list[D]:
        """Read the newest version of these definitions, or of all, by name; not of those that were deleted."""
        return [it for it in await self._newest(names) if not it.deleted]

    async def publish(
        self, source: str, *, read: Callable[[Mapping[str, D]], str], by: str, key: str, now: datetime
    ) -> Published:
        """Store a document as the newest version of its name, unless it is that already.

        Args:
            source: the document.
            read: checks it beside those that are live, by name, and gives its name.
            by: who publishes, the scope of `key`.
            key: repeating it with the same document answers the same, as long as no other version was published since.
            now: when it is published.

        Raises:
            InvalidDefinition: with every problem of the document.
        """
        digest, key_id = digest_of(source), ids.key_of(f"publish {self._kind}", by, key)
        while True:
            newest = {it.name: it for it in await self._newest()}
            live = {name: it for name, it in newest.items() if not it.deleted}
            name = read(live)
            standing = live.get(name)
            if standing is not None and standing.digest == digest:
                return Published(standing.version, new=standing.key == key_id)
            said = {"source": source, "digest": digest, "key": key_id, "published_at": now, "published_by": by}
            if version := await self._insert(name, newest, said):
                return Published(version, new=True)

    async def delete(
        self, name: str, *, check: Callable[[Collection[D]], None], by: str, key: str, now: datetime
    ) -> Published | None:
        """Take a definition away, by a last version that says so.

        Args:
            name: the definition.
            check: raises where one of those that are live needs it. Nothing is published between it and the deletion.
            by: who deletes, the scope of `key`.
            key: repeating it answers the same.
            now: when it is deleted.

        Returns:
            That version; None where there is no such definition.
        """
        key_id = ids.key_of(f"delete {self._kind}", by, key)
        while True:
            newest = {it.name: it for it in await self._newest()}
            standing = newest.get(name)
            if standing is None or (standing.deleted and standing.key != key_id):
                return None
            if standing.deleted:
                return Published(standing.version, new=True)
            check([it for it in newest.values() if not it.deleted])
            said = {"source": "", "digest": "", "key": key_id, "published_at": now, "published_by": by, "deleted": True}
            if version := await self._insert(name, newest, said):
                return Published(version, new=True)

    async def _newest(self, names: Collection[str] | None = None) -> list[D]:
        wanted = {} if names is None else {"name": {"$in": sorted(names)}}
        newest_of: dict[str, D] = {}
        async for version in self._documents.find(wanted).sort("name", "-number"):
            newest_of.setdefault(version.name, version)
        return list(newest_of.values())

    async def _insert(self, name: str, newest: Mapping[str, D], said: Mapping[str, Any]) -> Version | None:
        """Store the next version of a name. None: somebody was faster with this number or edition."""
        version = Version(name, newest[name].number + 1 if name in newest else 1)
        edition = max((it.edition for it in newest.values()), default=0) + 1
        row = {"id": version.id, "name": name, "number": version.number, "edition": edition, **said}
        try:
            await self._documents(**row).insert()
        except DuplicateKeyError:
            return None
        return version


def digest_of(source: str) -> str:
    """Tell documents apart by their bytes."""
    return hashlib.sha256(source.encode()).hexdigest()
