"""Entries for the books: one row for each entry of each posting, as other books take them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.ledger import scanning
from hub.ledger.model import Posting


@dataclass(frozen=True, slots=True)
class Booked:
    """Which postings are wanted: booked from `since` on, and before `until`; of one program, or of all."""

    program: str | None
    since: datetime | None
    until: datetime


async def rows(wanted: Booked) -> AsyncIterator[dict[str, Any]]:
    """Give every entry of the copied postings, by posting. The same is asked for again, the same is given."""
    async for posting in scanning.booked(wanted.program, wanted.since, wanted.until):
        for row in _rows(posting):
            yield row


def _rows(posting: Posting) -> list[dict[str, Any]]:
    about = posting.about
    return [
        {
            "posting": str(posting.id),
            "line": line,
            "program": posting.program,
            "owner": str(posting.owner),
            "at": posting.at,
            "booked_at": posting.booked_at,
            "kind": it.kind.value,
            "account": it.account,
            "currency": it.currency,
            "points": it.points,
            "origin": it.origin,
            "lot": str(it.terms.lot) if it.terms else None,
            "brand": about.brand,
            "channel": about.channel,
            "reason": about.reason,
            "cause": about.cause,
        }
        for line, it in enumerate(posting.entries, start=1)
    ]
