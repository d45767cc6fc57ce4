"""Whom a mutation means: a customer means themself, others name a profile by its id."""

from uuid import UUID

import strawberry

from hub.access.model import Forbidden, Scope
from hub.kit.errors import HubError
from hub.profiles import store
from hub.profiles.model import Profile
from hub_api.context import Info
from hub_api.nodes import BadId, parsed, uuid_of


class NoSuchProfile(HubError):
    """The id names no profile, or the asking customer has none yet."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such profile.")


async def meant(info: Info, id_: strawberry.ID | None, scope: Scope) -> Profile:
    """Give the head of the profile that is meant.

    Args:
        info: the request.
        id_: the profile's; a customer may leave it out, and means themself.
        scope: what a caller needs to name anybody else.

    Raises:
        BadId: it names no profile, or others than customers left it out.
        Forbidden: a customer names somebody else.
        NoSuchProfile: there is none.
    """
    context = info.context
    may_name = scope in context.caller.scopes
    own_id = await context.own_profile_id()
    if id_ is None and own_id is None:
        raise BadId if may_name else NoSuchProfile
    wanted = own_id if id_ is None else profile_id_of(id_)
    found = await store.heads({it for it in (wanted, own_id) if it is not None})
    head, own = (found.get(it) if it is not None else None for it in (wanted, own_id))
    if not may_name and (head is None or own is None or head.id != own.id):
        raise Forbidden(scope)  # also where there is none: who may not name others does not learn who exists
    if head is None:
        raise NoSuchProfile
    return head


def profile_id_of(id_: strawberry.ID) -> UUID:
    """Read the id of a profile.

    Raises:
        BadId: it is none.
    """
    type_name, own_id = parsed(id_)
    if type_name != "Profile":
        raise BadId
    return uuid_of(own_id)
