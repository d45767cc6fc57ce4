"""What a key is made for: its kind, whose it is, and what it is limited to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hub.access.model import Caller, CallerKind, Role, Scope
from hub.access.permissions import KINDS, TILL, of_roles
from hub.events.announcing import HUB
from hub.events.model import IMPORT, OF_TILLS
from hub.kit.errors import HubError

LONGEST_NAME: Final = 255


class KeyKind(StrEnum):
    """What a key is for."""

    CLIENT = "client"
    SERVER = "server"
    STAFF = "staff"
    PARTNER = "partner"
    DEVICE = "device"


CALLER_KINDS: Final[Mapping[KeyKind, CallerKind]] = {
    KeyKind.CLIENT: CallerKind.ANONYMOUS,
    KeyKind.SERVER: CallerKind.SERVER,
    KeyKind.STAFF: CallerKind.STAFF,
    KeyKind.PARTNER: CallerKind.PARTNER,
    KeyKind.DEVICE: CallerKind.DEVICE,
}


class BadGrant(HubError):
    """A key cannot be made like this."""

    code = "BAD_USER_INPUT"


class OutOfReach(HubError):
    """The caller may not hand out, or touch, what lies beyond their own scopes, brands and stores."""

    code = "FORBIDDEN"

    def __init__(self) -> None:
        super().__init__("This key has scopes, brands or stores that are not yours.")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key is made for.

    Attributes:
        kind: the scopes follow from it, except for partners and staff.
        source: the id of the source whose events it sends; two keys of one source are the same source.
        person: for staff, whose it is: an id, for it stands in the audit. Without one it belongs to the installation.
        roles: for staff.
        scopes: for partners, those it has of the ones a partner may have; for devices, what makes one a till.
        brands: to which it is limited; a partner's must name one.
        stores: to which it is limited; a device stands in exactly one.
        expires_at: when it is over; never, if left out.
    """

    kind: KeyKind
    source: str
    person: str = ""
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    brands: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    expires_at: datetime | None = None

    @property
    def allowed(self) -> frozenset[Scope]:
        """What its holder may do."""
        if self.kind is KeyKind.STAFF:
            return of_roles(self.roles)
        every = KINDS[CALLER_KINDS[self.kind]]
        if self.kind is KeyKind.DEVICE:
            return every | (TILL & self.scopes)
        return every & self.scopes if self.kind is KeyKind.PARTNER else every

    def check(self, now: datetime) -> None:
        """Hold it to the rules of its kind.

        Raises:
            BadGrant: it breaks one.
        """
        names = (self.source, *self.brands, *self.stores, *([self.person] if self.person else []))
        if any(not 1 <= len(name) <= LONGEST_NAME for name in names):
            raise BadGrant(f"A source, person, brand or store has 1 to {LONGEST_NAME} characters.")
        if self.source in {HUB.id, IMPORT.id} or self.source.startswith(OF_TILLS):
            raise BadGrant(f"The sources {HUB.id!r}, {IMPORT.id!r} and {OF_TILLS}… are the hub's own.")
        if "@" in self.person:
            raise BadGrant("A person is named by an id, not by an address: it stands in the audit for ever.")
        if self.expires_at and self.expires_at <= now:
            raise BadGrant("A key cannot be over before it is made.")
        staff, partner = self.kind is KeyKind.STAFF, self.kind is KeyKind.PARTNER
        if staff != bool(self.roles) or (self.person and not staff):
            raise BadGrant("Keys of staff have roles and may name a person; others have neither.")
        self._check_scopes()
        if partner and not self.brands:
            raise BadGrant("A partner's key names the brands it is for.")
        if self.kind is KeyKind.DEVICE and len(self.stores) != 1:
            raise BadGrant("A device's key names the one store it stands in.")

    def _check_scopes(self) -> None:
        """Let only those name scopes who may, partners always and devices where they are tills."""
        if self.kind is KeyKind.DEVICE:
            if not self.scopes <= TILL:
                raise BadGrant(
                    f"The key of a device names the scope {', '.join(TILL)}, which makes it a till, or none."
                )
        elif (self.kind is KeyKind.PARTNER) != bool(self.scopes) or not self.scopes <= KINDS[CallerKind.PARTNER]:
            may = ", ".join(sorted(KINDS[CallerKind.PARTNER]))
            raise BadGrant(f"Keys of partners, and only these, name scopes: some of {may}.")


def require_reach(caller: Caller, grant: Grant) -> None:
    """Let a caller pass who may hand out such a key, or has one of the kind in hand.

    Raises:
        OutOfReach: it can do something, or somewhere, that the caller cannot.
    """
    if not caller.reaches(grant.brands, grant.stores) or not grant.allowed <= caller.scopes:
        raise OutOfReach


def told(grant: Grant) -> Mapping[str, Any]:
    """Tell in ids and codes what a key is for, as the audit keeps it."""
    return {
        "kind": grant.kind,
        "source": grant.source,
        **({"person": grant.person} if grant.person else {}),
        "scopes": sorted(grant.allowed),
        "brands": sorted(grant.brands),
        "stores": sorted(grant.stores),
        "expires_at": grant.expires_at,
    }
