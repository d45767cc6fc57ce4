"""Rankings in MongoDB: everybody's place, and in one document where each end of each ranking begins.

The places are those that were counted last. `keeping` writes them, together with the boundaries, in one transaction; so
that both always agree, whatever profiles are doing meanwhile.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, Self
from uuid import UUID

import beanie
from pymongo import DeleteOne, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from hub import database
from hub.conditions.model import End, Path, Ranked
from hub.database import Named, Row
from hub.profiles.store import ProfileDocument
from hub.rankings.model import Boundaries, Place, expression
from hub.seal import Personal

FORWARD: Final = [("value", -1), ("profile_id", 1)]
"""The order of a ranking, from its top to its bottom."""
BACKWARD: Final = [("value", 1), ("profile_id", -1)]

_ALL: Final = "all"


class PlaceDocument(beanie.Document):
    """Where a profile stood by one number, such as `purchases.sum`, when it was counted last."""

    profile_id: UUID
    number: str
    value: float

    class Settings:
        """Where places lie and how they are found: by whose they are, and in their order."""

        name = "places"
        personal = Personal("profile_id", ("value",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1), ("number", 1)], name="owner", unique=True),
            IndexModel([("number", 1), *FORWARD], name="order"),
        ]


class RankingsDocument(Named):
    """What is known of all rankings; there is one."""

    rev: int
    populations: list[dict[str, Any]]
    ends: list[dict[str, Any]]
    spans: list[dict[str, Any]]
    odd: int

    class Settings:
        """Where the boundaries lie."""

        name = "rankings"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


@dataclass(frozen=True, slots=True)
class Kept:
    """An end of a ranking: its boundary, and how many are in. None where they are not counted yet."""

    boundary: Place | None
    members: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """All between two places of a number, both included, whom a boundary has passed; None is the end of all.

    `silent` are those passed by what is not announced.
    """

    number: str
    low: Place | None
    high: Place | None
    silent: bool


@dataclass(frozen=True, slots=True)
class Rankings:
    """What is known of all rankings.

    Attributes:
        rev: rises with every change.
        populations: how many have each number, as far as everybody's place is counted.
        ends: what is kept, because somebody asks for it.
        spans: whom a boundary has passed, as long as they were perhaps not told.
        odd: by how many the places differ from the populations, as MongoDB's own count has it after an unclean stop.
    """

    rev: int
    populations: Mapping[str, int] = field(default_factory=dict)
    ends: Mapping[Ranked, Kept] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    odd: int = 0

    @property
    def boundaries(self) -> Boundaries:
        """Where each end begins."""
        return {ranked: it.boundary for ranked, it in self.ends.items()}

    @property
    def row(self) -> Row:
        """How it is stored, without its id."""
        return {
            "rev": self.rev,
            "populations": [{"number": number, "population": it} for number, it in self.populations.items()],
            "ends": [
                {
                    "path": list(ranked.path),
                    "share": str(ranked.share),
                    "end": ranked.end.value,
                    "boundary": _row_of(it.boundary),
                    "members": it.members,
                    "since": it.since,
                }
                for ranked, it in self.ends.items()
            ],
            "spans": [
                {"number": it.number, "low": _row_of(it.low), "high": _row_of(it.high), "silent": it.silent}
                for it in self.spans
            ],
            "odd": self.odd,
        }

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read it from MongoDB."""
        return cls(
            rev=row["rev"],
            populations={it["number"]: it["population"] for it in row["populations"]},
            ends={
                Ranked(tuple(it["path"]), Decimal(it["share"]), End(it["end"])): Kept(
                    _place_of(it["boundary"]), it["members"], it["since"]
                )
                for it in row["ends"]
            },
            spans=tuple(
                Span(it["number"], _place_of(it["low"]), _place_of(it["high"]), it["silent"]) for it in row["spans"]
            ),
            odd=row["odd"],
        )


def _row_of(place: Place | None) -> Row | None:
    return None if place is None else {"value": place.value, "profile_id": place.profile_id}


def _place_of(row: Row | None) -> Place | None:
    return None if row is None else Place(row["value"], row["profile_id"])


async def load() -> Rankings:
    """Read what is known of all rankings."""
    row = await RankingsDocument.get_pymongo_collection().find_one({"_id": _ALL})
    return Rankings(rev=0) if row is None else Rankings.of(row)


async def replace(before: Rankings, after: Rankings, *, session: AsyncClientSession | None = None) -> bool:
    """Write what is known, only where it is still what was read; `rev` is to be another one."""
    rankings = RankingsDocument.get_pymongo_collection()
    if not before.rev:
        try:
            await rankings.insert_one({"_id": _ALL, **after.row}, session=session)
        except DuplicateKeyError:
            return False
        return True
    changes = {"$set": after.row}
    written = await rankings.update_one({"_id": _ALL, "rev": before.rev}, changes, session=session)
    return bool(written.matched_count)


async def counted() -> int:
    """Tell how many places there are by MongoDB's own count, which costs nothing."""
    return await PlaceDocument.get_pymongo_collection().estimated_document_count()


