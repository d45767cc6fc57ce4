"""Profiles in MongoDB. A profile changes by compare-and-set on `rev`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

from pymongo import IndexModel, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from hub import database, seal
from hub.database import Keyed, Row, duplicates_of
from hub.profiles.model import Profile, Unranked
from hub.seal import Personal

_Write: TypeAlias = UpdateOne | InsertOne[Row]

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any time that a profile holds: a bound by which a partial index is found."""


FRESH: Final = 0
"""Before any move of a boundary: see `unranked`."""
_ADDRESSED: Final = ("traits", "devices", "locale", "zone", "members", "absorbed_by", "consents")
"""What a message to a profile asks of it."""


class ProfileDocument(Keyed):
    """A profile at rest."""

    rev: int
    seq: int
    traits: dict[str, Any]
    verified: list[str]
    devices: list[str]
    locale: str | None
    zone: str | None
    events: int
    first_seen_at: datetime
    last_seen_at: datetime
    counted: list[dict[str, Any]]
    members: list[UUID] | None = None
    absorbed_by: UUID | None = None
    consents: dict[str, Any] | None = None
    rollups: dict[str, Any] | None = None
    stage: str | None = None
    life: dict[str, Any] | None = None
    next_change_at: datetime | None = None
    edition: int | None = None
    segments: dict[str, Any] | None = None
    unranked: dict[str, Any] | None = None

    class Settings:
        """Where profiles lie."""

        name = "profiles"
        personal = Personal(
            "_id", ("traits", "devices", "locale", "zone", "consents", "rollups", "stage", "life", "segments")
        )
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("first_seen_at", -1), ("_id", -1)], name="newest"),
            # Partial: only those are due some day whom time alone moves.
            IndexModel(
                [("next_change_at", 1)],
                name="next_change",
                partialFilterExpression={"next_change_at": {"$gt": EARLIEST}},
            ),
            IndexModel([("edition", 1)], name="edition"),
            IndexModel([("segments.edition", 1)], name="segments_edition"),
            # By id as well: the members of a segment are read in this order, a batch after the last one.
            IndexModel([("segments.in.name", 1), ("_id", 1)], name="segments"),
            # Partial: only those at whom the rankings have to look, first those of whom something is announced.
            IndexModel(
                [("unranked.why", 1)], name="unranked", partialFilterExpression={"unranked.rev": {"$gte": FRESH}}
            ),
        ]


