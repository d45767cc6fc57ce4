"""Who may do what, as data: the scopes of each kind of caller, and of each role of the staff.

Which scope a field, a mutation or a route needs stands beside it. Both together are the matrix in
`docs/permissions.md`, and a test asks every cell of it.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from hub.access.model import CallerKind, Role, Scope

MEANINGS: Final[Mapping[Scope, str]] = {
    Scope.EVENTS_WRITE: "send events",
    Scope.VOUCHERS_USE: "use a voucher for an order, by its code",
    Scope.TILLS_WRITE: "tell, as a till, who came to a store and what was sold and given back there, and be believed",
    Scope.TILLS_READ: "see what a store has sold and given back on a day, and where its tills say otherwise",
    Scope.PROFILE_SELF: "everything of one's own, and nothing of anybody else's",
    Scope.PROFILE_READ: "see any customer, and all that is kept of them",
    Scope.PROFILE_WRITE: "change any customer",
    Scope.PROFILE_MERGE: "say that two customers are one, or that they are not",
    Scope.PROFILE_ERASE: "erase a customer for good",
    Scope.PROFILE_EXPORT: "take everything about a customer away as a file",
    Scope.ASSOCIATE_READ: "see of a customer in the shop what an associate needs",
    Scope.CONSENT_WRITE: "record what a customer agreed to, and whom nobody may write to",
    Scope.CONTENT_READ: "see what is shown on pages, on signs and to the staff, and tell what was done with it",
    Scope.COMMERCE_READ: "see what is sold, where and at what price; nothing of a person",
    Scope.COMMERCE_WRITE: "change what is sold, where and at what price",
    Scope.DEFINITIONS_READ: "see how questions, rollups, segments, contents, programs, rewards and rules are defined",
    Scope.DEFINITIONS_WRITE: "define them",
    Scope.JOURNEYS_READ: "see journeys and broadcasts",
    Scope.JOURNEYS_WRITE: "publish journeys, and create and steer broadcasts",
    Scope.POINTS_WRITE: "give and take points by hand, and agree to what somebody else wants to give or take",
    Scope.BOOKS_READ: "see what all points will cost, and how they come and go month by month; nothing of a person",
    Scope.BOOKS_WRITE: "close a month of the books",
    Scope.REVIEWS_WRITE: "approve, refuse and remove what customers say of products",
    Scope.KEYS_WRITE: "make, list, rotate and revoke keys",
    Scope.AUDIT_READ: "read the audit",
}

KINDS: Final[Mapping[CallerKind, frozenset[Scope]]] = {
    CallerKind.ANONYMOUS: frozenset({Scope.EVENTS_WRITE, Scope.CONTENT_READ}),
    CallerKind.CUSTOMER: frozenset({Scope.PROFILE_SELF, Scope.CONTENT_READ, Scope.COMMERCE_READ}),
    CallerKind.DEVICE: frozenset({Scope.EVENTS_WRITE, Scope.CONTENT_READ, Scope.COMMERCE_READ}),
    CallerKind.PARTNER: frozenset({Scope.EVENTS_WRITE, Scope.COMMERCE_READ}),
    CallerKind.SERVER: frozenset(
        {
            Scope.VOUCHERS_USE,
            Scope.EVENTS_WRITE,
            Scope.TILLS_WRITE,
            Scope.PROFILE_READ,
            Scope.PROFILE_WRITE,
            Scope.CONSENT_WRITE,
            Scope.CONTENT_READ,
            Scope.COMMERCE_READ,
            Scope.COMMERCE_WRITE,
            Scope.DEFINITIONS_READ,
            Scope.JOURNEYS_READ,
            Scope.REVIEWS_WRITE,
        }
    ),
    CallerKind.STAFF: frozenset(),
}
"""`anonymous` is the key inside an app or page. A partner has those of its scopes that its key names; staff have those
of their roles."""

TILL: Final = frozenset({Scope.TILLS_WRITE})
"""What the key of a device may name besides. It is a till then, and not a kiosk that anybody can carry off."""

ROLES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.MARKETER: frozenset(
        {
            Scope.PROFILE_READ,
            Scope.CONTENT_READ,
            Scope.COMMERCE_READ,
            Scope.DEFINITIONS_READ,
            Scope.DEFINITIONS_WRITE,
            Scope.JOURNEYS_READ,
            Scope.JOURNEYS_WRITE,
            Scope.REVIEWS_WRITE,
        }
    ),
    Role.ANALYST: frozenset({Scope.COMMERCE_READ, Scope.DEFINITIONS_READ, Scope.JOURNEYS_READ, Scope.BOOKS_READ}),
    Role.SERVICE: frozenset(
        {
            Scope.PROFILE_READ,
            Scope.PROFILE_WRITE,
            Scope.PROFILE_MERGE,
            Scope.PROFILE_EXPORT,
            Scope.ASSOCIATE_READ,
            Scope.CONSENT_WRITE,
            Scope.CONTENT_READ,
            Scope.COMMERCE_READ,
            Scope.JOURNEYS_READ,
            Scope.POINTS_WRITE,
            Scope.REVIEWS_WRITE,
        }
    ),
    Role.MERCHANDISER: frozenset({Scope.COMMERCE_READ, Scope.COMMERCE_WRITE, Scope.DEFINITIONS_READ}),
    Role.FINANCE: frozenset(
        {
            Scope.TILLS_READ,
            Scope.COMMERCE_READ,
            Scope.DEFINITIONS_READ,
            Scope.POINTS_WRITE,
            Scope.BOOKS_READ,
            Scope.BOOKS_WRITE,
            Scope.AUDIT_READ,
        }
    ),
    Role.STORE: frozenset({Scope.TILLS_READ, Scope.ASSOCIATE_READ, Scope.CONTENT_READ, Scope.COMMERCE_READ}),
    Role.ADMIN: frozenset(Scope) - {Scope.PROFILE_SELF},
}


class Detail(StrEnum):
    """What the view of an associate shows of a customer, by the names of its fields."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    MEMBER_CODE = "memberCode"
    MEMBER_CARD = "memberCard"
    STAGE = "stage"
    PREFERRED = "preferred"
    CONSENTS = "consents"
    LAST_SEEN_AT = "lastSeenAt"
    LAST_ORDERS = "lastOrders"
    OPEN_PICKUPS = "openPickups"
    AMOUNTS = "amounts"


DETAILS: Final[Mapping[Role, frozenset[Detail]]] = {
    Role.SERVICE: frozenset(Detail),
    # They have the customer in front of them: no need to be told how to reach them, or what they spend.
    Role.STORE: frozenset(Detail) - {Detail.EMAIL, Detail.PHONE, Detail.AMOUNTS},
    Role.ADMIN: frozenset(Detail),
}
"""Which fields of that view a role is granted; the others are null. `amounts` are those of the orders in it."""


def details_of(roles: Collection[Role]) -> frozenset[Detail]:
    """Give what the view of an associate shows to somebody who has all of these roles."""
    return frozenset().union(*(DETAILS.get(role, frozenset()) for role in roles))


def of_roles(roles: Collection[Role]) -> frozenset[Scope]:
    """Give what somebody may who has all of these roles."""
    return frozenset().union(*(ROLES[role] for role in roles))
