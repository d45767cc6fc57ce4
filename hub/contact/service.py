"""Use cases of the contact policy: publish it, and take places under its caps."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.contact import caps, language, store
from hub.contact.model import NAME, Place, Policy
from hub.contact.store import Contact
from hub.definitions import Published


@dataclass(frozen=True, slots=True)
class Wish:
    """A place that a message needs: whose, in which zone their days begin, and what they were told of late, as read."""

    profile_id: UUID
    place: Place
    zone: ZoneInfo
    contact: Contact


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a policy and let it hold: from a second later on, for everything that is not sent yet.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """

    def read(_: object) -> str:
        language.read(source)
        return NAME

    return await store.DEFINITIONS.publish(source, read=read, by=by, key=key, now=now)


async def take(wishes: Sequence[Wish], policy: Policy, *, now: datetime) -> set[UUID]:
    """Take places under the caps, in the order of the wishes: a message that has its place keeps it.

    A customer's places are written at the revision at which they were read, so that of two who want the last one only
    one has it. Who is second, or has read too long ago, has none now, and asks again.

    Args:
        wishes: which places.
        policy: how many there are; it has caps.
        now: the time.

    Returns:
        The ids of the messages that have a place.
    """
    contacts = {it.profile_id: it.contact for it in wishes}
    places = {id_: list(contact.places) for id_, contact in contacts.items()}
    has: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for wish in wishes:
        counted = places[wish.profile_id]
        if caps.room_at(policy.caps, counted, wish.place, wish.zone) > wish.place.at:
            continue
        has[wish.profile_id].add(wish.place.message_id)
        if not caps.holds(counted, wish.place):
            counted.append(wish.place)
    changed: dict[UUID, tuple[Contact, Sequence[Place]]] = {
        id_: (contacts[id_], caps.kept(policy.caps, held, now))
        for id_, held in places.items()
        if len(held) > len(contacts[id_].places)
    }
    refused = changed.keys() - await store.keep(changed)
    return {message_id for id_, had in has.items() if id_ not in refused for message_id in had}
