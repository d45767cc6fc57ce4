"""Cases that a customer has open with the service: while one is, nobody advertises to them.

A helpdesk tells of them by a server source: `Case Opened` and `Case Closed`, with `case_id`. Whichever comes first, a
case is open if it was opened later than it was closed.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, UpdateOne

from hub.database import Keyed, Row
from hub.events.model import Event, Kind, Trust
from hub.kit import ids
from hub.profiles.model import Profile
from hub.seal import Personal

OPENED: Final = "Case Opened"
CLOSED: Final = "Case Closed"
LONGEST_ID: Final = 255

_TIMES: Final[Mapping[str, str]] = {OPENED: "opened_at", CLOSED: "closed_at"}


class CaseDocument(Keyed):
    """A case at rest. `_id` is made of its source and its id there. `is_open` says whether the customer still waits."""

    profile_id: UUID
    opened_at: datetime | None
    closed_at: datetime | None
    is_open: bool

    class Settings:
        """Where cases lie, and how those are found that are open."""

        name = "cases"
        personal = Personal("profile_id", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1)], name="open", partialFilterExpression={"is_open": True}),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Keep what applied events say of cases. A client's key can be read by anybody: its source says nothing of them."""
    del profiles, now
    updates = [_update(it, case_id) for it in events if (case_id := _case_in(it)) is not None]
    if updates:
        # In their order: of two that tell of one new case at once, the second finds what the first has made.
        await CaseDocument.get_pymongo_collection().bulk_write(updates)


async def with_open(profiles: Collection[Profile]) -> set[UUID]:
    """Tell which of these customers have a case open, they themselves or whom they absorbed."""
    head_of = {own: it.id for it in profiles for own in it.own_ids}
    found = CaseDocument.get_pymongo_collection().find(
        {"profile_id": {"$in": list(head_of)}, "is_open": True}, {"profile_id": 1}
    )
    return {head_of[row["profile_id"]] async for row in found}


def _case_in(event: Event) -> str | None:
    if event.kind is not Kind.TRACK or event.name not in _TIMES or event.trust is not Trust.SERVER or event.about:
        return None
    case_id = event.properties.get("case_id")
    return case_id if isinstance(case_id, str) and 0 < len(case_id) <= LONGEST_ID and event.profile_id else None


def _update(event: Event, case_id: str) -> UpdateOne:
    time = _TIMES[event.name or ""]
    stages: list[Row] = [
        {
            "$set": {
                "profile_id": {"$ifNull": ["$profile_id", event.profile_id]},
                "opened_at": {"$ifNull": ["$opened_at", None]},
                "closed_at": {"$ifNull": ["$closed_at", None]},
            }
        },
        {"$set": {time: {"$max": [f"${time}", event.at]}}},
        # To MongoDB nothing is less than any time: what was never opened is not open, what was never closed may be.
        {"$set": {"is_open": {"$gt": ["$opened_at", "$closed_at"]}}},
    ]
    return UpdateOne({"_id": ids.key_of("case", event.source, case_id)}, stages, upsert=True)
