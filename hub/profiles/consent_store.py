"""Consents in MongoDB: a log that only grows, and in each profile what holds by it.

The log is written first, then the profile, by compare-and-set on its `rev`. What was written to the log and not yet
taken into the profile is marked `open`, so that a sweep finishes what a process has left behind.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel

from hub import seal
from hub.database import Keyed, Row, insert_once
from hub.profiles import consent, store
from hub.profiles.consent import Consent, Consents, ConsentState, How, Standing, Subject
from hub.profiles.store import ProfileDocument
from hub.seal import Personal


class ConsentDocument(Keyed):
    """A word of a person at rest. `_id` is made of what brought it. Only `open` ever changes, and only once."""

    profile_id: UUID
    brand: str
    topic: str
    channel: str
    state: ConsentState
    at: datetime
    source: str
    how: How
    version: str | None
    address_key: str | None
    open: bool

    class Settings:
        """Where consents lie and how they are found."""

        name = "consents"
        personal = Personal("profile_id", ("address_key",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1), ("at", -1), ("_id", -1)], name="profile"),
            IndexModel([("at", 1)], name="open", partialFilterExpression={"open": True}),
        ]


async def append(said: Sequence[Consent]) -> list[Consent]:
    """Write words to the log and give those that stand under their keys: an earlier one under the same key stays."""
    taken = await insert_once(ConsentDocument, [_row_of(it) for it in said])
    if not taken:
        return list(said)
    standing = await load([said[place].id for place in taken])
    return [standing.get(it.id, it) for it in said]


async def take_in(profile_id: UUID, said: Collection[Consent], *, quietly: bool = False) -> bool:
    """Take words of the log into what holds for a person, whatever else is written to their profile meanwhile.

    Args:
        profile_id: the person's.
        said: what they have said.
        quietly: have the back-fill sort them into segments, for no event says that something has changed.

    Returns:
        False where there is no such profile any more.
    """
    while True:
        head = (await store.heads([profile_id])).get(profile_id)
        if head is None:
            return False
        after = consent.folded(head.consents, said)
        if after == head.consents:
            return True
        anew = {"segments": {**head.segments, "edition": 0}} if quietly else {}
        changed = seal.shut(ProfileDocument, {"consents": after, **anew})
        written = await ProfileDocument.get_pymongo_collection().update_one(
            {"_id": head.id, "rev": head.rev, "absorbed_by": None}, {"$set": changed, "$inc": {"rev": 1}}
        )
        if written.matched_count:
            return True


async def close(consent_ids: Collection[UUID]) -> None:
    """Note that words are in their profiles, and announced."""
    await ConsentDocument.get_pymongo_collection().update_many(
        {"_id": {"$in": list(consent_ids)}, "open": True}, {"$set": {"open": False}}
    )


async def left_open(*, before: datetime, limit: int) -> list[Consent]:
    """Read words that somebody began to take in and did not, the oldest first."""
    found = ConsentDocument.get_pymongo_collection().find({"open": True, "at": {"$lt": before}})
    return [_consent_of(row) async for row in found.sort("at", 1).limit(limit)]


async def load(consent_ids: Collection[UUID]) -> dict[UUID, Consent]:
    """Read words of the log by their keys. Those that do not exist are left out."""
    found = ConsentDocument.get_pymongo_collection().find({"_id": {"$in": list(consent_ids)}})
    return {row["_id"]: _consent_of(row) async for row in found}


async def said_by(profile_ids: Collection[UUID]) -> list[Consent]:
    """Read all that these profiles have said. Folded, it is what held for them before they were merged."""
    found = ConsentDocument.get_pymongo_collection().find({"profile_id": {"$in": list(profile_ids)}})
    return [_consent_of(row) async for row in found.sort([("at", 1), ("_id", 1)])]


async def now_holding(profile_ids: Iterable[UUID]) -> dict[UUID, Consents]:
    """Read from the primary what holds for each of these people now, and nothing else of them.

    An absorbed profile has the consents of its head. One that does not exist has said nothing and is left out.
    """
    wanted = list(profile_ids)
    collection = ProfileDocument.get_pymongo_collection()
    shown = {"consents": 1, "absorbed_by": 1}
    rows = {row["_id"]: row async for row in collection.find({"_id": {"$in": wanted}}, shown)}
    held = {id_: _consents_of(row) for id_, row in rows.items() if row.get("absorbed_by") is None}
    if absorbed := rows.keys() - held.keys():
        held |= {id_: head.consents for id_, head in (await store.heads(absorbed)).items()}
    return held


def _consents_of(row: Row) -> Consents:
    held: Consents = seal.opened(ProfileDocument, row).get("consents") or {}
    return held


def _row_of(said: Consent) -> Row:
    row: dict[str, Any] = {
        "_id": said.id,
        "profile_id": said.profile_id,
        "brand": said.subject.brand,
        "topic": said.subject.topic,
        "channel": said.subject.channel,
        **consent.row_of(said.standing),
        "address_key": said.address_key,
        "open": True,
    }
    return seal.shut(ConsentDocument, row)


def _consent_of(sealed: Row) -> Consent:
    row = seal.opened(ConsentDocument, sealed)
    return Consent(
        id=row["_id"],
        profile_id=row["profile_id"],
        subject=Subject(row["brand"], row["topic"], row["channel"]),
        standing=Standing(ConsentState(row["state"]), row["at"], row["source"], How(row["how"]), row["version"]),
        address_key=row["address_key"],
    )
