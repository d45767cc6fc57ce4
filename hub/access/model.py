"""A caller: who is asking, made once per request and passed on as a value."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from hub.events.model import Source
from hub.kit.errors import HubError

EVERY: Final = "*"
"""Stands for every brand where one is named."""


class CallerKind(StrEnum):
    """What sort of asker it is."""

    CUSTOMER = "customer"
    STAFF = "staff"
    PARTNER = "partner"
    DEVICE = "device"
    SERVER = "server"
    ANONYMOUS = "anonymous"


class Scope(StrEnum):
    """What a caller may do. Every field, route and verb names the one it needs."""

    EVENTS_WRITE = "events:write"
    TILLS_WRITE = "tills:write"
    TILLS_READ = "tills:read"
    VOUCHERS_USE = "vouchers:use"
    PROFILE_SELF = "profile:self"
    PROFILE_READ = "profile:read"
    PROFILE_WRITE = "profile:write"
    PROFILE_MERGE = "profile:merge"
    PROFILE_ERASE = "profile:erase"
    PROFILE_EXPORT = "profile:export"
    ASSOCIATE_READ = "associate:read"
    CONSENT_WRITE = "consent:write"
    CONTENT_READ = "content:read"
    COMMERCE_READ = "commerce:read"
    COMMERCE_WRITE = "commerce:write"
    DEFINITIONS_READ = "definitions:read"
    DEFINITIONS_WRITE = "definitions:write"
    JOURNEYS_READ = "journeys:read"
    JOURNEYS_WRITE = "journeys:write"
    POINTS_WRITE = "points:write"
    BOOKS_READ = "books:read"
    BOOKS_WRITE = "books:write"
    REVIEWS_WRITE = "reviews:write"
    KEYS_WRITE = "keys:write"
    AUDIT_READ = "audit:read"


class Role(StrEnum):
    """What a member of staff does here. `permissions.py` says what each may."""

    MARKETER = "marketer"
    ANALYST = "analyst"
    SERVICE = "service"
    MERCHANDISER = "merchandiser"
    FINANCE = "finance"
    STORE = "store"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking.

    `subject` is the customer's user id, the person's id, or the id of the key. A caller that sends events has a
    `source`. `brands` and `stores` limit what is seen and changed; empty means all. `verified` holds what an issuer
    vouches for besides the user id: pairs of kind (`email`, `phone`) and value. `token_id` names a token of the hub's
    own, by which it can be revoked. `profile_id` names the profile of a customer who signed in by a message and may
    have no user id. `key` is what a customer is called where their user id must not stand.
    """

    kind: CallerKind
    subject: str
    scopes: frozenset[Scope]
    source: Source | None = None
    roles: frozenset[Role] = frozenset()
    brands: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    verified: tuple[tuple[str, str], ...] = ()
    token_id: str = ""
    profile_id: UUID | None = None
    key: str = field(default="", compare=False)

    def reaches(self, brands: Collection[str], stores: Collection[str]) -> bool:
        """Tell whether something of these brands and stores lies within the caller's own. Naming none means all."""
        return _within(brands, self.brands) and _within(stores, self.stores)

    def sees_brand(self, brand: str | None) -> bool:
        """Tell whether something that names this brand is shown to the caller. None, and `*`, are of no one brand."""
        return not self.brands or brand in {None, EVERY, *self.brands}

    def sees_store(self, store: str | None) -> bool:
        """Tell whether something that names this store is shown to the caller. None is of no store."""
        return not self.stores or store in {None, *self.stores}


def _within(wanted: Collection[str], own: frozenset[str]) -> bool:
    return not own or (bool(wanted) and own.issuperset(wanted))


NOBODY: Final = Caller(CallerKind.ANONYMOUS, "", frozenset())


class Unauthenticated(HubError):
    """Who is asking could not be told."""

    code = "UNAUTHENTICATED"


class Forbidden(HubError):
    """The caller is known and lacks the scope."""

    code = "FORBIDDEN"

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"This needs the scope {scope}.")
        self.scope = scope


class Limited(HubError):
    """The caller has the scope, and is limited to brands or stores that this goes beyond."""

    code = "FORBIDDEN"

    def __init__(self) -> None:
        super().__init__("You are limited to brands or stores, and this is about others too.")


def require(caller: Caller, scope: Scope) -> Caller:
    """Let a caller pass who has the scope.

    Raises:
        Unauthenticated: nobody in particular is asking.
        Forbidden: the caller lacks the scope.
    """
    if scope in caller.scopes:
        return caller
    if caller.kind is CallerKind.ANONYMOUS and not caller.subject:
        raise Unauthenticated("Send a key or a token: `Authorization: Bearer …`.")
    raise Forbidden(scope)
