"""The one place that makes a MongoDB client."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import beanie
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, IndexModel, monitoring
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidURI,
    OperationFailure,
    WTimeoutError,
)

from hub.kit.errors import TryLater
from hub.kit.pages import Page, Place, Span
from hub.settings import Settings

Row: TypeAlias = dict[str, Any]
"""A document as the driver gives it. Hot paths read rows by projection, not Beanie documents."""

Client: TypeAlias = AsyncMongoClient[Row]
Database: TypeAlias = AsyncDatabase[Row]
Rows: TypeAlias = AsyncCollection[Any]

OwnIds: TypeAlias = tuple[UUID, ...]
"""The ids under which an owner's rows lie: those of a profile and of the profiles it absorbed."""

Owner = TypeVar("Owner", bound=tuple[Any, ...])
"""What rows are found by, several at once: the ids of a profile, or whatever else they name."""

EVERY_ROW: Final[Mapping[str, Any]] = MappingProxyType({})
"""The condition that every row meets."""

DEFAULT_NAME = "hub"
APP_NAME: Final = "engagement-hub"
"""By which MongoDB knows the connections of the hub."""
DUPLICATE_KEY = 11000
AT_ONCE: Final = 10_000
"""Rows that a cursor brings with its first answer, where all are wanted; by itself it brings 101, and then more."""
AWAY_SECONDS: Final = 2
"""After which time to ask again when the database did not answer."""
_CHANGED_INDEX: Final = frozenset({85, 86})
"""An index of this name is there with other options, or with another key."""
_META = "meta"
_SCHEMA = "schema"
CODEC: CodecOptions[Mapping[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)
"""How a value becomes BSON: standard UUIDs, aware times."""


class Keyed(beanie.Document):
    """A document whose `_id` is a UUID: the key that makes its writing repeatable, or a new id in order of time."""

    id: UUID  # type: ignore[assignment]  # Beanie declares an ObjectId that a document may replace


class Named(beanie.Document):
    """A document whose `_id` is the name people gave it."""

    id: str  # type: ignore[assignment]  # as above


def connect(settings: Settings, *listeners: monitoring.CommandListener) -> Client:
    """Make the client of this process. Writes are acknowledged by the majority, from the journal.

    The driver does not repeat writes: whoever wants one done repeats it under its key (docs/adr/0010).

    Raises:
        InvalidURI, ConfigurationError: the address is none.
    """
    try:
        return AsyncMongoClient(
            settings.mongo_url.get_secret_value(),
            uuidRepresentation="standard",
            tz_aware=True,
            w="majority",
            journal=True,
            retryWrites=False,
            appname=APP_NAME,
            serverSelectionTimeoutMS=settings.mongo_timeout_ms,
            event_listeners=listeners,
        )
    except ValueError:
        # So the driver says that a port is no number, among others; its words may repeat the address.
        raise InvalidURI("The address of MongoDB is none.") from None


async def use(client: Client, documents: Sequence[type[beanie.Document]]) -> Database:
    """Bind the documents to the database of the client's URL (`hub` if it names none), making nothing."""
    database = client.get_default_database(DEFAULT_NAME)
    await beanie.init_beanie(database=database, document_models=documents, skip_indexes=True)
    return database


async def migrate(client: Client, documents: Sequence[type[beanie.Document]]) -> Database:
    """Make every collection and index that the documents name. Repeating it changes nothing.

    An index whose definition has changed is made anew.
    """
    database = client.get_default_database(DEFAULT_NAME)
    present = set(await database.list_collection_names())
    for document in documents:
        name = str(document.Settings.name)
        if name not in present:
            await database.create_collection(name)
    await use(client, documents)
    for document in documents:
        for index in getattr(document.Settings, "indexes", []):
            await _make(index, document)
    await database[_META].replace_one({"_id": _SCHEMA}, {"digest": _digest(documents)}, upsert=True)
    return database


async def _make(index: IndexModel, document: type[beanie.Document]) -> None:
    collection = document.get_pymongo_collection()
    try:
        await collection.create_indexes([index])
    except OperationFailure as error:
        if error.code not in _CHANGED_INDEX:
            raise
        # A name is taken by what an earlier version meant by it: that one goes, for nobody asks for it any more.
        await collection.drop_index(index.document["name"])
        await collection.create_indexes([index])


async def migrated(client: Client, documents: Sequence[type[beanie.Document]]) -> bool:
    """Tell whether the database has the collections and indexes that this version of the hub needs."""
    row = await client.get_default_database(DEFAULT_NAME)[_META].find_one({"_id": _SCHEMA})
    return row is not None and row["digest"] == _digest(documents)


def _digest(documents: Sequence[type[beanie.Document]]) -> str:
    wanted = [
        (str(document.Settings.name), [index.document for index in getattr(document.Settings, "indexes", [])])
        for document in documents
    ]
    return hashlib.sha256(repr(sorted(wanted, key=itemgetter(0))).encode()).hexdigest()


async def insert_once(document: type[beanie.Document], rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Insert rows whose `_id` is their key, in one unordered write: a row that is stored already stays as it is.

    Returns:
        The places, in `rows`, of those that were stored already.
    """
    return await insert_into(document.get_pymongo_collection(), rows)


async def insert_into(
    collection: Rows, rows: Sequence[Mapping[str, Any]], *, session: AsyncClientSession | None = None
) -> set[int]:
    """Insert rows into a collection, as `insert_once`."""
    if not rows:
        return set()
    try:
        await collection.insert_many(rows, ordered=False, session=session)
    except BulkWriteError as error:
        return duplicates_of(error)
    return set()


def duplicates_of(error: BulkWriteError) -> set[int]:
    """Tell which operations of a bulk met a key that is taken.

    Raises:
        BulkWriteError: the same error, if anything else went wrong.
    """
    failures = error.details["writeErrors"]
    if error.details["writeConcernErrors"] or any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return {failure["index"] for failure in failures}


_AWAY_CODES: Final = frozenset({6, 7, 50, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 100, 175})
"""Server errors that speak of the server, not of what it was asked: unreachable, shutting down, electing, timed out."""


def is_away(error: BaseException) -> bool:
    """Tell whether the database could not be asked, as against an operation that it will refuse again and again."""
    if isinstance(error, ConnectionFailure | ExecutionTimeout | WTimeoutError):
        return True
    if isinstance(error, BulkWriteError):
        failures = [*error.details["writeErrors"], *error.details["writeConcernErrors"]]
        return any(failure.get("code") in _AWAY_CODES for failure in failures)
    if isinstance(error, OperationFailure):
        return error.code in _AWAY_CODES or error.has_error_label("RetryableWriteError")
    return False


class DatabaseAway(TryLater):
    """The database could not be asked. What was asked for may have been done: its key makes asking again safe."""

    code = "UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The database does not answer. Ask again in a moment.", retry_after=AWAY_SECONDS)


async def page(document: type[beanie.Document], wanted: Span, *, by: str, where: Mapping[str, Any]) -> Page[Row]:
    """Read one page of the rows that match, sorted by the time `by` and `_id`, newest first."""
    stages: list[Row] = [{"$match": where}, *_stages(wanted, by)]
    found = await document.get_pymongo_collection().aggregate(stages)
    return _page(wanted, by, await found.to_list())


async def pages(
    document: type[beanie.Document],
    owners: Collection[Owner],
    wanted: Span,
    *,
    by: str,
    where: Mapping[str, Any] = EVERY_ROW,
    of: str = "profile_id",
) -> dict[Owner, Page[Row]]:
    """Read the same page of every one of these owners, of their rows that match, in one command.

    Each `$lookup` is a query of its own on the index of `of` (the field that names the owner), `by` and `_id`, so that
    no more rows are read of an owner than its page has: to group or rank them would read all that each ever had.
    """
    if not owners:
        return {}
    listed = list(owners)
    stages: list[Row] = [
        # Whose own id is the only one is asked for by equality, which walks the index in the order of the page.
        {"$documents": [{"_id": n, "own": own[0] if len(own) == 1 else list(own)} for n, own in enumerate(listed)]},
        {
            "$lookup": {
                "from": document.get_pymongo_collection().name,
                "localField": "own",
                "foreignField": of,
                "pipeline": [{"$match": dict(where)}, *_stages(wanted, by)],
                "as": "rows",
            }
        },
    ]
    found = await document.get_pymongo_collection().database.aggregate(stages)
    return {listed[row["_id"]]: _page(wanted, by, row["rows"]) async for row in found}


def _stages(wanted: Span, by: str) -> list[Row]:
    bounds = [
        # The first line is the bound that the index understands, the second leaves out what stands at the same time.
        {by: {closed: place.at}, "$or": [{by: {open_: place.at}}, {"_id": {open_: place.id}}]}
        for place, closed, open_ in ((wanted.after, "$lte", "$lt"), (wanted.before, "$gte", "$gt"))
        if place is not None
    ]
    direction = 1 if wanted.last else -1
    return [
        *({"$match": bound} for bound in bounds),
        {"$sort": {by: direction, "_id": direction}},
        {"$limit": wanted.limit + 1},
    ]


def _page(wanted: Span, by: str, rows: Sequence[Row]) -> Page[Row]:
    return Page.cut(wanted, [(Place(row[by], row["_id"]), row) for row in rows])
