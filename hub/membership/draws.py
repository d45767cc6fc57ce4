"""Giveaways: some members are drawn by chance, within a budget, and not again within a cool-down.

A draw keeps its seed and the list of who took part, so that anybody can draw it again and find the same winners. It is
stored first, with its winners, and announced then; a sweep finishes what dies in between.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.database import Keyed
from hub.events.announcing import Announcement, announce
from hub.kit.errors import HubError
from hub.membership import store
from hub.profiles import store as profiles_store
from hub.profiles.store import EARLIEST

WON: Final = "Giveaway Won"
MOST_ENTRANTS: Final = 500_000
LATE: Final = timedelta(seconds=15)
_BATCH: Final = 1_000


class TooManyEntrants(HubError):
    """More take part than one draw holds."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__(f"At most {MOST_ENTRANTS} members take part in one draw. Name a segment.")


@dataclass(frozen=True, slots=True)
class Giveaway:
    """What is drawn.

    Attributes:
        name: draws of one name share the budget and the cool-down.
        program: whose members take part.
        winners: how many are to be drawn at most.
        most_per_day: how many of this name are drawn on one day at most, in UTC.
        cool_down_days: who has won takes no part for so many days.
        segment: only who is in it takes part; None for all members.
    """

    name: str
    program: str
    winners: int
    most_per_day: int
    cool_down_days: int
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw that was made. `winners` follow from `seed` and `entrants`."""

    id: UUID
    giveaway: str
    program: str
    at: datetime
    seed: str
    entrants: tuple[UUID, ...]
    winners: tuple[UUID, ...]

    @property
    def is_reproduced(self) -> bool:
        """Whether drawing again gives the same winners."""
        return drawn(self.seed, self.entrants, len(self.winners)) == list(self.winners)


class DrawDocument(Keyed):
    """A draw at rest: ids only. `number` counts the draws of a name, so that two at once do not exceed the budget."""

    giveaway: str
    number: int
    program: str
    at: datetime
    seed: str
    entrants: list[UUID]
    winners: list[UUID]
    open: bool

    class Settings:
        """Where draws lie and how they are found."""

        name = "draws"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("giveaway", 1), ("number", -1)], name="number", unique=True),
            IndexModel([("at", 1)], name="open", partialFilterExpression={"open": True}),
        ]


def drawn(seed: str, entrants: Collection[UUID], count: int) -> list[UUID]:
    """Draw by chance: those come first whose SHA-256 of `SEED/ID` is least. The order of the entrants is no matter."""
    return sorted(entrants, key=lambda it: hashlib.sha256(f"{seed}/{it}".encode()).digest())[:count]


async def draw(giveaway: Giveaway, *, key: UUID, now: datetime) -> Draw:
    """Draw winners among those who may take part now, and announce each. Under the same key it is drawn once.

    Raises:
        TooManyEntrants: more take part than one draw holds.
    """
    collection = DrawDocument.get_pymongo_collection()
    while (row := await collection.find_one({"_id": key})) is None:
        earlier = (
            await collection.find({"giveaway": giveaway.name}, {"number": 1, "at": 1, "winners": 1})
            .sort("number", -1)
            .to_list()
        )
        entrants = await _entrants(giveaway, _resting(giveaway, earlier, now), now)
        seed = secrets.token_hex(16)
        new = {
            "_id": key,
            "giveaway": giveaway.name,
            "number": earlier[0]["number"] + 1 if earlier else 1,
            "program": giveaway.program,
            "at": now,
            "seed": seed,
            "entrants": entrants,
            "winners": drawn(seed, entrants, _left(giveaway, earlier, now)),
            "open": True,
        }
        try:
            await collection.insert_one(new)
        except DuplicateKeyError:
            continue  # another draw of this name was made, or this one: look again
    await _tell([row], now)
    return _of(row)


async def of(giveaway: str) -> list[Draw]:
    """Read the draws of a name, the newest first."""
    found = DrawDocument.get_pymongo_collection().find({"giveaway": giveaway}).sort("number", -1)
    return [_of(row) async for row in found]


async def sweep(now: datetime) -> int:
    """Announce the winners of draws that somebody stored and did not announce, and tell how many draws that were."""
    found = DrawDocument.get_pymongo_collection().find({"open": True, "at": {"$lt": now - LATE}})
    left = await found.to_list()
    await _tell(left, now)
    return len(left)


async def _tell(rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    for row in rows:
        properties = {"giveaway": row["giveaway"], "program": row["program"]}
        said = [Announcement(WON, it, f"draw {row['_id']}", row["at"], properties) for it in row["winners"]]
        await announce(said, now=now)
        await DrawDocument.get_pymongo_collection().update_one({"_id": row["_id"]}, {"$set": {"open": False}})


def _resting(giveaway: Giveaway, earlier: Sequence[Mapping[str, Any]], now: datetime) -> set[UUID]:
    since = now - timedelta(days=giveaway.cool_down_days)
    return {winner for row in earlier if row["at"] > since for winner in row["winners"]}


def _left(giveaway: Giveaway, earlier: Sequence[Mapping[str, Any]], now: datetime) -> int:
    today = now.astimezone(UTC).date()
    given = sum(len(row["winners"]) for row in earlier if row["at"].astimezone(UTC).date() == today)
    return max(0, min(giveaway.winners, giveaway.most_per_day - given))


async def _entrants(giveaway: Giveaway, resting: Collection[UUID], now: datetime) -> list[UUID]:
    """List who takes part: each person once, by their head, whoever of their profiles joined or has won before."""
    found: set[UUID] = set()
    batch: list[UUID] = []
    async for it in store.joined(giveaway.program, EARLIEST, now):
        batch.append(it.profile_id)
        if len(batch) == _BATCH:
            found |= await _eligible(batch, giveaway.segment, resting)
            batch = []
    found |= await _eligible(batch, giveaway.segment, resting)
    if len(found) > MOST_ENTRANTS:
        raise TooManyEntrants
    return sorted(found)


async def _eligible(profile_ids: Collection[UUID], segment: str | None, resting: Collection[UUID]) -> set[UUID]:
    heads = await profiles_store.heads(profile_ids)
    return {
        head.id
        for head in heads.values()
        if (segment is None or segment in head.segment_names) and not set(head.own_ids) & set(resting)
    }


def _of(row: Mapping[str, Any]) -> Draw:
    return Draw(
        row["_id"],
        row["giveaway"],
        row["program"],
        row["at"],
        row["seed"],
        tuple(row["entrants"]),
        tuple(row["winners"]),
    )
