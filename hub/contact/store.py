"""The policy's versions, and what each customer was told of late: one document of places beside the profile."""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, InsertOne, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError

from hub import definitions
from hub.contact import language
from hub.contact.model import NAME, Place, Policy
from hub.database import Keyed, Row, duplicates_of
from hub.definitions import DefinitionDocument, Definitions
from hub.profiles.model import Channel
from hub.seal import Personal

FRESH_SECONDS: Final = 1.0
"""How long a policy that was read is taken for the newest without asking."""


class PolicyDocument(DefinitionDocument):
    """A published version of the policy."""

    class Settings:
        """Where its versions lie and how they are found."""

        name = "policy_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


class ContactDocument(Keyed):
    """What a customer was told of late. `_id` is the profile's; `rev` is raised by every change of the places."""

    rev: int
    places: list[dict[str, Any]]

    class Settings:
        """Where the places lie."""

        name = "contacts"
        personal = Personal("_id", ("places",))
        indexes: ClassVar[list[IndexModel]] = [
            # A place is given back by the message that had it, whoever's it was by then.
            IndexModel([("places.message_id", 1)], name="message")
        ]


@dataclass(frozen=True, slots=True)
class Contact:
    """The places of a customer, those of the profiles it absorbed among them, at a revision of its own document."""

    rev: int | None
    places: tuple[Place, ...]


DEFINITIONS: Final = Definitions(PolicyDocument, "policy")


class Policies:
    """The policy of this process: what was read is kept for a second."""

    def __init__(self) -> None:
        self._policy = Policy()
        self._edition = 0
        self._asked_at: float | None = None

    async def current(self) -> Policy:
        """Give the policy, at most a second old; one without rules where none is published."""
        now = time.monotonic()
        if self._asked_at is None or now - self._asked_at >= FRESH_SECONDS:
            edition = await DEFINITIONS.edition()
            if edition != self._edition:
                live = await DEFINITIONS.live([NAME])
                self._policy = language.read(live[0].source) if live else Policy()
                self._edition = edition
            self._asked_at = now
        return self._policy


async def load(owners: Mapping[UUID, Collection[UUID]]) -> dict[UUID, Contact]:
    """Read what customers were told of late: of each head's id, by its own ids."""
    own_ids = {id_: head for head, ids in owners.items() for id_ in ids}
    if not own_ids:
        return {}
    revs: dict[UUID, int] = {}
    # A place that a head has taken over from a profile it absorbed lies with both, and is one.
    places: defaultdict[UUID, dict[tuple[UUID, Channel], Place]] = defaultdict(dict)
    async for row in ContactDocument.get_pymongo_collection().find({"_id": {"$in": list(own_ids)}}):
        if row["_id"] in owners:
            revs[row["_id"]] = row["rev"]
        for place in map(_place_of, row["places"]):
            places[own_ids[row["_id"]]][place.message_id, place.channel] = place
    return {head: Contact(revs.get(head), tuple(places[head].values())) for head in owners}


async def keep(changed: Mapping[UUID, tuple[Contact, Sequence[Place]]]) -> set[UUID]:
    """Write customers' own places, each only while its document is at the revision that was read.

    Args:
        changed: by profile, what was read, and the places that its own document holds from now on.

    Returns:
        The profiles whose places were written.
    """
    if not changed:
        return set()
    listed = list(changed)
    writes = [_write(profile_id, *changed[profile_id]) for profile_id in listed]
    collection = ContactDocument.get_pymongo_collection()
    try:
        written = await collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates_of(error)  # somebody else made the row since: it is at another revision than none
    else:
        if written.matched_count + written.inserted_count == len(listed):
            return set(listed)
    revs = {id_: _next(contact.rev) for id_, (contact, _) in changed.items()}
    held = {id_: {it.message_id for it in places} for id_, (_, places) in changed.items()}
    return {
        row["_id"]
        async for row in collection.find({"_id": {"$in": listed}})
        if row["rev"] == revs[row["_id"]] and {it["message_id"] for it in row["places"]} == held[row["_id"]]
    }


async def give_back(places: Collection[tuple[UUID, Channel]]) -> None:
    """Return places, by message and channel. One that is not held changes nothing."""
    updates = [
        UpdateMany(
            {"places.message_id": message_id},
            {"$pull": {"places": {"message_id": message_id, "channel": channel}}, "$inc": {"rev": 1}},
        )
        for message_id, channel in places
    ]
    if updates:
        await ContactDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


async def give_back_all(message_ids: Collection[UUID]) -> None:
    """Return every place of these messages, on whatever channel. Where none is held it changes nothing."""
    if message_ids:
        held = {"message_id": {"$in": list(message_ids)}}
        await ContactDocument.get_pymongo_collection().update_many(
            {"places.message_id": held["message_id"]}, {"$pull": {"places": held}, "$inc": {"rev": 1}}
        )


def _write(profile_id: UUID, contact: Contact, places: Sequence[Place]) -> UpdateOne | InsertOne[Row]:
    rows = [_row_of(it) for it in places]
    if contact.rev is None:
        # Whoever is second meets the id of the first. An upsert would cost MongoDB several times an insert.
        return InsertOne({"_id": profile_id, "rev": 1, "places": rows})
    return UpdateOne({"_id": profile_id, "rev": contact.rev}, {"$set": {"places": rows}, "$inc": {"rev": 1}})


def _next(rev: int | None) -> int:
    return 1 if rev is None else rev + 1


def _row_of(place: Place) -> Row:
    return {
        "message_id": place.message_id,
        "channel": place.channel.value,
        "brand": place.brand,
        "topic": place.topic,
        "at": place.at,
    }


def _place_of(row: Row) -> Place:
    return Place(**{**row, "channel": Channel(row["channel"])})
