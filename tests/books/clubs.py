"""A program whose points cost something, and what is posted in it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from hub.definitions import Version
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Move
from hub.ledger.service import Answer, Request
from hub.programs import service as programs
from tests.programs.written import FINCH

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
CLUB = "finch-club"
COSTS = FINCH.replace("    pending: 14d", "    cost: {points: 100, amount: 0.80, breakage: 12.5}")
"""A hundred points cost eighty cents, and one of eight is never spent."""


async def activate(source: str = COSTS, at: datetime = JANUARY) -> None:
    made = await programs.draft(source, by="t", key=f"{at}", now=at)
    await programs.activate(Version(CLUB, made.version.number), by="t", key=f"{at}", now=at)


async def post(
    owner: UUID,
    key: str,
    moves: Sequence[Move],
    at: datetime,
    *,
    booked: datetime | None = None,
    brand: str | None = None,
) -> Answer:
    request = Request(CLUB, owner, key, ledger.fixed(*moves), About(key, brand=brand), at)
    (answer,) = await ledger.post([request], now=booked or at)
    return answer
