"""Places: what there is only so many times is taken and given back one by one, each under a key.

A reward's stock, how many one member may have, and how many vouchers of a class one order takes are all places. A
document counts those that are taken of it and names who has them, so that taking again takes nothing twice, and giving
back gives back once. A large stock is spread over many documents, which also keeps apart those who take at once.

Who takes is not sure of it until their voucher is stored: where that does not happen, a sweep gives the place back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, UpdateOne
from pymongo.errors import DuplicateKeyError

from hub.database import Keyed, Row
from hub.kit import ids

AT_ONCE: Final = 250
"""How many places one document has at most."""
UNSURE_FOR: Final = timedelta(minutes=2)
"""How long a place is kept for somebody whose voucher is not stored. A request ends long before."""


class PlacesDocument(Keyed):
    """Some places of one thing. `of` names the thing; `unsure` are those of `held` whose voucher may not be stored."""

    of: str
    held: list[UUID]
    taken: int
    unsure: list[Row]

    class Settings:
        """Where places lie, and how those are found that somebody was not sure of."""

        name = "reward_places"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("of", 1)], name="of"),
            IndexModel([("unsure.at", 1)], name="unsure", sparse=True),
        ]


@dataclass(frozen=True, slots=True)
class Limited:
    """Something that there is only so many times. `of` names it, such as `stock/coffee`."""

    of: str
    most: int

    @property
    def documents(self) -> list[tuple[UUID, int]]:
        """The documents its places lie in, each with how many it has."""
        whole, rest = divmod(self.most, AT_ONCE)
        sizes = [*([AT_ONCE] * whole), *([rest] if rest else [])]
        return [(ids.key_of("places", self.of, number), size) for number, size in enumerate(sizes)]


def stock(reward: str, most: int) -> Limited:
    """The stock of a reward."""
    return Limited(f"stock/{reward}", most)


def of_member(reward: str, profile_id: UUID, most: int) -> Limited:
    """How many one member may have of a reward. The name is a key, which does not tell whose it is."""
    return Limited(f"member/{ids.key_of('member of reward', reward, profile_id)}", most)


def of_order(source: str, order_id: str, stacking: str) -> Limited:
    """That an order takes one voucher of a class."""
    return Limited(f"order/{ids.key_of('order of vouchers', source, order_id, stacking)}", 1)


async def take(limited: Limited, who: UUID, *, now: datetime) -> UUID | None:
    """Take a place for a voucher. Who has one already has that one.

    Returns:
        The document that it lies in; None where there is none left.
    """
    documents = limited.documents
    begin = who.int % len(documents) if documents else 0
    rows = PlacesDocument.get_pymongo_collection()
    if len(documents) > 1:
        held = await rows.find_one({"of": limited.of, "held": who}, {"_id": 1})
        if held:
            place: UUID = held["_id"]
            return place
    for place, size in (*documents[begin:], *documents[:begin]):
        # Two who repeat the same request begin at the same document, so that they do not take two places.
        free = {"_id": place, "of": limited.of, "held": {"$ne": who}, "taken": {"$lt": size}}
        change = {"$push": {"held": who, "unsure": {"id": who, "at": now}}, "$inc": {"taken": 1}}
        try:
            await rows.update_one(free, change, upsert=True)
        except DuplicateKeyError:  # full, or theirs
            if await rows.find_one({"_id": place, "held": who}, {"_id": 1}) is None:
                continue
        return place
    return None


async def sure(who: Collection[UUID], places: Collection[UUID]) -> None:
    """Say that the vouchers are stored for which these places were taken."""
    changes = {"$pull": {"unsure": {"id": {"$in": list(who)}}}}
    await PlacesDocument.get_pymongo_collection().update_many({"_id": {"$in": list(places)}}, changes)


async def doubt(who: UUID, place: UUID, *, now: datetime) -> None:
    """Say that a place is about to be given back: if that is not done, a sweep decides."""
    changes = {"$push": {"unsure": {"id": who, "at": now}}}
    await PlacesDocument.get_pymongo_collection().update_one({"_id": place, "held": who}, changes)


async def give_back(given: Sequence[tuple[UUID, UUID]]) -> None:
    """Give places back: pairs of who has one and the document that it lies in. Repeating it changes nothing."""
    changes = [
        UpdateOne({"_id": place, "held": who}, {"$pull": {"held": who, "unsure": {"id": who}}, "$inc": {"taken": -1}})
        for who, place in given
    ]
    if changes:
        await PlacesDocument.get_pymongo_collection().bulk_write(changes, ordered=False)


async def unsure(*, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """List the places that were taken a while ago, and of which nobody is sure yet: who, and the document."""
    since = now - UNSURE_FOR
    found = PlacesDocument.get_pymongo_collection().find({"unsure.at": {"$lte": since}}, {"unsure": 1}).limit(limit)
    return [(it["id"], row["_id"]) async for row in found for it in row["unsure"] if it["at"] <= since]


async def taken(of: Collection[str]) -> dict[str, int]:
    """Count the places that are taken of each of these, by name."""
    stages: list[Row] = [
        {"$match": {"of": {"$in": list(of)}}},
        {"$group": {"_id": "$of", "taken": {"$sum": "$taken"}}},
    ]
    found = await PlacesDocument.get_pymongo_collection().aggregate(stages)
    return {row["_id"]: row["taken"] async for row in found}
