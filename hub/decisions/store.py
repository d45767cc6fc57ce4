"""Decisions in MongoDB. The first one recorded under a key stands."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pymongo import IndexModel

from hub import database, seal
from hub.database import Keyed, OwnIds, Row, insert_once
from hub.decisions.model import Decision, Reason
from hub.kit.pages import Page, Span
from hub.seal import Erasure, Personal


class DecisionDocument(Keyed):
    """A decision at rest."""

    profile_id: UUID
    question: str
    cause: str
    reason: Reason | None
    at: datetime
    detail: dict[str, str]

    class Settings:
        """Where decisions lie and how they are found."""

        name = "decisions"
        personal = Personal("profile_id", ("detail",), Erasure.BLANK)
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1), ("at", -1), ("_id", -1)], name="profile"),
        ]


async def record(decisions: Sequence[Decision]) -> list[Decision]:
    """Record decisions and answer those that stand, in the same order: an earlier one under the same key wins."""
    taken = await insert_once(DecisionDocument, [_row_of(decision) for decision in decisions])
    if not taken:
        return list(decisions)
    keys = [decisions[place].id for place in taken]
    found = DecisionDocument.get_pymongo_collection().find({"_id": {"$in": keys}})
    standing = {row["_id"]: decision_of(row) async for row in found}
    return [standing.get(decision.id, decision) for decision in decisions]


async def standing(keys: Collection[UUID]) -> dict[UUID, Decision]:
    """Read the decisions that were recorded under these keys."""
    if not keys:
        return {}
    found = DecisionDocument.get_pymongo_collection().find({"_id": {"$in": list(keys)}})
    return {row["_id"]: decision_of(row) async for row in found}


async def pages(owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Decision]]:
    """Read a page of each profile's decisions, newest first."""
    found = await database.pages(DecisionDocument, owners, wanted, by="at")
    return {owner: page.each(decision_of) for owner, page in found.items()}


def decision_of(sealed: Row) -> Decision:
    """Make a decision of its row."""
    row = seal.opened(DecisionDocument, sealed)
    reason = row["reason"]
    return Decision(
        profile_id=row["profile_id"],
        question=row["question"],
        cause=row["cause"],
        reason=None if reason is None else Reason(reason),
        at=row["at"],
        detail=row["detail"],
    )


def _row_of(decision: Decision) -> Row:
    row = {
        "_id": decision.id,
        "profile_id": decision.profile_id,
        "question": decision.question,
        "cause": decision.cause,
        "reason": decision.reason,
        "at": decision.at,
        "detail": dict(decision.detail),
    }
    return seal.shut(DecisionDocument, row)
