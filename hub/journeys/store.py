"""Journeys and their versions in MongoDB. A version, once stored, never changes."""

import hashlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.database import Named
from hub.journeys.model import Version
from hub.kit.errors import HubError


class NoSuchVersion(HubError):
    """A run or a caller names a version that was never published."""

    code = "NOT_FOUND"

    def __init__(self, version: Version) -> None:
        super().__init__(f"There is no version {version.id}.")
        self.version = version


class JourneyDocument(Named):
    """A journey by name. `live` is the version that people enter."""

    live: int
    published_at: datetime

    class Settings:
        """Where journeys lie."""

        name = "journeys"
        personal = None


class VersionDocument(Named):
    """A published version; `_id` is `name/number`.

    `keys` are the idempotency keys it was asked for under, first the one that made it.
    """

    journey: str
    number: int
    source: str
    digest: str
    published_at: datetime
    published_by: str
    keys: list[UUID]

    class Settings:
        """Where versions lie and how they are found."""

        name = "journey_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("journey", 1), ("number", -1)], name="journey", unique=True),
            IndexModel([("keys", 1)], name="key", unique=True),
        ]

    @property
    def version(self) -> Version:
        """The name of this version."""
        return Version(self.journey, self.number)


def digest_of(source: str) -> str:
    """Tell documents apart by their bytes."""
    return hashlib.sha256(source.encode()).hexdigest()


async def newest(journey: str) -> VersionDocument | None:
    """Read the newest version of a journey."""
    return await VersionDocument.find(VersionDocument.journey == journey).sort("-number").first_or_none()


async def published_under(key: UUID) -> VersionDocument | None:
    """Read the version that was asked for under an idempotency key."""
    return await VersionDocument.find_one({"keys": key})


async def insert(version: VersionDocument) -> None:
    """Store a new version, unless its number or its key was taken meanwhile."""
    with suppress(DuplicateKeyError):
        await version.insert()


async def note_key(version: VersionDocument, key: UUID) -> None:
    """Keep one more key that asks for a stored version. A key that was taken meanwhile stays where it is."""
    with suppress(DuplicateKeyError):
        await VersionDocument.get_pymongo_collection().update_one({"_id": version.id}, {"$addToSet": {"keys": key}})


async def make_live(version: VersionDocument) -> None:
    """Let people enter this version from now on, unless a newer one is live already."""
    try:
        await JourneyDocument.get_pymongo_collection().update_one(
            {"_id": version.journey, "live": {"$lte": version.number}},
            {"$set": {"live": version.number, "published_at": version.published_at}},
            upsert=True,
        )
    except DuplicateKeyError:
        return  # a newer version is live


async def live() -> dict[str, int]:
    """Read which version of each journey people enter."""
    found = JourneyDocument.get_pymongo_collection().find({}, {"live": 1})
    return {row["_id"]: row["live"] async for row in found}


async def sources(known: Collection[str]) -> Mapping[Version, str]:
    """Read the documents of all versions but those whose ids are known."""
    found = VersionDocument.get_pymongo_collection().find(
        {"_id": {"$nin": sorted(known)}}, {"journey": 1, "number": 1, "source": 1}
    )
    return {Version(row["journey"], row["number"]): row["source"] async for row in found}


async def live_versions(journeys: Collection[str] | None = None) -> dict[str, VersionDocument]:
    """Read the versions of these journeys, or of all, that people enter: sorted by name, each under its journey."""
    heads = await live()
    wanted = [Version(name, number).id for name, number in heads.items() if journeys is None or name in journeys]
    found = VersionDocument.find({"_id": {"$in": wanted}}).sort("journey")
    return {version.journey: version async for version in found}


async def source(version: Version) -> str:
    """Read the document of one version.

    Raises:
        NoSuchVersion: it was never published.
    """
    row = await VersionDocument.get_pymongo_collection().find_one({"_id": version.id}, {"source": 1})
    if row is None:
        raise NoSuchVersion(version)
    return str(row["source"])
