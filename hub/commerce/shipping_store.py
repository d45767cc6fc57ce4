"""Published tables of shipping in MongoDB: the newest version is in force, and no version ever changes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import beanie
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.access.audit import Change
from hub.access.idempotency import IdempotencyKeyReused
from hub.commerce import shipping_language
from hub.commerce.shipping import Table
from hub.kit import ids
from hub.kit.problems import Problem


class ShippingDocument(beanie.Document):
    """A version of the table; `_id` is its number. `keys` are the idempotency keys it was asked for under."""

    id: int  # type: ignore[assignment]  # Beanie declares an ObjectId that a document may replace
    name: str
    source: str
    digest: str
    published_at: datetime
    published_by: str
    keys: list[UUID]

    class Settings:
        """Where versions lie and how they are found."""

        name = "shipping_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("keys", 1)], name="key", unique=True)]


@dataclass(frozen=True, slots=True)
class Published:
    """A version that was put in force, what its author may want to look at again, and whether it says anything new."""

    number: int
    warnings: tuple[Problem, ...]
    new: bool

    @property
    def change(self) -> Change | None:
        """What the audit is told: nothing where nothing has changed."""
        before = {"version": self.number - 1} if self.number > 1 else None
        return Change("publish shipping rules", "shipping", before, {"version": self.number}) if self.new else None


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a table and put it in force.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same version and changes nothing.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
        IdempotencyKeyReused: the key came with another document before.
    """
    read = shipping_language.read(source)
    digest = hashlib.sha256(source.encode()).hexdigest()
    key_id = ids.key_of("publish shipping", by, key)
    versions = ShippingDocument.get_pymongo_collection()
    # Whoever is faster with this key or the next number: what stands under the key in the end is the answer.
    while (standing := await ShippingDocument.find_one({"keys": key_id})) is None:
        latest = await newest()
        try:
            if latest is not None and latest.digest == digest:
                await versions.update_one({"_id": latest.id}, {"$addToSet": {"keys": key_id}})
                continue
            await ShippingDocument(
                id=latest.id + 1 if latest else 1,
                name=read.name,
                source=source,
                digest=digest,
                published_at=now,
                published_by=by,
                keys=[key_id],
            ).insert()
        except DuplicateKeyError:
            continue
    if standing.digest != digest:
        raise IdempotencyKeyReused
    return Published(standing.id, read.warnings, new=standing.keys[0] == key_id)


async def newest() -> ShippingDocument | None:
    """Read the version that is in force."""
    return await ShippingDocument.find().sort("-_id").first_or_none()


async def in_force() -> Table:
    """Read the table that is in force; before the first is published, one without rules."""
    version = await newest()
    return shipping_language.read(version.source).table if version else Table(())
