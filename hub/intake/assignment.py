"""Assigns events to profiles, in order; what one event claims, the next one finds. All of it is decided in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.events.model import Event, Kind, Trust
from hub.kit import ids
from hub.profiles.clashes import Clash
from hub.profiles.model import CONTACTS, Identifier, IdentifierKind, Owned


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an identifier is: a head, and whether anybody vouched for that."""

    profile_id: UUID
    verified: bool


@dataclass(frozen=True, slots=True)
class Join:
    """By an event, a profile that is nobody known turned out to be part of another one, its head from then on."""

    event_id: UUID
    absorbed: UUID
    head: UUID


class Assignment:
    """What a batch says of who is who.

    Args:
        held: the identifiers that point to a profile already.
        known: by what the profiles in question are known people.
    """

    def __init__(self, held: Mapping[Identifier, Holder], known: Mapping[UUID, frozenset[IdentifierKind]]) -> None:
        self._held = dict(held)
        self._known = dict(known)
        self._absorbed: dict[UUID, UUID] = {}
        self.profiles: dict[UUID, UUID] = {}
        self.claims: list[Owned] = []
        self.wins: dict[Identifier, UUID] = {}
        self.vouched: set[Identifier] = set()
        self.joins: list[Join] = []
        self.clashes: list[Clash] = []

    def add(self, event: Event, identifiers: Sequence[Identifier], previous: Identifier | None) -> None:
        """Decide whose one event is, who turns out to be the same, and what becomes of the identifiers it carries.

        Args:
            event: what happened.
            identifiers: those it carries, strongest first.
            previous: the user id that an alias may mean besides: a name that is compared and never claimed.
        """
        owner = self._owner(event, identifiers) or ids.new_id()
        if identifiers[0].kind is IdentifierKind.USER:
            self._learn(owner, IdentifierKind.USER)
        if event.kind in {Kind.IDENTIFY, Kind.ALIAS}:
            for name in [*identifiers, *([previous] if previous else [])]:
                owner = self._met(event, name, owner)
        self.profiles[event.id] = owner
        for identifier in identifiers:
            self._give(identifier, owner, trusted=event.trust is Trust.SERVER)

    def _owner(self, event: Event, identifiers: Sequence[Identifier]) -> UUID | None:
        """Find whose the strongest identifier is, or to whom it may be given if it is nobody's."""
        strongest = identifiers[0]
        found = next((it for it in identifiers if it in self._held), None)
        if found is None:
            return None
        profile_id, trusted = self._head(self._held[found].profile_id), event.trust is Trust.SERVER
        known = self._known.get(profile_id, frozenset())
        # An address that a known person has, and nobody has vouched for, may be anybody's: a server means its owner.
        if trusted and found.kind in CONTACTS and not self._held[found].verified and known:
            return None
        if found == strongest:
            return profile_id
        if strongest.kind is IdentifierKind.USER and trusted:
            return profile_id if IdentifierKind.USER not in known else None
        # What a device did before its user signed in becomes the user's, but never another person's profile: a computer
        # can be shared. An address proves nothing: whoever holds a client key can name any.
        if strongest.kind is IdentifierKind.USER and found.kind is not IdentifierKind.ANONYMOUS:
            return None
        return profile_id if trusted or not known else None

    def _met(self, event: Event, name: Identifier, owner: UUID) -> UUID:
        """Decide about a name of the event that is another profile's, and give whose the event is then."""
        if name not in self._held:
            return owner
        holder, other = self._held[name], self._head(self._held[name].profile_id)
        if other == owner:
            return owner
        trusted, known = event.trust is Trust.SERVER, other in self._known
        if known and trusted and name.kind in CONTACTS and not holder.verified:
            return owner  # it is won from who has it: see `_give`
        if known and owner in self._known:
            self.clashes.append(Clash(other, owner, name, event.source, event.accepted_at))
        elif trusted or (name.kind is IdentifierKind.ANONYMOUS and not known):
            absorbed, head = (owner, other) if known else (other, owner)
            self._absorbed[absorbed] = head
            self.joins.append(Join(event.id, absorbed, head))
            return head
        return owner

    def _give(self, identifier: Identifier, owner: UUID, *, trusted: bool) -> None:
        """Claim an identifier that nobody has; note what a server vouches for."""
        holder = self._held.get(identifier)
        if holder is None:
            self.claims.append(Owned(identifier, owner, verified=trusted))
            self._held[identifier] = Holder(owner, trusted)
        elif trusted and not holder.verified:
            if self._head(holder.profile_id) == owner:
                self.vouched.add(identifier)
            elif identifier.kind in CONTACTS:
                self.wins[identifier] = owner
            else:
                return
            self._held[identifier] = Holder(owner, verified=True)
        else:
            return
        if trusted and identifier.kind in CONTACTS:
            self._learn(owner, identifier.kind)

    def _learn(self, profile_id: UUID, kind: IdentifierKind) -> None:
        self._known[profile_id] = self._known.get(profile_id, frozenset()) | {kind}

    def _head(self, profile_id: UUID) -> UUID:
        while profile_id in self._absorbed:
            profile_id = self._absorbed[profile_id]
        return profile_id
