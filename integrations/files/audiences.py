"""Customer lists of advertising platforms: how each wants an address to be written before it is hashed.

Both take the SHA-256 of the e-mail address, trimmed and in lower case, and of the phone number with the code of its
country. They differ in its plus and in the names of the columns:

- Google, Customer Match: https://support.google.com/google-ads/answer/7659867
- Meta, customer list Custom Audiences: https://developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.bulk.audiences import Reached
from hub.bulk.rows import Row


class Platform(StrEnum):
    """Where a list goes."""

    GOOGLE = "google"
    META = "meta"


@dataclass(frozen=True, slots=True)
class _Shape:
    """The columns of a list, and what of a number's E.164 is hashed without."""

    email: str
    phone: str
    without: str = ""


_SHAPES: Final[Mapping[Platform, _Shape]] = {
    Platform.GOOGLE: _Shape("Email", "Phone"),
    Platform.META: _Shape("email", "phone", without="+"),
}


def hashed(reached: Reached, platform: Platform) -> Row:
    """Make the row of one customer. What they have not allowed is None."""
    shape = _SHAPES[platform]
    return {
        shape.email: reached.email and _hash(reached.email),
        shape.phone: reached.phone and _hash(reached.phone.removeprefix(shape.without)),
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
