"""Flows: how many points came into each account of a program and went out of it, before a time and from then on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.ledger.store import PostingDocument


@dataclass(frozen=True, slots=True)
class Fixed:
    """Of what holds before `until`, no more is added than what was booked by `booked_by`, which is later."""

    until: datetime
    booked_by: datetime


@dataclass(frozen=True, slots=True)
class Flow:
    """By how many points an account of a currency has changed.

    Attributes:
        brand: of the postings; None where they name none.
        before: whether that was before the time that is asked for.
    """

    currency: str
    brand: str | None
    account: str
    before: bool
    points: int


async def flows(program: str, since: datetime, until: datetime, fixed: Sequence[Fixed]) -> list[Flow]:
    """Add up the copied postings of a program that count before `until`.

    A posting counts at the time at which it holds; one that comes too late for what is fixed, when it was booked.

    Args:
        program: whose postings.
        since: what counts before it, is told apart.
        until: what counts then or later is left out.
        fixed: what takes no more, by its end.
    """
    entry = "$entries"
    pipeline: list[dict[str, Any]] = [
        {"$match": {"program": program, "at": {"$lt": until}}},
        {"$set": {"counts_at": _counts_at(fixed)}},
        {"$match": {"counts_at": {"$lt": until}}},
        {"$unwind": entry},
        {
            "$group": {
                "_id": {
                    "currency": f"{entry}.currency",
                    "brand": "$brand",
                    "account": f"{entry}.account",
                    "before": {"$lt": ["$counts_at", since]},
                },
                "points": {"$sum": f"{entry}.points"},
            }
        },
    ]
    found = await PostingDocument.get_pymongo_collection().aggregate(pipeline)
    return [
        Flow(it["currency"], it.get("brand"), it["account"], it["before"], row["points"])
        for row in await found.to_list()
        for it in [row["_id"]]
    ]


def _counts_at(fixed: Iterable[Fixed]) -> Any:
    branches = [
        {
            "case": {"$lt": ["$at", it.until]},
            "then": {"$cond": [{"$gt": ["$booked_at", it.booked_by]}, "$booked_at", "$at"]},
        }
        for it in fixed
    ]
    return {"$switch": {"branches": branches, "default": "$at"}} if branches else "$at"
