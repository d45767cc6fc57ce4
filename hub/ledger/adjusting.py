"""Adjusting: a person gives or takes points by hand, with a reason. Above a limit a second person has to agree.

What was decided is written first and posted then, under a key made of the adjustment: whoever dies in between leaves it
to the keeper.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, ReturnDocument

from hub import database, seal
from hub.database import Keyed, insert_once
from hub.kit import ids
from hub.kit.errors import HubError, TryLater
from hub.kit.pages import Page, Span
from hub.ledger import service
from hub.ledger.model import About
from hub.ledger.moves import Adjust
from hub.ledger.service import Request
from hub.seal import Erasure, Personal

BATCH: Final = 100


class AdjustmentState(StrEnum):
    """Where an adjustment stands: it waits for a second person, is agreed to, declined, posted, or was not possible."""

    WAITING = "waiting"
    AGREED = "agreed"
    DECLINED = "declined"
    POSTED = "posted"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points that somebody gives (above zero) or takes by hand.

    Attributes:
        id: made of who asked and the key of the request.
        program, owner, currency: whose points.
        reason: a code. `note` are the words of who asked.
        asked_by, asked_at: who and when.
        decided_by, decided_at: who agreed to it or declined it; nobody where it needs no second person.
        refusal: the code by which the ledger refused it.
    """

    id: UUID
    program: str
    owner: UUID
    currency: str
    points: int
    reason: str
    note: str
    asked_by: str
    asked_at: datetime
    state: AdjustmentState = AdjustmentState.WAITING
    decided_by: str | None = None
    decided_at: datetime | None = None
    refusal: str | None = None


class AdjustmentDocument(Keyed):
    """An adjustment at rest. `_id` is made of who asked and the key of the request."""

    program: str
    profile_id: UUID
    currency: str
    points: int
    reason: str
    note: str
    asked_by: str
    asked_at: datetime
    state: AdjustmentState
    decided_by: str | None = None
    decided_at: datetime | None = None
    refusal: str | None = None

    class Settings:
        """Where adjustments lie and how those are found that wait."""

        name = "adjustments"
        personal: ClassVar[Personal | None] = Personal("profile_id", ("note",), Erasure.BLANK)
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("state", 1), ("asked_at", -1), ("_id", -1)], name="state"),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


class NoSuchAdjustment(HubError):
    """An id names no adjustment, or one that was decided already."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such adjustment that waits for a second person.")


class SamePerson(HubError):
    """Who asked for an adjustment wanted to agree to it."""

    code = "SAME_PERSON"

    def __init__(self) -> None:
        super().__init__("Somebody else agrees to an adjustment than has asked for it.")


def adjustment_id(by: str, key: str) -> UUID:
    """Make the id of an adjustment."""
    return ids.key_of("adjustment", by, key)


async def adjust(asked: Adjustment, *, limit: int, now: datetime) -> Adjustment:
    """Adjust points, or let it wait for a second person where it is of more points than `limit`.

    Returns:
        The adjustment as it stands. Asked for again, it is the one there is.
    """
    state = AdjustmentState.AGREED if abs(asked.points) <= limit else AdjustmentState.WAITING
    await insert_once(AdjustmentDocument, [_row_of(asked, state)])
    return await _finished(await _read(asked.id), now=now)


async def decide(adjustment: UUID, *, agreed: bool, by: str, now: datetime) -> Adjustment:
    """Agree to an adjustment that somebody else has asked for, or decline it. Its asker may decline it too.

    Returns:
        The adjustment as it stands. Decided again by the same person to the same end, it is as it was.

    Raises:
        NoSuchAdjustment: there is none that waits.
        SamePerson: who asked wants to agree.
    """
    found = await _read(adjustment)
    state = AdjustmentState.AGREED if agreed else AdjustmentState.DECLINED
    if agreed and found.asked_by == by:
        raise SamePerson
    if found.state is AdjustmentState.WAITING:
        found = await _changed(found, AdjustmentState.WAITING, {"state": state, "decided_by": by, "decided_at": now})
    if found.decided_by != by or (found.state is AdjustmentState.DECLINED) is agreed:
        raise NoSuchAdjustment
    return await _finished(found, now=now)


async def load(adjustments: list[UUID]) -> dict[UUID, Adjustment]:
    """Read adjustments."""
    found = AdjustmentDocument.get_pymongo_collection().find({"_id": {"$in": adjustments}})
    return {row["_id"]: adjustment_of(row) async for row in found}


async def page(wanted: Span, *, states: list[AdjustmentState]) -> Page[Adjustment]:
    """Read a page of the adjustments in these states, newest first."""
    where = {"state": {"$in": states}}
    return (await database.page(AdjustmentDocument, wanted, by="asked_at", where=where)).each(adjustment_of)


async def finish(*, now: datetime) -> int:
    """Post what was agreed to by somebody who died before it was posted, and tell how many there were."""
    found = AdjustmentDocument.get_pymongo_collection().find({"state": AdjustmentState.AGREED}).limit(BATCH)
    left = [adjustment_of(row) async for row in found]
    for it in left:
        await _finished(it, now=now)
    return len(left)


async def _finished(it: Adjustment, *, now: datetime) -> Adjustment:
    """Post an adjustment that is agreed to."""
    if it.state is not AdjustmentState.AGREED:
        return it
    origin = f"adjustment/{it.id}"
    about = About(cause=origin, reason=it.reason, by=it.asked_by, detail={"agreed_by": it.decided_by})
    moves = service.fixed(Adjust(it.currency, it.points, origin))
    request = Request(it.program, it.owner, origin, moves, about, it.decided_at or it.asked_at, body=str(it.points))
    (answer,) = await service.post([request], now=now)
    if isinstance(answer, TryLater):
        raise answer
    refusal = answer.code if isinstance(answer, HubError) else None
    state = AdjustmentState.POSTED if refusal is None else AdjustmentState.IMPOSSIBLE
    return await _changed(it, AdjustmentState.AGREED, {"state": state, "refusal": refusal})


async def _changed(it: Adjustment, before: AdjustmentState, changes: Mapping[str, Any]) -> Adjustment:
    """Change an adjustment where it is still in a state, and give it as it is then."""
    row = await AdjustmentDocument.get_pymongo_collection().find_one_and_update(
        {"_id": it.id, "state": before}, {"$set": changes}, return_document=ReturnDocument.AFTER
    )
    return adjustment_of(row) if row else await _read(it.id)


async def _read(adjustment: UUID) -> Adjustment:
    row = await AdjustmentDocument.get_pymongo_collection().find_one({"_id": adjustment})
    if row is None:
        raise NoSuchAdjustment
    return adjustment_of(row)


def adjustment_of(sealed: Mapping[str, Any]) -> Adjustment:
    """Make an adjustment of its row."""
    row = dict(seal.opened(AdjustmentDocument, sealed))
    state = AdjustmentState(row.pop("state"))
    return Adjustment(id=row.pop("_id"), owner=row.pop("profile_id"), state=state, **row)


def _row_of(it: Adjustment, state: AdjustmentState) -> dict[str, Any]:
    row = {
        "_id": it.id,
        "program": it.program,
        "profile_id": it.owner,
        "currency": it.currency,
        "points": it.points,
        "reason": it.reason,
        "note": it.note,
        "asked_by": it.asked_by,
        "asked_at": it.asked_at,
        "state": state,
        "decided_by": None,
        "decided_at": None,
        "refusal": None,
    }
    return seal.shut(AdjustmentDocument, row)
