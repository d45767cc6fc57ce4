"""Challenges in MongoDB: one live for a device and an address, used once, and gone after a day."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from hub import seal
from hub.access.signin import MOST_TRIES, Challenge
from hub.database import Keyed, Row
from hub.kit import ids
from hub.seal import Personal

KEPT: Final = timedelta(days=1)


class ChallengeDocument(Keyed):
    """A challenge at rest. `slot` is the key of its device and address; `used_by` names the request that used it."""

    profile_id: UUID
    kind: str
    value: str
    device: str
    slot: UUID
    language: str | None
    asked_at: datetime
    expires_at: datetime
    decoy: bool
    live: bool
    tries: int
    used_by: UUID | None
    used_at: datetime | None
    gone_at: datetime
    taken: Sequence[UUID] = ()

    class Settings:
        """Where challenges lie and when they are forgotten."""

        name = "sign_ins"
        personal = Personal("profile_id", ("value",), named=("value",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("slot", 1)], name="live", unique=True, partialFilterExpression={"live": True}),
            IndexModel([("profile_id", 1)], name="profile"),
            IndexModel([("gone_at", 1)], name="expiry", expireAfterSeconds=0),
        ]


async def store(challenge: Challenge) -> Challenge:
    """Store a challenge, and end the one before it for the same device and address. One that is stored stays as it is.

    Returns:
        The challenge as it stands.
    """
    rows = ChallengeDocument.get_pymongo_collection()
    row = _row_of(challenge)
    while (standing := await load([challenge.id])) == {}:
        await rows.update_many({"slot": row["slot"], "live": True}, {"$set": {"live": False}})
        try:
            await rows.insert_one(row)
        except DuplicateKeyError:
            continue  # the same request, or another of this device, was faster: look again
        return challenge
    return standing[challenge.id]


async def load(challenge_ids: Collection[UUID]) -> dict[UUID, Challenge]:
    """Read challenges. Those that do not exist any more are left out."""
    if not challenge_ids:
        return {}
    found = ChallengeDocument.get_pymongo_collection().find({"_id": {"$in": list(challenge_ids)}})
    return {row["_id"]: _challenge_of(row) async for row in found}


async def count_try(challenge_id: UUID) -> int | None:
    """Count that a code is tried, before it is compared, and tell how many tries are left. None: there was none."""
    row = await ChallengeDocument.get_pymongo_collection().find_one_and_update(
        {"_id": challenge_id, "tries": {"$lt": MOST_TRIES}},
        {"$inc": {"tries": 1}},
        return_document=ReturnDocument.AFTER,
    )
    return MOST_TRIES - int(row["tries"]) if row else None


async def use(challenge: Challenge, by: UUID, *, now: datetime) -> Challenge | None:
    """Use a challenge up for one request. None where another one was faster."""
    used = await ChallengeDocument.get_pymongo_collection().update_one(
        {"_id": challenge.id, "live": True, "used_by": None}, {"$set": {"used_by": by, "used_at": now, "live": False}}
    )
    if used.matched_count:
        return replace(challenge, used_by=by, used_at=now, live=False)
    standing = (await load([challenge.id])).get(challenge.id)
    return standing if standing and standing.used_by == by else None


async def take_out(challenge_id: UUID) -> tuple[UUID, ...]:
    """Give what a challenge has taken of allowances, once: whoever asks again gets nothing."""
    row = await ChallengeDocument.get_pymongo_collection().find_one_and_update(
        {"_id": challenge_id}, {"$set": {"taken": []}}, {"taken": 1}
    )
    return tuple(row.get("taken", ())) if row else ()


def _row_of(challenge: Challenge) -> Row:
    row: Row = {
        "_id": challenge.id,
        "profile_id": challenge.profile_id,
        "kind": challenge.kind,
        "value": challenge.value,
        "device": challenge.device,
        "slot": ids.key_of("sign-in", challenge.device, challenge.kind, challenge.value),
        "language": challenge.language,
        "asked_at": challenge.asked_at,
        "expires_at": challenge.expires_at,
        "decoy": challenge.decoy,
        "live": challenge.live,
        "tries": challenge.tries,
        "used_by": None,
        "used_at": None,
        "gone_at": challenge.asked_at + KEPT,
        "taken": list(challenge.taken),
    }
    return seal.shut(ChallengeDocument, row)


def _challenge_of(sealed: Row) -> Challenge:
    row = seal.opened(ChallengeDocument, sealed)
    return Challenge(
        id=row["_id"],
        profile_id=row["profile_id"],
        kind=row["kind"],
        value=row["value"],
        device=row["device"],
        language=row["language"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        decoy=row["decoy"],
        live=row["live"],
        tries=row["tries"],
        used_by=row["used_by"],
        used_at=row["used_at"],
        taken=tuple(row.get("taken", ())),
    )
