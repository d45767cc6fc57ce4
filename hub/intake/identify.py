"""Whose event is it: finds the profile of each event by its identifiers, or makes a new one.

The claim on an identifier is one insert under its key, so that two processes never make two profiles of one name.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.events.model import Event, Kind
from hub.intake.assignment import Assignment, Holder, Join
from hub.profiles import clashes, identifier_store, rules, store
from hub.profiles.model import CONTACTS, Identifier, IdentifierKind, Profile


@dataclass(frozen=True, slots=True)
class Found:
    """Whose the events of a batch are.

    Attributes:
        profiles: the profile's id by the event's id.
        lineage: the profiles that exist, as they were read: heads, and absorbed ones that an identifier points to.
        joins: who is to be absorbed by whom, in order of the events that say so. `profiles` counts on it.
    """

    profiles: Mapping[UUID, UUID]
    lineage: Mapping[UUID, Profile]
    joins: Sequence[Join]


async def profiles_of(events: Sequence[Event], *, now: datetime, region: str = "") -> Found:
    """Find or make the profile of each event, claim the identifiers that nobody has, and list what clashes.

    Args:
        events: in order of acceptance.
        now: when claims are made.
        region: the country that phone numbers without a country's code are of.
    """
    carried = [(event, rules.identifiers_of(event, region)) for event in events if event.about is None]
    previous = {event.id: it for event, _ in carried if (it := rules.previous_user(event)) is not None}
    announced = {event.id: event.about for event in events if event.about is not None}
    named = {it for _, identifiers in carried for it in identifiers} | {*previous.values()}
    while True:
        owned = await identifier_store.owners(named)
        lineage = await store.lineage({it.profile_id for it in owned.values()} | {*announced.values()})
        heads = store.heads_in(lineage)
        head_of = {profile_id: head.id for profile_id, head in heads.items()}
        held = {name: Holder(head_of.get(it.profile_id, it.profile_id), it.verified) for name, it in owned.items()}
        known = await _known(_in_question(carried, previous, held), lineage)
        assignment = Assignment(held, known)
        for event, identifiers in carried:
            assignment.add(event, identifiers, previous.get(event.id))
        if await identifier_store.claim(assignment.claims, at=now) and await identifier_store.win(assignment.wins):
            await identifier_store.verify(assignment.vouched)
            await clashes.record(assignment.clashes)
            about = {event_id: head_of.get(it, it) for event_id, it in announced.items()}
            return Found({**assignment.profiles, **about}, lineage, assignment.joins)
        # Another process was faster with one of the names: look again whose it is.


def _in_question(
    carried: Iterable[tuple[Event, Sequence[Identifier]]],
    previous: Mapping[UUID, Identifier],
    held: Mapping[Identifier, Holder],
) -> set[UUID]:
    """Name the profiles of which it matters whether they are known people: usually none."""
    found: set[UUID] = set()
    for event, identifiers in carried:
        names = [*identifiers, *([previous[event.id]] if event.id in previous else [])]
        holders = {held[it].profile_id for it in names if it in held}
        if event.kind in {Kind.IDENTIFY, Kind.ALIAS}:
            if len(holders) > 1 or (holders and any(it not in held for it in names)):
                found |= holders
        elif names[0] not in held or (names[0].kind in CONTACTS and not held[names[0]].verified):
            found |= holders
    return found


async def _known(heads: Collection[UUID], lineage: Mapping[UUID, Profile]) -> dict[UUID, frozenset[IdentifierKind]]:
    """Tell by what these heads are known, themselves or one whom they absorbed."""
    head_of = {own_id: head for head in heads for own_id in (lineage[head].own_ids if head in lineage else (head,))}
    found: dict[UUID, frozenset[IdentifierKind]] = {}
    for own_id, kinds in (await identifier_store.known(head_of)).items():
        found[head_of[own_id]] = found.get(head_of[own_id], frozenset()) | kinds
    return found
