"""Ids that name an object of any type, as Relay has them."""

from typing import Final
from uuid import UUID

import strawberry
from strawberry.relay import GlobalID
from strawberry.relay.types import GlobalIDValueError

from hub.kit.errors import HubError

MOST: Final = 100
"""How many objects one `nodes` names."""


class BadId(HubError):
    """An id that was not taken from an answer of this API, or one of another type than is asked for."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("An `id` is taken from an earlier answer, and this one is not, or names another type.")


class TooManyIds(HubError):
    """More objects are asked for at once than are given."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__(f"At most {MOST} ids at once.")


@strawberry.interface
class Node:
    """An object that can be asked for by its id."""

    id: strawberry.ID = strawberry.field(description="Names this object among those of all types.")


def global_id(type_name: str, id_: UUID | str) -> strawberry.ID:
    """Make the id of an object as clients see it."""
    return strawberry.ID(str(GlobalID(type_name, str(id_))))


def parsed(id_: str) -> tuple[str, str]:
    """Read an id: the name of the type, and the object's own id.

    Raises:
        BadId: it is none.
    """
    try:
        name = GlobalID.from_id(id_)
    except GlobalIDValueError:
        raise BadId from None
    return name.type_name, name.node_id


def uuid_of(text: str) -> UUID:
    """Read the own id of an object whose ids are UUIDs.

    Raises:
        BadId: it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise BadId from None
