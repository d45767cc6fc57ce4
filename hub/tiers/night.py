"""The night of a program: what time alone changes in its wallets and tiers.

The order is fixed: activate, tiers, expire, tiers. Pending points are usable by the clock, so that activating takes no
write. Tiers are looked at before points expire, so that nobody loses what was earned until the last moment, and after.
All of it may be repeated, and may run late: what is over counts no more in any reading, whether it is booked or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from hub.events.announcing import Announcement, announce
from hub.kit.errors import HubError
from hub.ledger import service as ledger
from hub.ledger import store as purses
from hub.ledger.model import About, Past, Purse
from hub.ledger.moves import Expire, Move
from hub.ledger.service import Request
from hub.profiles import store as profiles
from hub.programs.model import Program
from hub.tiers import service, store

log = structlog.get_logger(__name__)

EXPIRING: Final = "Points Expiring"
CAUSE: Final = "expiry"
BATCH: Final = 1_000


@dataclass(slots=True)
class Report:
    """What a night has done: tiers that changed, purses of which points expired, members who were warned."""

    tiers: int = 0
    expired: int = 0
    warned: int = 0
    failed: set[UUID] = field(default_factory=set)


async def run(program: Program, *, now: datetime) -> Report:
    """Do the night of a program, batch by batch."""
    report = Report()
    await _review_due(program, report, now)
    await _expire(program, report, now)
    await _review_due(program, report, now)
    await _warn(program, report, now)
    return report


async def _review_due(program: Program, report: Report, now: datetime) -> None:
    last: set[UUID] = set()
    while due := {it.owner for it in await store.due(program.name, now, BATCH)}:
        if due <= last:
            log.error("tiers_stay_due", program=program.name, members=len(due))
            return
        last |= due
        heads = await profiles.heads(due)
        # One that is no profile, such as an account, is its own head. What was absorbed moves with its head.
        owners = {it.id: it.own_ids for it in heads.values()} | {it: (it,) for it in due - heads.keys()}
        report.tiers += await service.review(program, owners, at=now, now=now)
        await store.put_away(program.name, due - owners.keys())


async def _expire(program: Program, report: Report, now: datetime) -> None:
    """Book what has expired. A purse that is refused stays due, and stops no other."""
    while due := [
        it for it in await purses.due(program.name, now, BATCH + len(report.failed)) if it.id not in report.failed
    ]:
        answers = await ledger.post([expiry_of(it, program, now=now) for it in due], now=now)
        for purse, answer in zip(due, answers, strict=True):
            if isinstance(answer, HubError) or answer.purse.due == purse.due:
                log.warning("points_not_expired", purse=str(purse.id))
                report.failed.add(purse.id)
        report.expired += len(due)
    report.expired -= len(report.failed)


def expiry_of(purse: Purse, program: Program, *, now: datetime) -> Request:
    """Ask that what has expired of a purse is booked. The key says after which posting: later ones may expire again."""

    def decide(purse: Purse, _past: Past) -> Sequence[Move]:
        over = (
            currency for currency, wallet in purse.wallets.items() if any(lot.terms.over(now) for lot in wallet.lots)
        )
        return [Expire(currency) for currency in sorted(over)]

    key = f"expire/{purse.id}/{purse.numbered}"
    return Request(purse.program, purse.owner, key, decide, About(CAUSE, brand=program.brand), at=now)


async def _warn(program: Program, report: Report, now: datetime) -> None:
    """Tell of points that expire soon, once for each wallet and date."""
    longest = max((it.warn_days for it in program.wallets.values()), default=0)
    if not longest:
        return
    async for found in purses.expiring(program.name, now + timedelta(days=longest), BATCH):
        warnings = [it for purse in found for it in warnings_of(purse, program, now=now)]
        await announce(warnings, now=now)
        report.warned += len(warnings)


def warnings_of(purse: Purse, program: Program, *, now: datetime) -> list[Announcement]:
    """Say which points of a purse expire within the days that the program warns before."""
    found: list[Announcement] = []
    for currency, wallet in program.wallets.items():
        sums: dict[datetime, int] = {}
        for lot in purse.wallet(currency).lots:
            at = lot.terms.expires_at
            if at and now < at <= now + timedelta(days=wallet.warn_days):
                sums[at] = sums.get(at, 0) + lot.left
        for at, points in sorted(sums.items()):
            properties = {
                "program": purse.program,
                "currency": currency,
                "points": points,
                "expires_at": at.isoformat(),
                "balance": purse.wallet(currency).balance,
            }
            found.append(
                Announcement(EXPIRING, purse.owner, f"{purse.id}/{currency}/{at.isoformat()}", now, properties)
            )
    return found
