"""Visitors: who is looking, and how much of them their texts may read. It follows from who asks on their behalf."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from hub.access.model import Caller, CallerKind, Forbidden, Limited, Scope
from hub.access.names import Names
from hub.content.model import NotForCaller, NotShownThere
from hub.kit.errors import HubError
from hub.messaging.surfaces import SHOWN, Surface
from hub.profiles import identifier_store, rules, store
from hub.profiles.model import Identifier, IdentifierKind, Profile

LONGEST_ID: Final = 255

_OPEN: Final = frozenset({Surface.POPUP, Surface.SIGN})
"""What anybody may see who may see anything."""
_INSIDE: Final = frozenset({CallerKind.STAFF, CallerKind.SERVER})
"""Who may see the rest as well."""
_NAMES: Final = ("name", "firstName", "lastName")
"""What texts may read of somebody whom an associate has in front of them."""


class NobodyThere(HubError):
    """There is no such customer."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such profile.")


class BadVisitor(HubError):
    """What was sent names nobody, or two at once."""

    code = "BAD_USER_INPUT"


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is looking, as the caller names them: one of these at most, a customer none."""

    profile_id: UUID | None = None
    member_code: str | None = None
    visitor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is looking.

    Attributes:
        profile: the customer; None where nobody knows who it is.
        readable: what texts may read of them, by name.
        unknown: the name of an unknown visitor, by which their views are counted; None where they are not.
    """

    profile: Profile | None = None
    readable: Mapping[str, Any] = field(default_factory=dict)
    unknown: UUID | None = None

    @property
    def ids(self) -> tuple[UUID, ...]:
        """The names under which their views lie."""
        if self.profile is not None:
            return self.profile.own_ids
        return (self.unknown,) if self.unknown else ()


def check_surface(caller: Caller, surface: Surface) -> None:
    """Let a caller see what is shown on a surface.

    Raises:
        NotShownThere: what is on this surface is sent.
        NotForCaller: it is for the staff and servers.
    """
    if surface not in SHOWN:
        raise NotShownThere(surface)
    if surface not in _OPEN and caller.kind not in _INSIDE:
        raise NotForCaller(surface)


def store_of(caller: Caller, store_id: str | None) -> str | None:
    """Tell in which store something is to be shown: whoever is in one need not name it.

    Raises:
        Limited: the caller is limited to others.
    """
    if store_id is None and len(caller.stores) == 1:
        return next(iter(caller.stores))
    if not caller.sees_store(store_id):
        raise Limited
    return store_id


async def visitor_of(caller: Caller, whom: Whom, own_id: UUID | None, names: Names) -> Visitor:
    """Find who is looking.

    A customer is themself. A device may name whoever shows it a member code, and is told nothing of them: the code says
    who somebody is and proves nothing. The staff in the shop may have the name read out, servers and the staff who see
    any customer everything.

    Args:
        caller: who asks.
        whom: whom they name.
        own_id: the profile of the asking customer.
        names: makes the name of an unknown visitor.

    Raises:
        BadVisitor: more than one is named, or it cannot be a name.
        Forbidden: the caller may not name them.
        NobodyThere: there is no such customer.
    """
    if sum(it is not None for it in (whom.profile_id, whom.member_code, whom.visitor_id)) > 1:
        raise BadVisitor("Name one visitor: by `id`, `memberCode` or `visitorId`.")
    if caller.kind is CallerKind.CUSTOMER:
        return await _themself(whom, own_id)
    if whom.visitor_id is not None:
        if not 1 <= len(whom.visitor_id) <= LONGEST_ID:
            raise BadVisitor(f"`visitorId` has 1 to {LONGEST_ID} characters.")
        return Visitor(unknown=await names.of("visitor", whom.visitor_id))
    head = await _named(caller, whom)
    if head is None:
        return Visitor()
    return Visitor(head, _readable(caller, head))


async def _themself(whom: Whom, own_id: UUID | None) -> Visitor:
    """Give the asking customer, who may be one of whom nothing was heard yet."""
    if whom.member_code is not None or whom.visitor_id is not None:
        raise BadVisitor("A customer is the visitor: leave `memberCode` and `visitorId` out.")
    wanted = {it for it in (whom.profile_id, own_id) if it is not None}
    found = await store.heads(wanted)
    head, named = (found.get(it) if it is not None else None for it in (own_id, whom.profile_id))
    if whom.profile_id is not None and (head is None or named is None or named.id != head.id):
        raise Forbidden(Scope.PROFILE_READ)  # also where there is none: who may not name others learns nothing
    return Visitor(head, head.traits) if head else Visitor()


async def _named(caller: Caller, whom: Whom) -> Profile | None:
    if whom.profile_id is not None:
        if Scope.PROFILE_READ not in caller.scopes:
            raise Forbidden(Scope.PROFILE_READ)
        profile_id: UUID | None = whom.profile_id
    elif whom.member_code is not None:
        if caller.kind is not CallerKind.DEVICE and not caller.scopes & {Scope.PROFILE_READ, Scope.ASSOCIATE_READ}:
            raise Forbidden(Scope.ASSOCIATE_READ)
        profile_id = await _member(whom.member_code)
    else:
        return None
    head = (await store.heads([profile_id])).get(profile_id) if profile_id else None
    if head is None:
        raise NobodyThere
    return head


async def _member(code: str) -> UUID | None:
    value = rules.lookup_form(IdentifierKind.MEMBER, code)
    if value is None:
        return None
    identifier = Identifier(IdentifierKind.MEMBER, value)
    owned = (await identifier_store.owners([identifier])).get(identifier)
    return owned.profile_id if owned else None


def _readable(caller: Caller, head: Profile) -> Mapping[str, Any]:
    if Scope.PROFILE_READ in caller.scopes:
        return head.traits
    if Scope.ASSOCIATE_READ in caller.scopes:
        return {name: head.traits[name] for name in _NAMES if name in head.traits}
    return {}