async def load(profile_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Read profiles as they are, absorbed or not. Those that do not exist are left out."""
    if not profile_ids:
        return {}
    found = ProfileDocument.get_pymongo_collection().find({"_id": {"$in": list(profile_ids)}}, {"token": 0})
    return {row["_id"]: profile_of(row) for row in await found.batch_size(database.AT_ONCE).to_list()}


async def heads(profile_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Read for each of these profiles the one it is today: itself, or the head that absorbed it.

    Returns:
        The head by the id that was asked for. What does not exist is left out.
    """
    return heads_in(await lineage(profile_ids))


async def kin(profile_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Read for each of these profiles the one it is today, and of that only its links and its zone; as `heads`."""
    fields = ["absorbed_by", "members", "zone"]
    found = ProfileDocument.get_pymongo_collection().find({"_id": {"$in": list(profile_ids)}}, fields)
    rows = [seal.opened(ProfileDocument, row) for row in await found.batch_size(database.AT_ONCE).to_list()]
    absorbed = {row["_id"] for row in rows if row.get("absorbed_by")}
    standing = {
        row["_id"]: Profile(id=row["_id"], members=tuple(row.get("members") or ()), zone=row.get("zone"))
        for row in rows
        if row["_id"] not in absorbed
    }
    return {**standing, **(await heads(absorbed) if absorbed else {})}


async def addressees(profile_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Read for each of these profiles the one it is today, and of it what a message to it asks for; as `heads`.

    Most of a profile is what it has counted, which is left where it is.
    """
    found = ProfileDocument.get_pymongo_collection().find({"_id": {"$in": list(profile_ids)}}, list(_ADDRESSED))
    rows = [seal.opened(ProfileDocument, row) for row in await found.batch_size(database.AT_ONCE).to_list()]
    standing = {row["_id"]: _addressee_of(row) for row in rows if row.get("absorbed_by") is None}
    absorbed = {row["_id"] for row in rows} - standing.keys()
    return {**standing, **(await heads(absorbed) if absorbed else {})}


async def lineage(profile_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Read these profiles and, step by step, those that absorbed them: one command where nobody was absorbed."""
    found = await load(profile_ids)
    while missing := {it.absorbed_by for it in found.values() if it.absorbed_by is not None} - found.keys():
        if not (absorbers := await load(missing)):
            break  # erased since
        found |= absorbers
    return found


def heads_in(profiles: Mapping[UUID, Profile]) -> dict[UUID, Profile]:
    """Follow in a lineage from each profile to its head. Those whose head does not exist are left out."""
    found: dict[UUID, Profile] = {}
    for profile_id in profiles:
        head: Profile | None = profiles[profile_id]
        while head is not None and head.absorbed_by is not None:
            head = profiles.get(head.absorbed_by)
        if head is not None:
            found[profile_id] = head
    return found


async def save(profiles: Sequence[Profile], *, token: UUID, joined: Collection[UUID] = ()) -> set[UUID]:
    """Write profiles as decided, each only where its `rev` is still the one that was read (0: it does not exist).

    Args:
        profiles: as they are to be.
        token: names this write.
        joined: those of them that have just taken somebody in; of these, members and consents are written as well.

    Returns:
        The ids of those that were written; the others were changed meanwhile.
    """
    if not profiles:
        return set()
    writes: list[_Write] = []
    # New ones first, so that MongoDB takes them in groups: an upsert costs it several times an insert.
    for profile in sorted(profiles, key=lambda it: it.rev > 0):
        row = whole_row(profile) if profile.id in joined else _row_of(profile)
        if profile.rev == 0:
            writes.append(InsertOne({"_id": profile.id, **row, "rev": 1, "token": token}))
        else:
            writes.append(_update(profile, row, token))
    return await _written(writes, {profile.id for profile in profiles}, token)


async def save_standing(profiles: Collection[Profile], *, token: UUID) -> set[UUID]:
    """Write of profiles that exist only where they stand: stage and segments, and when to look again.

    It is what is decided of them at other times than at an event. Most of a profile is what it has counted, which need
    not be sent for that. Otherwise as `save`.
    """
    if not profiles:
        return set()
    rows = [(it, seal.shut(ProfileDocument, _standing_of(it))) for it in profiles]
    return await _written([_update(it, row, token) for it, row in rows], {it.id for it in profiles}, token)


async def absorb(links: Sequence[tuple[Profile, UUID]], *, token: UUID) -> set[UUID]:
    """Point profiles to others that absorb them, each only where it is still as it was read.

    From then on its events are its head's. Whoever finds it missing among the members of its head takes it in there, so
    that a process may die between both.

    Args:
        links: who is absorbed, and by whom.
        token: names this write.

    Returns:
        The ids of those that were absorbed; the others were changed meanwhile.
    """
    updates: list[_Write] = [
        UpdateOne(
            {"_id": it.id, "rev": it.rev},
            {
                "$set": {"absorbed_by": head_id, "token": token, "unranked": unranked_row(Unranked.LOUD)},
                "$setOnInsert": _row_of(it),
                "$inc": {"rev": 1},
            },
            upsert=it.rev == 0,
        )
        for it, head_id in links
    ]
    return await _written(updates, {it.id for it, _ in links}, token) if updates else set()


def _update(profile: Profile, row: Row, token: UUID) -> UpdateOne:
    changes = {**row, "rev": profile.rev + 1, "token": token}
    return UpdateOne({"_id": profile.id, "rev": profile.rev}, {"$set": changes})


async def _written(writes: Sequence[_Write], wanted: set[UUID], token: UUID) -> set[UUID]:
    collection = ProfileDocument.get_pymongo_collection()
    try:
        written = await collection.bulk_write(writes, ordered=False)
        if written.matched_count + written.upserted_count + written.inserted_count == len(writes):
            return wanted
    except BulkWriteError as error:
        duplicates_of(error)  # two processes made the same profile: the other one's stands
    found = collection.find({"_id": {"$in": list(wanted)}, "token": token}, {"_id": 1})
    return {row["_id"] async for row in found}


def profile_of(sealed: Mapping[str, Any]) -> Profile:
    """Make a profile of its row."""
    row = seal.opened(ProfileDocument, sealed)
    return Profile(
        id=row["_id"],
        rev=row["rev"],
        seq=row["seq"],
        traits=row["traits"],
        verified=frozenset(row["verified"]),
        devices=tuple(row["devices"]),
        locale=row["locale"],
        zone=row["zone"],
        events=row["events"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        counted={entry["event"]: entry["seq"] for entry in row["counted"]},
        members=tuple(row.get("members", ())),
        absorbed_by=row.get("absorbed_by"),
        consents=row.get("consents", {}),
        rollups=row.get("rollups", {}),
        stage=row.get("stage"),
        life=row.get("life", {}),
        edition=row.get("edition", 0),
        segments=row.get("segments", {}),
    )


def _addressee_of(row: Mapping[str, Any]) -> Profile:
    return Profile(
        id=row["_id"],
        traits=row["traits"],
        devices=tuple(row["devices"]),
        locale=row["locale"],
        zone=row["zone"],
        members=tuple(row.get("members", ())),
        consents=row.get("consents", {}),
    )


def _row_of(profile: Profile) -> Row:
    """Make the changes that applying events writes. Links and consents are written by those who decide them."""
    row: Row = {
        "seq": profile.seq,
        "traits": dict(profile.traits),
        "verified": sorted(profile.verified),
        "devices": list(profile.devices),
        "locale": profile.locale,
        "zone": profile.zone,
        "events": profile.events,
        "first_seen_at": profile.first_seen_at,
        "last_seen_at": profile.last_seen_at,
        "counted": [{"event": event, "seq": seq} for event, seq in profile.counted.items()],
        "rollups": dict(profile.rollups),
        "edition": profile.edition,
        **_standing_of(profile),
    }
    return seal.shut(ProfileDocument, row)


def _standing_of(profile: Profile) -> Row:
    return {
        "stage": profile.stage,
        "life": dict(profile.life),
        "segments": dict(profile.segments),
        "next_change_at": profile.next_change_at,
        **({} if profile.unranked is None else {"unranked": unranked_row(profile.unranked)}),
    }


def unranked_row(why: Unranked) -> Row:
    """Say that the rankings have to look at a profile; by none of their moves so far."""
    return {"rev": FRESH, "why": why.value}


def whole_row(profile: Profile) -> Row:
    """Make the changes that taking somebody in or letting somebody go writes."""
    links: Row = {"members": list(profile.members), "consents": dict(profile.consents)}
    return {**_row_of(profile), **seal.shut(ProfileDocument, links)}
