"""Programs in MongoDB: versions, which never change, and activations, which are only ever added.

A version that was never activated is a draft. The activations of all programs are numbered, so that a process knows by
one small read whether it has them all.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, TypeAlias
from uuid import UUID

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub import definitions
from hub.database import Keyed
from hub.definitions import DefinitionDocument, Definitions, Version


class ProgramDocument(DefinitionDocument):
    """A version of a program, draft or activated."""

    class Settings:
        """Where programs lie and how they are found."""

        name = "program_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


class ActivationDocument(Keyed):
    """From `at` on, a program is its version `number`, whose text has this digest.

    `_id` is the idempotency key it was activated under.
    """

    program: str
    number: int
    digest: str
    edition: int
    at: datetime
    by: str

    class Settings:
        """Where activations lie and how they are found."""

        name = "program_activations"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("edition", -1)], name="edition", unique=True)]


Mark: TypeAlias = tuple[int, UUID, str, datetime] | None
"""Changes with every activation."""

DEFINITIONS: Final = Definitions(ProgramDocument, "program")


@dataclass(frozen=True, slots=True)
class Activation:
    """From `at` on, a program is this version; `edition` numbers the activations of all programs."""

    version: Version
    at: datetime
    edition: int


async def versions(name: str) -> list[ProgramDocument]:
    """Read all versions of a program, the newest first."""
    return await ProgramDocument.find({"name": name}).sort("-number").to_list()


async def load(wanted: set[Version]) -> list[ProgramDocument]:
    """Read these versions."""
    return await ProgramDocument.find({"_id": {"$in": sorted(it.id for it in wanted)}}).to_list()


async def mark() -> Mark:
    """Tell what the newest activation is, so that others know whether there is one that they have not read."""
    row = await ActivationDocument.get_pymongo_collection().find_one({}, sort=[("edition", -1)])
    return (row["edition"], row["_id"], row["digest"], row["at"]) if row else None


async def activations() -> list[Activation]:
    """Read the activations of all programs, the oldest first."""
    return [_activation(it) async for it in ActivationDocument.find().sort("edition")]


async def activated_under(key: UUID) -> Activation | None:
    """Read the activation that was made under a key."""
    found = await ActivationDocument.find_one({"_id": key})
    return _activation(found) if found else None


async def insert(activation: Activation, *, digest: str, key: UUID, by: str) -> bool:
    """Store an activation. False: somebody was faster with this edition, or under this key."""
    version = activation.version
    try:
        await ActivationDocument(
            id=key,
            program=version.name,
            number=version.number,
            digest=digest,
            edition=activation.edition,
            at=activation.at,
            by=by,
        ).insert()
    except DuplicateKeyError:
        return False
    return True


def _activation(row: ActivationDocument) -> Activation:
    return Activation(Version(row.program, row.number), row.at, row.edition)
