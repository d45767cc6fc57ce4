"""Templates in MongoDB: versions that never change, and a head that names the newest."""

import hashlib
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import orjson
from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from hub.database import Named, Row
from hub.definitions import Published, Version
from hub.kit import ids
from hub.profiles import topics
from hub.wording.lint import Checked
from hub.wording.snippets import Expanded
from hub.wording.templates import Template
from hub.wording.ways_out import WaysOut

FRESH_SECONDS: Final = 1.0
"""How long a template that was read is taken for the newest without asking."""


class TemplateDocument(Named):
    """The newest version of a template. `_id` is its name."""

    version: int
    digest: str
    languages: dict[str, dict[str, str]]
    said_in: dict[str, list[str]] | None = None

    class Settings:
        """Where the newest versions lie."""

        name = "templates"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


class TemplateVersionDocument(Named):
    """One version of a template, written once. `_id` is `NAME/VERSION`, `key` what it was published under.

    `snippets` are the versions of those whose words it says, `said_in` which part says which of them, and `written` is
    how it was before they were put there.
    """

    digest: str
    languages: dict[str, dict[str, str]]
    published_at: datetime | None = None  # one that came along with a journey says nothing of it
    published_by: str | None = None
    key: UUID | None = None
    snippets: dict[str, int] | None = None
    said_in: dict[str, list[str]] | None = None
    written: dict[str, dict[str, str]] | None = None

    class Settings:
        """Where all versions lie."""

        name = "template_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


@dataclass(frozen=True, slots=True)
class Listed:
    """A stored template, and which of its versions it is."""

    template: Template
    version: int


@dataclass(frozen=True, slots=True)
class Saying:
    """Which versions of snippets a version of a template says."""

    template: str
    version: int
    snippets: Mapping[str, int]


@dataclass(slots=True)
class _Held:
    template: Template
    version: int
    asked_at: float