async def population(number: str, *, session: AsyncClientSession) -> int:
    """Count who has a number."""
    return await PlaceDocument.get_pymongo_collection().count_documents({"number": number}, session=session)


async def fill(path: Path) -> None:
    """Write the places of all profiles by a number that nobody was ranked by so far. Repeating it changes nothing."""
    stages: list[Row] = [
        *standing(path),
        {"$project": {"_id": 0, "profile_id": "$_id", "number": ".".join(path), "value": 1}},
        {
            "$merge": {
                "into": PlaceDocument.Settings.name,
                "on": ["profile_id", "number"],
                "whenMatched": "keepExisting",
                "whenNotMatched": "insert",
            }
        },
    ]
    await (await ProfileDocument.get_pymongo_collection().aggregate(stages)).to_list()


def standing(path: Path) -> tuple[Row, ...]:
    """Make the stages that give every profile with a number, and its `value`."""
    return (
        {"$match": {"absorbed_by": None, f"rollups.{path[0]}.count": {"$gt": 0}}},
        {"$project": {"value": expression(path)}},
        {"$match": {"value": {"$ne": None}}},
    )


async def forget(numbers: Collection[str]) -> None:
    """Delete the places of all numbers but these: nobody asks for the others."""
    await PlaceDocument.get_pymongo_collection().delete_many({"number": {"$nin": list(numbers)}})


async def places_of(
    profile_ids: Collection[UUID], numbers: Collection[str], *, session: AsyncClientSession
) -> dict[tuple[UUID, str], Place]:
    """Read where these profiles stood when they were counted last."""
    wanted = {"profile_id": {"$in": list(profile_ids)}, "number": {"$in": list(numbers)}}
    found = PlaceDocument.get_pymongo_collection().find(wanted, session=session)
    rows = await found.batch_size(database.AT_ONCE).to_list()
    return {(row["profile_id"], row["number"]): Place(row["value"], row["profile_id"]) for row in rows}


async def at(number: str, position: int, end: End, *, session: AsyncClientSession) -> Place | None:
    """Read the place at a position, 1 the first, as counted from an end. It walks over all before it."""
    order = FORWARD if end is End.TOP else BACKWARD
    rows = PlaceDocument.get_pymongo_collection().find({"number": number}, session=session)
    found = await rows.sort(order).skip(position - 1).limit(1).to_list()
    return Place(found[0]["value"], found[0]["profile_id"]) if found else None


async def beyond(
    number: str, start: Place, steps: int, *, forward: bool, including: bool, session: AsyncClientSession
) -> Place | None:
    """Walk so many places on from one, or back; None where there are not as many.

    Args:
        number: the ranking.
        start: where to begin, whether somebody stands there or not.
        steps: how many places to go, 1 the next one.
        forward: away from the first, else towards it.
        including: whether the place at `start` is one of them.
        session: that of the transaction.
    """
    places = PlaceDocument.get_pymongo_collection()
    aside = ("$gt" if forward else "$lt") + ("e" if including else "")
    order = FORWARD if forward else BACKWARD
    # In two, each of which is one stretch of the index: of equal numbers there may be very many.
    for stretch in (
        {"value": start.value, "profile_id": {aside: start.profile_id}},
        {"value": {"$lt" if forward else "$gt": start.value}},
    ):
        found = places.find({"number": number, **stretch}, session=session).sort(order).limit(steps)
        rows = await found.batch_size(database.AT_ONCE).to_list()
        if len(rows) == steps:
            return Place(rows[-1]["value"], rows[-1]["profile_id"])
        steps -= len(rows)
    return None


async def within(span: Span) -> list[UUID]:
    """List who stands in a span."""
    places = PlaceDocument.get_pymongo_collection()
    ids: list[UUID] = []
    for stretch in _stretches(span.low, span.high):
        found = places.find({"number": span.number, **stretch}, {"profile_id": 1})
        ids += [row["profile_id"] for row in await found.batch_size(database.AT_ONCE).to_list()]
    return ids


def _stretches(low: Place | None, high: Place | None) -> Iterator[Row]:
    """Say what lies between two places, both included, each part one stretch of the index."""
    if low is not None and high is not None and low.value == high.value:
        yield {"value": low.value, "profile_id": {"$gte": low.profile_id, "$lte": high.profile_id}}
        return
    between: Row = {}
    if low is not None:
        yield {"value": low.value, "profile_id": {"$gte": low.profile_id}}
        between["$lt"] = low.value
    if high is not None:
        yield {"value": high.value, "profile_id": {"$lte": high.profile_id}}
        between["$gt"] = high.value
    yield {"value": between} if between else {}


async def write(changes: Sequence[tuple[UUID, str, Place | None]], *, session: AsyncClientSession) -> None:
    """Write where profiles stand by numbers; None takes their place away."""
    writes = [_write(*it) for it in changes]
    if writes:
        await PlaceDocument.get_pymongo_collection().bulk_write(writes, ordered=False, session=session)


def _write(profile_id: UUID, number: str, place: Place | None) -> UpdateOne | DeleteOne:
    whose: Row = {"profile_id": profile_id, "number": number}
    return DeleteOne(whose) if place is None else UpdateOne(whose, {"$set": {"value": place.value}}, upsert=True)
