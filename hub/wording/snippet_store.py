"""Snippets in MongoDB: versions that never change, of which templates say the newest that somebody else agreed to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final, TypeAlias
from uuid import UUID

from pymongo import IndexModel

from hub import definitions
from hub.definitions import DefinitionDocument, Definitions, Published, Version
from hub.kit import ids
from hub.kit.errors import HubError
from hub.wording import snippets
from hub.wording.library import Library
from hub.wording.snippets import Snippet


class SnippetDocument(DefinitionDocument):
    """A published version of a snippet, and who has agreed to it."""

    approved_by: str | None = None
    approved_at: datetime | None = None
    approval_key: UUID | None = None

    class Settings:
        """Where snippets lie and how they are found."""

        name = "snippet_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


DEFINITIONS: Final = Definitions(SnippetDocument, "snippet")

Mark: TypeAlias = tuple[str, datetime] | None
"""The last agreement: to which version, and when. None where there is none."""


class NoSuchSnippet(HubError):
    """There is no such version."""

    code = "NOT_FOUND"

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"There is no version {number} of a snippet {name!r}.")


class SamePerson(HubError):
    """Who published a snippet wanted to agree to it."""

    code = "SAME_PERSON"

    def __init__(self) -> None:
        super().__init__("Somebody else agrees to a snippet than has published it.")


@dataclass(frozen=True, slots=True)
class Outdated:
    """A template that says another version of a snippet than the one that was agreed to; None where none was."""

    template: str
    version: int
    snippet: str
    says: int
    agreed: int | None


@dataclass(frozen=True, slots=True)
class Replaced:
    """A version that templates may not say any more: since when, and which is the newest that they may."""

    version: Version
    by: int
    at: datetime


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a snippet and store it as its newest version, which nobody has agreed to yet.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    return await DEFINITIONS.publish(source, read=lambda _: snippets.read(source).name, by=by, key=key, now=now)


async def approve(name: str, number: int, *, by: str, key: str, now: datetime) -> Published:
    """Agree to a version: templates that are published from now on say it, if it is the newest of those.

    Raises:
        NoSuchSnippet: there is no such version.
        SamePerson: it was published by the same.
    """
    version = Version(name, number)
    collection = SnippetDocument.get_pymongo_collection()
    agreed = {"approved_by": by, "approved_at": now, "approval_key": ids.key_of("approve snippet", by, key)}
    await collection.update_one({"_id": version.id, "approved_by": None, "published_by": {"$ne": by}}, {"$set": agreed})
    standing = await collection.find_one({"_id": version.id})
    if standing is None:
        raise NoSuchSnippet(name, number)
    if standing.get("approved_by") is None:
        raise SamePerson
    return Published(version, new=standing["approval_key"] == agreed["approval_key"])


async def approved() -> Mapping[str, Snippet]:
    """Give what templates may say: of each snippet the newest version that was agreed to."""
    newest: dict[str, Snippet] = {}
    async for it in SnippetDocument.find({"approved_by": {"$ne": None}}).sort("name", "-number"):
        newest.setdefault(it.name, replace(snippets.read(it.source), version=it.number))
    return newest


class Agreed:
    """The snippets that were agreed to, as a process knows them: parsed once, asked about anew each time."""

    def __init__(self) -> None:
        self._snippets: Mapping[str, Snippet] = {}
        self._last: Mark = None

    async def current(self) -> Mapping[str, Snippet]:
        """Give them by name: one small read, and the snippets if somebody has agreed to one since."""
        collection = SnippetDocument.get_pymongo_collection()
        wanted = {"approved_by": {"$ne": None}}
        last = await collection.find_one(wanted, {"approved_at": 1}, sort=[("approved_at", -1), ("_id", 1)])
        mark = (last["_id"], last["approved_at"]) if last else None
        if mark != self._last:
            self._snippets, self._last = await approved(), mark
        return self._snippets


async def replaced() -> list[Replaced]:
    """List the versions that were agreed to before a newer one was."""
    rows = SnippetDocument.get_pymongo_collection().find(
        {"approved_by": {"$ne": None}}, {"name": 1, "number": 1, "approved_at": 1}
    )
    later: dict[str, Replaced] = {}
    found: list[Replaced] = []
    async for row in rows.sort([("name", 1), ("number", -1)]):
        name, number, at = row["name"], row["number"], row["approved_at"]
        if name in later:
            after = later[name]
            found.append(Replaced(Version(name, number), after.by, after.at))
            later[name] = Replaced(after.version, after.by, min(after.at, at))
        else:
            later[name] = Replaced(Version(name, number), number, at)
    return found


async def outdated() -> list[Outdated]:
    """List the templates that say something else than was agreed to last, by name."""
    agreed = {name: it.version for name, it in (await approved()).items()}
    return [
        Outdated(saying.template, saying.version, name, said, agreed.get(name))
        for saying in await Library().saying()
        for name, said in sorted(saying.snippets.items())
        if agreed.get(name) != said
    ]