class Library:
    """The templates of this process: what was read is kept, and asked about again after a second.

    So a new version is sent by every process a second after it was saved, and a sender that renders the same template
    thousands of times asks MongoDB once a second.
    """

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    async def save(self, template: Template, expanded: Expanded | None = None) -> int:
        """Store a template and answer its version: that of the newest if it says the same, else the next one."""
        return await self._save(template, _words_of(expanded) if expanded else {})

    async def publish(self, checked: Checked, *, by: str, key: str, now: datetime) -> Published:
        """Store a template as somebody's publication; repeating it under the same key of theirs answers the same."""
        key_id = ids.key_of("publish template", by, key)
        template, expanded = checked.template, checked.expanded
        said: Row = {"published_at": now, "published_by": by, "key": key_id, **_words_of(expanded)}
        version = Version(template.name, await self._save(template, said))
        stored = await TemplateVersionDocument.get_pymongo_collection().find_one({"_id": version.id}, {"key": 1})
        return Published(version, new=stored is not None and stored.get("key") == key_id)

    async def _save(self, template: Template, said: Row) -> int:
        content: Row = {
            "digest": digest_of(template),
            "languages": {language: dict(parts) for language, parts in template.languages.items()},
        }
        if template.snippets:
            content["said_in"] = {path: list(said) for path, said in template.snippets.items()}
        while True:
            head = await TemplateDocument.get_pymongo_collection().find_one({"_id": template.name})
            newest = int(head["version"]) if head else 0
            if head and head["digest"] == content["digest"]:
                return newest
            self._held.pop(template.name, None)
            if await _write(template.name, newest + 1, {**content, **said}):
                return newest + 1

    async def load(self, names: Collection[str]) -> Mapping[str, Template]:
        """Read the newest versions, at most a second old. A name that is not stored is not in the answer."""
        now = time.monotonic()
        doubted = [name for name in set(names) if not self._is_fresh(name, now)]
        if doubted:
            await self._refresh(doubted, now)
        return {name: self._held[name].template for name in names if name in self._held}

    async def names(self) -> set[str]:
        """List the names of all stored templates."""
        return {row["_id"] async for row in TemplateDocument.get_pymongo_collection().find({}, {"_id": 1})}

    async def listed(self) -> list[Listed]:
        """List the newest versions by name."""
        heads = TemplateDocument.get_pymongo_collection().find().sort("_id", 1)
        return [Listed(_template_of(row), int(row["version"])) async for row in heads]

    async def ways_out(self, beside: Collection[Template] = ()) -> WaysOut:
        """Tell which of the newest versions may advertise; those `beside` take the place of stored ones."""
        return WaysOut.of([*(it.template for it in await self.listed()), *beside], await topics.load())

    async def one(self, name: str, version: int | None = None) -> Listed | None:
        """Read one version as it is stored, the newest where none is named. None where there is no such version."""
        if version is not None:
            stored = await TemplateVersionDocument.get_pymongo_collection().find_one({"_id": f"{name}/{version}"})
            return Listed(_template_of({**stored, "_id": name}), version) if stored else None
        head = await TemplateDocument.get_pymongo_collection().find_one({"_id": name})
        return Listed(_template_of(head), int(head["version"])) if head else None

    async def saying(self) -> list[Saying]:
        """List the newest versions of templates that say snippets, by name."""
        heads = {row["_id"]: row["version"] async for row in TemplateDocument.get_pymongo_collection().find()}
        versions = [f"{name}/{version}" for name, version in heads.items()]
        found = TemplateVersionDocument.get_pymongo_collection().find(
            {"_id": {"$in": versions}, "snippets": {"$gt": {}}}, {"snippets": 1}
        )
        names = [(*row["_id"].split("/"), row["snippets"]) async for row in found.sort("_id", 1)]
        return [Saying(name, int(version), snippets) for name, version, snippets in names]

    def _is_fresh(self, name: str, now: float) -> bool:
        held = self._held.get(name)
        return held is not None and now - held.asked_at < FRESH_SECONDS

    async def _refresh(self, names: Collection[str], now: float) -> None:
        """Ask for the versions, and read only what is not held yet."""
        collection = TemplateDocument.get_pymongo_collection()
        versions = {
            row["_id"]: int(row["version"])
            async for row in collection.find({"_id": {"$in": list(names)}}, {"version": 1})
        }
        changed: list[str] = []
        for name in names:
            held = self._held.get(name)
            if name not in versions:
                self._held.pop(name, None)
            elif held is None or held.version != versions[name]:
                changed.append(name)
            else:
                held.asked_at = now
        if changed:
            async for row in collection.find({"_id": {"$in": changed}}):
                self._held[row["_id"]] = _Held(_template_of(row), int(row["version"]), now)


def _template_of(row: Row) -> Template:
    said = {path: tuple(ids) for path, ids in (row.get("said_in") or {}).items()}
    return Template(row["_id"], row["languages"], said)


def _words_of(expanded: Expanded) -> Row:
    if not expanded.used:
        return {}
    return {"snippets": dict(expanded.used), "written": by_language(expanded.written)}


def by_language(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Arrange files named `LANG/PART` by language and part."""
    languages: dict[str, dict[str, str]] = {}
    for path, source in files.items():
        language, _, part = path.partition("/")
        languages.setdefault(language, {})[part] = source
    return languages


def digest_of(template: Template) -> str:
    """Tell what a template says, in 64 characters: two that say the same have the same."""
    said: Any = [template.languages, template.snippets] if template.snippets else template.languages
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def _write(name: str, version: int, content: Row) -> bool:
    """Write a version, then point the head at it; tell whether that version says what was to be written.

    A version that is there already was written by somebody who has not moved the head yet, or died before: the head is
    moved on to theirs, and the caller looks again.
    """
    standing: Any = await TemplateVersionDocument.get_pymongo_collection().find_one_and_update(
        {"_id": f"{name}/{version}"}, {"$setOnInsert": content}, upsert=True, return_document=ReturnDocument.AFTER
    )
    written = {"version": version, "digest": standing["digest"], "languages": standing["languages"]}
    written["said_in"] = standing.get("said_in")
    with suppress(DuplicateKeyError):  # the first head is there already: another one was faster
        await TemplateDocument.get_pymongo_collection().update_one(
            {"_id": name, "version": version - 1}, {"$set": written}, upsert=version == 1
        )
    return bool(standing["digest"] == content["digest"])
