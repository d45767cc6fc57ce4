"""An enrolment: that somebody is a member of a program, since when, and how they joined."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Way(StrEnum):
    """By which way somebody joins."""

    APP = "app"
    STORE = "store"
    QR = "qr"
    KEYWORD = "keyword"
    RECEIPT = "receipt"
    STAFF = "staff"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Joining:
    """How somebody joins.

    Attributes:
        way: by which way.
        store_id: in which store, by the retailer's own id of it.
        campaign: what led them to it.
        associate_id: who of the staff enrolled them.
        consent_version: which text of the program's terms they agreed to.
    """

    way: Way
    store_id: str | None = None
    campaign: str | None = None
    associate_id: str | None = None
    consent_version: str | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """That somebody is a member of a program. `cause` is the key of what made them one, `profile_id` whom it did."""

    id: UUID
    program: str
    profile_id: UUID
    joined_at: datetime
    joining: Joining
    cause: UUID


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a wish to join. `is_new` where it made the enrolment, be it in an earlier attempt."""

    enrolment: Enrolment
    is_new: bool


def oldest(enrolments: Iterable[Enrolment]) -> list[Enrolment]:
    """Leave one enrolment in each program, by the program's name: of two who became one person, the older counts."""
    found: dict[str, Enrolment] = {}
    for it in sorted(enrolments, key=lambda it: (it.program, it.joined_at, it.id)):
        found.setdefault(it.program, it)
    return list(found.values())
