"""Purses and postings in MongoDB.

A purse changes by compare-and-set on its `rev`, together with the posting that changes it: the posting lies in its
outbox until it is copied out. Readers therefore read a purse first and the postings after it, and take what they find
twice as one.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from hub import database, seal
from hub.database import Keyed, Row
from hub.ledger import parts, rows
from hub.ledger.model import Born, Posting, Purse, purse_id
from hub.seal import Erasure, Personal


class PurseDocument(Keyed):
    """A purse at rest. `_id` is made of program and owner.

    Attributes:
        outbox: postings that may not be copied out yet, each with what was born with it.
        unflushed_at: since when there are any.
        due: when the next of its points expire.
    """

    rev: int
    program: str
    owner: UUID
    wallets: dict[str, dict[str, Any]]
    numbered: int
    outbox: list[dict[str, Any]]
    unflushed_at: datetime | None = None
    moved_to: UUID | None = None
    due: datetime | None = None

    class Settings:
        """Where purses lie and how they are found."""

        name = "wallets"
        # What of a posting is personal is sealed in the outbox as well, and blanked when it has been copied out.
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("owner", 1), ("program", 1)], name="owner"),
            IndexModel([("program", 1), ("due", 1)], name="due"),
            IndexModel([("unflushed_at", 1)], name="unflushed", sparse=True),
            IndexModel([("outbox.born.row._id", 1)], name="born", sparse=True),
        ]


class PostingDocument(Keyed):
    """A posting at rest, with its entries: it never changes. `_id` is made of the program and the posting's key."""

    program: str
    owner: UUID
    number: int
    digest: str
    at: datetime
    booked_at: datetime
    cause: str
    reason: str | None
    channel: str | None
    brand: str | None
    store: str | None
    by: str | None
    detail: dict[str, Any]
    origins: list[str]
    entries: list[dict[str, Any]]
    balances: dict[str, int]

    class Settings:
        """Where postings lie and how they are found."""

        name = "postings"
        # The movement stays, for the books. Where somebody was, and what was known of them then, does not.
        personal: ClassVar[Personal | None] = Personal("owner", ("store", "by", "detail"), Erasure.BLANK)
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("owner", 1), ("program", 1), ("at", -1), ("_id", -1)], name="statement"),
            IndexModel([("origins", 1)], name="origins"),
        ]


async def load(program: str, owners: Collection[UUID]) -> dict[UUID, Purse]:
    """Read purses by their owner; an empty one where there is none.

    Where one has gone over into another, that one is what its owner has.
    """
    found: dict[UUID, Purse] = {}
    wanted = {owner: owner for owner in owners}
    while wanted:
        stored = await read(program, set(wanted.values()))
        for asked, owner in list(wanted.items()):
            purse = stored.get(owner) or Purse(program, owner)
            if purse.moved_to is None:
                found[asked] = purse
                del wanted[asked]
            else:
                wanted[asked] = purse.moved_to
    return found


async def read(program: str, owners: Collection[UUID]) -> dict[UUID, Purse]:
    """Read purses as they are, gone over into others or not. Those that do not exist are left out."""
    found = await parts.of_each(_found, [purse_id(program, owner) for owner in owners])
    return {purse.owner: purse for some in found for purse in some}


async def _found(ids: Sequence[UUID]) -> list[Purse]:
    found = PurseDocument.get_pymongo_collection().find({"_id": {"$in": ids}})
    return [purse_of(row) for row in await found.batch_size(database.AT_ONCE).to_list()]


async def postings(keys: Collection[UUID], program: str, origins: Collection[str]) -> dict[UUID, Posting]:
    """Read of a program the copied postings that have one of these ids, or are about one of these origins."""
    wanted: list[Row] = [{"_id": {"$in": list(keys)}}]
    if origins:
        wanted.append({"origins": {"$in": list(origins)}, "program": program})
    found = PostingDocument.get_pymongo_collection().find(wanted[0] if len(wanted) == 1 else {"$or": wanted})
    return {row["_id"]: posting_of(row) for row in await found.batch_size(database.AT_ONCE).to_list()}


async def save(
    changes: Sequence[tuple[Purse, Purse]], *, now: datetime, session: AsyncClientSession | None = None
) -> bool:
    """Write purses (as they were read, as they are to be), each only where its `rev` is still the one that was read.

    Returns:
        Whether all were written. If not, which of them were is found by looking again.
    """
    purses = PurseDocument.get_pymongo_collection()
    new = [_new_row(after, now) for before, after in changes if not before.rev]
    taken = await database.insert_into(purses, new, session=session)
    updates = [_update(before, after, now) for before, after in changes if before.rev]
    if not updates or taken:
        return not taken
    if len(changes) == 1:  # the driver does one by itself at half the cost of a bulk of one
        one = await purses.update_one(*updates[0], session=session)
        return bool(one.matched_count)
    written = await purses.bulk_write([UpdateOne(*it) for it in updates], ordered=False, session=session)
    return written.matched_count == len(updates)


def _update(before: Purse, after: Purse, now: datetime) -> tuple[Row, Row]:
    return {"_id": before.id, "rev": before.rev}, _change(before, after, now)


async def together(write: Callable[[AsyncClientSession], Awaitable[bool]]) -> bool:
    """Write in one transaction. What gives False is undone, and False is given."""
    async with PurseDocument.get_pymongo_collection().database.client.start_session() as session:
        try:
            await session.with_transaction(partial(_all_or_nothing, write))
        except _Undone:
            return False
    return True


class _Undone(Exception):
    """Nothing of a transaction is to stay."""


