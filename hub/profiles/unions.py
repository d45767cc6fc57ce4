"""Unions: the writes by which a person's decision makes two profiles one, or two again, each in one transaction."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from hub import seal
from hub.database import Keyed, Row
from hub.events.announcing import Announcement
from hub.events.store import EventDocument
from hub.profiles import clashes, store
from hub.profiles.model import Profile, Unranked
from hub.profiles.store import ProfileDocument

Also: TypeAlias = Callable[[AsyncClientSession], Awaitable[bool]]
"""What belongs to two profiles and is changed with them, in their transaction."""


class Decided(StrEnum):
    """What a person has decided of two profiles."""

    MERGED = "merged"
    UNMERGED = "unmerged"


class UnionDocument(Keyed):
    """A decision at rest. `_id` is the key of the request, so that it is carried out once."""

    head: UUID
    other: UUID
    decided: Decided
    at: datetime

    class Settings:
        """Where decisions on who is who lie."""

        name = "unions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("head", 1), ("at", 1)], name="head")]


async def decided(key: UUID) -> UUID | None:
    """Tell of which head a request has decided already."""
    row = await UnionDocument.get_pymongo_collection().find_one({"_id": key}, {"head": 1})
    return None if row is None else row["head"]


async def unite(
    head: Profile,
    other: Profile,
    also: Also,
    *,
    key: UUID,
    announcements: Collection[Announcement],
    now: datetime,
) -> bool:
    """Save a head that has taken another profile in, and point that one to it.

    Args:
        head: as it is to be, with the `rev` that was read.
        other: as it was read.
        also: what is done in the same transaction. False from it: not now, and nothing is written.
        key: of the request.
        announcements: what the hub says of it.
        now: the time.

    Returns:
        False where one of them was changed meanwhile, and nothing was written.
    """

    async def write(session: AsyncClientSession) -> None:
        await _save(head, session)
        await _change(other, {"absorbed_by": head.id, "unranked": store.unranked_row(Unranked.LOUD)}, session)
        await clashes.resolve(head.own_ids, other.own_ids, session=session)
        union = UnionDocument(id=key, head=head.id, other=other.id, decided=Decided.MERGED, at=now)
        await _note(union, announcements, session)
        await _do(also, session)

    return await _together(write)


async def divide(
    head: Profile,
    other: Profile,
    also: Also,
    *,
    key: UUID,
    announcements: Collection[Announcement],
    now: datetime,
) -> bool:
    """Save a head that has let another profile go, and that one as its own head.

    The arguments and what is returned are those of `unite`; both profiles are as they are to be.
    """

    async def write(session: AsyncClientSession) -> None:
        await _save(head, session)
        await _save(other, session, absorbed_by=None)
        union = UnionDocument(id=key, head=head.id, other=other.id, decided=Decided.UNMERGED, at=now)
        await _note(union, announcements, session)
        await _do(also, session)

    return await _together(write)


class _Changed(Exception):
    """A profile is no longer as it was read, or what belongs to it."""


async def _do(also: Also, session: AsyncClientSession) -> None:
    if not await also(session):
        raise _Changed


async def _together(write: Callable[[AsyncClientSession], Awaitable[None]]) -> bool:
    client = ProfileDocument.get_pymongo_collection().database.client
    async with client.start_session() as session:
        try:
            await session.with_transaction(write)
        except _Changed:
            return False
    return True


async def _save(profile: Profile, session: AsyncClientSession, **changes: object) -> None:
    await _change(profile, {**store.whole_row(profile), **changes}, session)


async def _change(profile: Profile, changes: Row, session: AsyncClientSession) -> None:
    written = await ProfileDocument.get_pymongo_collection().update_one(
        {"_id": profile.id, "rev": profile.rev}, {"$set": changes, "$inc": {"rev": 1}}, session=session
    )
    if not written.matched_count:
        raise _Changed


async def _note(union: UnionDocument, announcements: Collection[Announcement], session: AsyncClientSession) -> None:
    row = union.model_dump(exclude={"id", "revision_id"})
    await UnionDocument.get_pymongo_collection().insert_one({"_id": union.id, **row}, session=session)
    rows = [seal.shut(EventDocument, it.row(union.at, place)) for place, it in enumerate(announcements)]
    await EventDocument.get_pymongo_collection().insert_many(rows, session=session)
