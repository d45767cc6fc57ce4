"""Identifiers in MongoDB.

Once one points to a profile it stays there, unless it was unverified and somebody vouches for it as another's.
"""

from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pymongo import IndexModel, UpdateOne
from pymongo.errors import BulkWriteError

from hub import database, seal
from hub.database import Keyed, Row, duplicates_of
from hub.profiles.model import CONTACTS, Identifier, IdentifierKind, Owned
from hub.seal import Personal


class IdentifierDocument(Keyed):
    """An identifier at rest. `_id` is made of kind and value."""

    kind: IdentifierKind
    value: str
    profile_id: UUID
    verified: bool
    at: datetime

    class Settings:
        """Where identifiers lie and how they are found."""

        name = "identifiers"
        personal = Personal("profile_id", ("value",))
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("profile_id", 1), ("kind", 1)], name="profile")]


async def owners(identifiers: Iterable[Identifier]) -> dict[Identifier, Owned]:
    """Look up whose these identifiers are. Those of nobody are left out."""
    wanted = [identifier.id for identifier in identifiers]
    if not wanted:
        return {}
    read = {"_id": 0, "kind": 1, "value": 1, "profile_id": 1, "verified": 1}
    found = IdentifierDocument.get_pymongo_collection().find({"_id": {"$in": wanted}}, read)
    return {owned.identifier: owned async for owned in _owned(found.batch_size(database.AT_ONCE))}


async def known(profile_ids: Collection[UUID]) -> dict[UUID, frozenset[IdentifierKind]]:
    """Tell which of these profiles are known people and by what: a user id, or a verified address.

    Returns:
        The kinds of identifier by which a profile is known. What is just a device, or an address that nobody has
        vouched for, is left out.
    """
    if not profile_ids:
        return {}
    kinds = {"$or": [{"kind": IdentifierKind.USER}, {"kind": {"$in": CONTACTS}, "verified": True}]}
    found = IdentifierDocument.get_pymongo_collection().find(
        {"profile_id": {"$in": list(profile_ids)}, **kinds}, {"profile_id": 1, "kind": 1, "_id": 0}
    )
    by: defaultdict[UUID, set[IdentifierKind]] = defaultdict(set)
    async for row in found:
        by[row["profile_id"]].add(IdentifierKind(row["kind"]))
    return {profile_id: frozenset(kinds) for profile_id, kinds in by.items()}


async def by_profile(profile_ids: Collection[UUID]) -> dict[UUID, list[Owned]]:
    """List the identifiers of these profiles. A profile without any is left out."""
    found = IdentifierDocument.get_pymongo_collection().find({"profile_id": {"$in": list(profile_ids)}})
    listed: defaultdict[UUID, list[Owned]] = defaultdict(list)
    async for owned in _owned(found.sort("_id", 1)):
        listed[owned.profile_id].append(owned)
    return listed


async def claim(claims: Sequence[Owned], *, at: datetime) -> bool:
    """Store new identifiers, each for its profile, in order, until one is taken.

    Whose a weaker identifier is follows from the stronger ones before it, so nothing is claimed after one was lost.

    Returns:
        False where another process was faster with one of them: look again whose they are.
    """
    rows = [
        seal.shut(
            IdentifierDocument,
            {
                "_id": claim.identifier.id,
                "kind": claim.identifier.kind,
                "value": claim.identifier.value,
                "profile_id": claim.profile_id,
                "verified": claim.verified,
                "at": at,
            },
        )
        for claim in claims
    ]
    if rows:
        try:
            await IdentifierDocument.get_pymongo_collection().insert_many(rows, ordered=True)
        except BulkWriteError as error:
            return not duplicates_of(error)
    return True


async def verify(identifiers: Collection[Identifier]) -> None:
    """Note that somebody has vouched for these identifiers."""
    if identifiers:
        await IdentifierDocument.get_pymongo_collection().update_many(
            {"_id": {"$in": [identifier.id for identifier in identifiers]}}, {"$set": {"verified": True}}
        )


async def win(wins: Mapping[Identifier, UUID]) -> bool:
    """Give unverified identifiers to the profiles for which somebody has vouched for them.

    Returns:
        False where one of them was verified meanwhile, for somebody else: look again whose they are.
    """
    if not wins:
        return True
    updates = [
        UpdateOne(
            {"_id": identifier.id, "$or": [{"verified": False}, {"profile_id": profile_id}]},
            {"$set": {"profile_id": profile_id, "verified": True}},
        )
        for identifier, profile_id in wins.items()
    ]
    written = await IdentifierDocument.get_pymongo_collection().bulk_write(updates, ordered=False)
    return written.matched_count == len(wins)


async def _owned(rows: AsyncIterable[Row]) -> AsyncIterator[Owned]:
    async for sealed in rows:
        row = seal.opened(IdentifierDocument, sealed)
        identifier = Identifier(IdentifierKind(row["kind"]), row["value"])
        yield Owned(identifier, row["profile_id"], verified=row["verified"])
