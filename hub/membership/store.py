"""Enrolments in MongoDB: one for a person and a program, written once, and `open` until it is announced."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel

from hub import seal
from hub.database import Keyed, OwnIds, Row, insert_once
from hub.kit import ids
from hub.membership.model import Enrolment, Joining, Way, oldest
from hub.seal import Personal


class EnrolmentDocument(Keyed):
    """An enrolment at rest. `_id` is made of program and profile. Only `open` ever changes, and only once."""

    profile_id: UUID
    program: str
    joined_at: datetime
    way: Way
    store_id: str | None
    campaign: str | None
    associate_id: str | None
    consent_version: str | None
    cause: UUID
    open: bool

    class Settings:
        """Where enrolments lie and how they are found."""

        name = "enrolments"
        personal = Personal("profile_id", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1)], name="profile"),
            IndexModel([("program", 1), ("joined_at", 1)], name="joined"),
            IndexModel([("store_id", 1), ("joined_at", 1)], name="store"),
            IndexModel([("joined_at", 1)], name="open", partialFilterExpression={"open": True}),
        ]


def id_of(program: str, profile_id: UUID) -> UUID:
    """Make the key of an enrolment."""
    return ids.key_of("enrolment", program, profile_id)


async def insert(enrolment: Enrolment) -> Enrolment:
    """Store an enrolment and give the one that stands: an earlier one of the same person and program stays."""
    if not await insert_once(EnrolmentDocument, [_row_of(enrolment)]):
        return enrolment
    row = await EnrolmentDocument.get_pymongo_collection().find_one({"_id": enrolment.id})
    return _enrolment_of(row) if row else enrolment


async def of(owners: Collection[OwnIds]) -> dict[OwnIds, list[Enrolment]]:
    """Read in which programs people are, by the program's name. Who is in none is left out."""
    owner_of = {profile_id: own_ids for own_ids in owners for profile_id in own_ids}
    found: defaultdict[OwnIds, list[Enrolment]] = defaultdict(list)
    rows = EnrolmentDocument.get_pymongo_collection().find({"profile_id": {"$in": list(owner_of)}})
    async for row in rows:
        found[owner_of[row["profile_id"]]].append(_enrolment_of(row))
    return {own_ids: oldest(them) for own_ids, them in found.items()}


async def joined(program: str, since: datetime, until: datetime) -> AsyncIterator[Enrolment]:
    """Read who joined a program in a time, from `since` to before `until`, the earliest first."""
    where = {"program": program, "joined_at": {"$gte": since, "$lt": until}}
    async for row in EnrolmentDocument.get_pymongo_collection().find(where).sort("joined_at", 1):
        yield _enrolment_of(row)


async def joined_in(store_id: str, way: Way, since: datetime, until: datetime) -> int:
    """Count who joined any program in a store by one way, from `since` to before `until`."""
    where = {"store_id": store_id, "way": way.value, "joined_at": {"$gte": since, "$lt": until}}
    return await EnrolmentDocument.get_pymongo_collection().count_documents(where)


async def close(enrolment_ids: Collection[UUID]) -> None:
    """Note that enrolments are announced."""
    await EnrolmentDocument.get_pymongo_collection().update_many(
        {"_id": {"$in": list(enrolment_ids)}, "open": True}, {"$set": {"open": False}}
    )


async def left_open(*, before: datetime, limit: int) -> list[Enrolment]:
    """Read enrolments that somebody stored and did not announce, the oldest first."""
    found = EnrolmentDocument.get_pymongo_collection().find({"open": True, "joined_at": {"$lt": before}})
    return [_enrolment_of(row) async for row in found.sort("joined_at", 1).limit(limit)]


def _row_of(enrolment: Enrolment) -> Row:
    joining = enrolment.joining
    row: Row = {
        "_id": enrolment.id,
        "profile_id": enrolment.profile_id,
        "program": enrolment.program,
        "joined_at": enrolment.joined_at,
        "way": joining.way.value,
        "store_id": joining.store_id,
        "campaign": joining.campaign,
        "associate_id": joining.associate_id,
        "consent_version": joining.consent_version,
        "cause": enrolment.cause,
        "open": True,
    }
    return seal.shut(EnrolmentDocument, row)


def _enrolment_of(sealed: Row) -> Enrolment:
    row: Any = seal.opened(EnrolmentDocument, sealed)
    return Enrolment(
        id=row["_id"],
        program=row["program"],
        profile_id=row["profile_id"],
        joined_at=row["joined_at"],
        joining=Joining(Way(row["way"]), row["store_id"], row["campaign"], row["associate_id"], row["consent_version"]),
        cause=row["cause"],
    )
