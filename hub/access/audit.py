"""Audit: who changed or read what, append-only, as a chain (see `chain`).

An entry holds ids and codes and never personal data, so that erasing a person never has to touch it. Its number is its
`_id`: whoever appends takes the next one, and looks again where somebody else was faster.
"""

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import beanie
import orjson
from pymongo import IndexModel
from pymongo.errors import BulkWriteError

from hub.access import chain
from hub.access.chain import Head, Verdict
from hub.access.model import Caller, CallerKind
from hub.access.names import Names
from hub.database import Row, duplicates_of
from hub.definitions import Published
from hub.kit import ids
from hub.kit.pages import Page, Place, Span

READ: Final = "read profiles"
"""What staff did who were shown something of a person."""

_LONGEST_PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Change:
    """What was done: `what` in one or two words, to which `subject`, and how that stood before and after.

    Ids, numbers and codes only. `brands` and `stores` are those that it is about, if any: who reads the audit and is
    limited to others is not shown it.
    """

    what: str
    subject: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    brands: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()


def publication(what: str, published: Published) -> Change | None:
    """Say that a definition was published; nothing where nothing has changed."""
    number = published.version.number
    before = {"version": number - 1} if number > 1 else None
    return Change(what, published.version.name, before, {"version": number}) if published.new else None


def deletion(what: str, deleted: Published) -> Change:
    """Say that a definition was deleted."""
    return Change(what, deleted.version.name, {"version": deleted.version.number - 1}, None)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, by a name that may stay for good."""

    kind: str
    subject: str
    roles: tuple[str, ...] = ()

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Name a caller. A customer's user id may be their address: they are named by its key, or by their profile."""
        subject = _customer(caller) if caller.kind is CallerKind.CUSTOMER else caller.subject
        return cls(caller.kind.value, subject, tuple(sorted(caller.roles)))


OPERATOR: Final = Actor("operator", "cli")
"""Whoever may run the `hub` command on the machine; which person that is, only the machine knows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A change as the audit tells it; `number` is its place in the chain."""

    number: int
    hash: str
    actor: Actor
    change: Change
    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a reader wants: those that match all that is given. `actor` holds all that one is called by.

    `brands` and `stores` are what the reader is limited to: entries about others are left out.
    """

    subject: str | None = None
    actor: frozenset[str] | None = None
    what: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    brands: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()


class EntryDocument(beanie.Document):
    """An entry at rest. `cause` names what it tells of: the same is told once."""

    id: int  # type: ignore[assignment]  # Beanie declares an ObjectId that a document may replace
    previous: str
    hash: str
    actor: dict[str, Any]
    what: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    at: datetime
    request_id: str
    cause: UUID | None = None
    brands: list[str] | None = None
    stores: list[str] | None = None

    class Settings:
        """Where entries lie and how they are found."""

        name = "audit"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("cause", 1)], name="cause", unique=True, partialFilterExpression={"cause": {"$type": "binData"}}
            ),
            IndexModel([("subject", 1), ("_id", -1)], name="subject"),
            IndexModel([("after.profiles", 1), ("_id", -1)], name="profiles", sparse=True),
            IndexModel([("actor.subject", 1), ("_id", -1)], name="actor"),
            IndexModel([("what", 1), ("_id", -1)], name="what"),
        ]


class _Appender:
    """Appends for one process. What is to be told at the same time is told in one write: the chain has one end."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Sequence[Row], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def append(self, rows: Sequence[Row]) -> None:
        """Append rows, in this order, and come back when they are durable."""
        told = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, told))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await told

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                failure: Exception | None = None
                try:
                    await _append([row for rows, _ in batch for row in rows])
                except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                    failure = error
                for _, told in batch:
                    if told.done():
                        continue  # nobody waits for it any more
                    if failure:
                        told.set_exception(failure)
                    else:
                        told.set_result(None)
        finally:
            self._writing = None


_APPENDER: Final = _Appender()


async def _append(rows: Sequence[Row]) -> None:
    """Chain rows to the last entry, and look again where another process was faster."""
    collection = EntryDocument.get_pymongo_collection()
    while rows:
        last = await collection.find_one({}, {"hash": 1}, sort=[("_id", -1)])
        head = Head(last["_id"], last["hash"]) if last else Head()
        try:
            await collection.insert_many(chain.linked(rows, head), ordered=True)
        except BulkWriteError as error:
            # In order: what stands before the first duplicate is stored.
            (place,) = duplicates_of(error)
            told_already = "cause" in error.details["writeErrors"][0]["keyPattern"]
            rows = rows[place + told_already :]
            await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - to part, not to hide
        else:
            return