async def _all_or_nothing(write: Callable[[AsyncClientSession], Awaitable[bool]], session: AsyncClientSession) -> None:
    if not await write(session):
        raise _Undone


def _new_row(purse: Purse, now: datetime) -> Row:
    return {
        "_id": purse.id,
        "rev": 1,
        "program": purse.program,
        "owner": purse.owner,
        "wallets": {currency: rows.wallet_row(it) for currency, it in purse.wallets.items()},
        "numbered": purse.numbered,
        "outbox": [_boxed(it) for it in purse.outbox],
        "unflushed_at": now,
        "due": purse.due,
        **({"moved_to": purse.moved_to} if purse.moved_to else {}),
    }


def _change(before: Purse, after: Purse, now: datetime) -> Row:
    changed: Row = {"rev": before.rev + 1, "numbered": after.numbered, "due": after.due}
    pushed: Row = {}
    for currency, it in after.wallets.items():
        path, was = f"wallets.{currency}", before.wallets.get(currency)
        if was is None:
            changed[path] = rows.wallet_row(it)
        elif was is not it:
            set_, push = rows.wallet_changes(path, was, it)
            changed |= set_
            pushed |= push
    if after.moved_to != before.moved_to:
        changed["moved_to"] = after.moved_to
    there = len(before.outbox)
    if there and after.outbox[:there] == before.outbox:
        pushed["outbox"] = {"$each": [_boxed(it) for it in after.outbox[there:]]}
    else:
        # Those before have been copied out, or there were none.
        changed |= {"outbox": [_boxed(it) for it in after.outbox], "unflushed_at": now}
    return {"$set": changed, **({"$push": pushed} if pushed else {})}


async def due(program: str, by: datetime, limit: int) -> list[Purse]:
    """Read purses of a program of whose points some expire by then, the earliest first."""
    found = PurseDocument.get_pymongo_collection().find({"program": program, "due": {"$lte": by}})
    rows_ = await found.sort("due", 1).limit(limit).batch_size(database.AT_ONCE).to_list()
    return [purse_of(row) for row in rows_]


async def expiring(program: str, by: datetime, batch: int) -> AsyncIterator[list[Purse]]:
    """Read all purses of a program of whose points some expire by then, in batches."""
    found = PurseDocument.get_pymongo_collection().find({"program": program, "due": {"$lte": by}}).batch_size(batch)
    rows_: list[Row] = []
    async for row in found:
        rows_.append(row)
        if len(rows_) == batch:
            yield [purse_of(it) for it in rows_]
            rows_.clear()
    if rows_:
        yield [purse_of(it) for it in rows_]


async def each(program: str, after: UUID | None, limit: int) -> list[Purse]:
    """Read purses of a program by their `_id`, from the one after this."""
    wanted: Row = {"program": program, **({"_id": {"$gt": after}} if after else {})}
    found = PurseDocument.get_pymongo_collection().find(wanted).sort("_id", 1).limit(limit)
    return [purse_of(row) for row in await found.batch_size(database.AT_ONCE).to_list()]


async def all_of(owner: UUID, session: AsyncClientSession | None = None) -> dict[str, Purse]:
    """Read all purses of an owner as they are, by program."""
    found = PurseDocument.get_pymongo_collection().find({"owner": owner}, session=session)
    return {row["program"]: purse_of(row) async for row in found}


async def end_of(purse: Purse, session: AsyncClientSession) -> Purse:
    """Follow a purse that has gone over into another, and give the one that has its points."""
    while purse.moved_to is not None:
        row = await PurseDocument.get_pymongo_collection().find_one(
            {"_id": purse_id(purse.program, purse.moved_to)}, session=session
        )
        purse = purse_of(row) if row else Purse(purse.program, purse.moved_to)
    return purse


async def staying(owners: Collection[UUID]) -> set[UUID]:
    """Tell which of these owners have a purse that has not gone over into another."""
    wanted = {"owner": {"$in": list(owners)}, "moved_to": None}
    return set(await PurseDocument.get_pymongo_collection().distinct("owner", wanted))


async def last_about(origin: str, program: str, owner: UUID) -> Posting | None:
    """Read the last copied posting of a purse that is about an origin."""
    wanted = {"origins": origin, "program": program, "owner": owner}
    row = await PostingDocument.get_pymongo_collection().find_one(wanted, sort=[("number", -1)])
    return row and posting_of(row)


def purse_of(row: Mapping[str, Any]) -> Purse:
    """Make a purse of its row."""
    return rows.purse_of(row, tuple(unboxed(it) for it in row["outbox"]))


def posting_of(row: Mapping[str, Any]) -> Posting:
    """Make a posting of its row."""
    return rows.posting_of(seal.opened(PostingDocument, row))


def sealed(posting: Posting) -> Mapping[str, Any]:
    """Give the row of a posting as it is stored, without what was born with it."""
    return posting.stored or seal.shut(PostingDocument, rows.posting_row(posting))


def unboxed(row: Mapping[str, Any]) -> Posting:
    """Make a posting of its row in an outbox."""
    if "born" not in row:
        return rows.posting_of(seal.opened(PostingDocument, row), stored=row)
    born = tuple(Born(it["collection"], it["row"]) for it in row["born"])
    stored = {name: value for name, value in row.items() if name != "born"}
    return rows.posting_of(seal.opened(PostingDocument, stored), born, stored)


def _boxed(posting: Posting) -> Mapping[str, Any]:
    if not posting.born:
        return sealed(posting)
    return {**sealed(posting), "born": [{"collection": it.collection, "row": it.row} for it in posting.born]}
