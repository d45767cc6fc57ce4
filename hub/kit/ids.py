"""Ids: keys made of what a thing is, and new ids in order of time."""

from typing import Final
from uuid import UUID

import uuid_utils
from uuid_utils import compat

_HUB: Final = uuid_utils.UUID("4e4d2f6a-6f0b-5f5e-9d39-6a1c5b1f7a10")
_SEPARATOR: Final = "\x1f"


def key_of(*parts: str | UUID | int) -> UUID:
    """Make the UUIDv5 of a natural key: the same parts in the same order give the same id, for ever.

    Parts are joined by the ASCII unit separator; one inside a part is doubled, so that no two different keys meet.
    """
    texts = [str(part).replace(_SEPARATOR, _SEPARATOR * 2) for part in parts]
    return UUID(bytes=uuid_utils.uuid5(_HUB, f"{_SEPARATOR}|".join(texts)).bytes)


def new_id() -> UUID:
    """Make a UUIDv7: ids made later sort later."""
    return compat.uuid7()