async def record(
    by: Caller | Actor, *changes: Change, request_id: str = "", at: datetime | None = None, cause: UUID | None = None
) -> None:
    """Append what somebody did, durable before this returns.

    Args:
        by: who did it.
        changes: what they did, in this order; those of one request in one write.
        request_id: the request it was done in; empty where there was none.
        at: when; now, if left out.
        cause: the key of what is told, with one change only: telling it again appends nothing.
    """
    actor = Actor.of(by) if isinstance(by, Caller) else by
    when = at or datetime.now(UTC)
    rows = [_row_of(actor, change, when, request_id) for change in changes]
    await _APPENDER.append([{**row, "cause": cause} for row in rows] if cause else rows)


async def record_reading(
    caller: Caller, profile_ids: Collection[UUID], *, details: Collection[str] = (), request_id: str, at: datetime
) -> None:
    """Append that something of these persons was shown: one entry, which names their profiles.

    `details` are the fields that were shown of those whose fields are granted one by one.
    """
    after = {"profiles": sorted(str(profile_id) for profile_id in profile_ids)}
    after |= {"details": sorted(details)} if details else {}
    await record(caller, Change(READ, "profiles", None, after), request_id=request_id, at=at)


async def verify(noted: Head | None = None) -> Verdict:
    """Walk all entries, and name the first at which somebody tampered. `noted` is a head written down before."""
    return await chain.verdict(EntryDocument.get_pymongo_collection().find().sort("_id", 1), noted)


async def called(actor: str, names: Names) -> frozenset[str]:
    """List all that an actor may be called by: an id, or the key of a customer's user id.

    Entries from before the keys had a secret in them have another key, for they never change.
    """
    return frozenset({actor, await names.of_customer(actor), str(ids.key_of("customer", actor))})


async def page(wanted: Wanted, span: Span) -> Page[Entry]:
    """Read a page of entries, the last one first."""
    bounds = [{"_id": {"$lt": span.after.id.int}}] if span.after else []
    bounds += [{"_id": {"$gt": span.before.id.int}}] if span.before else []
    where = {"$and": [*_where(wanted), *bounds, {}]}
    found = EntryDocument.get_pymongo_collection().find(where).sort("_id", 1 if span.last else -1).limit(span.limit + 1)
    return Page.cut(span, [(Place(row["at"], UUID(int=row["_id"])), _entry_of(row)) async for row in found])


def _customer(caller: Caller) -> str:
    if caller.profile_id is not None:
        return f"profile:{caller.profile_id}"
    if not caller.key:
        raise ValueError("A customer who does something has a key, for the audit to name them by.")
    return caller.key


def _row_of(actor: Actor, change: Change, at: datetime, request_id: str) -> Row:
    return {
        "actor": {"kind": actor.kind, "subject": actor.subject, "roles": list(actor.roles)},
        "what": change.what,
        "subject": change.subject,
        "before": _plain(change.before),
        "after": _plain(change.after),
        # As MongoDB keeps it, or the hash would not be found again.
        "at": at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000),
        "request_id": request_id,
        # Left out where there are none, as in entries from before they were told.
        **({"brands": sorted(change.brands)} if change.brands else {}),
        **({"stores": sorted(change.stores)} if change.stores else {}),
    }


def _plain(values: Mapping[str, Any] | None) -> Any:
    """Make of ids, times and enums the text that they are read back as."""
    return None if values is None else orjson.loads(orjson.dumps(values, default=str))


def _where(wanted: Wanted) -> list[Row]:
    asked: list[Row] = []
    if wanted.subject is not None:
        asked.append({"$or": [{"subject": wanted.subject}, {"after.profiles": wanted.subject}]})
    if wanted.actor is not None:
        asked.append({"actor.subject": {"$in": sorted(wanted.actor)}})
    if wanted.what is not None:
        asked.append({"what": wanted.what})
    if wanted.since is not None:
        asked.append({"at": {"$gte": wanted.since}})
    if wanted.until is not None:
        asked.append({"at": {"$lt": wanted.until}})
    for name, own in (("brands", wanted.brands), ("stores", wanted.stores)):
        if own:
            asked.append({name: {"$not": {"$elemMatch": {"$nin": sorted(own)}}}})
    return asked


def _entry_of(row: Row) -> Entry:
    actor = Actor(row["actor"]["kind"], row["actor"]["subject"], tuple(row["actor"]["roles"]))
    about = (frozenset(row.get(name) or ()) for name in ("brands", "stores"))
    change = Change(row["what"], row["subject"], row["before"], row["after"], *about)
    return Entry(row["_id"], row["hash"], actor, change, row["at"], row["request_id"])
