"""Sweeping: what time brings on, and what a process that died has left undone.

Vouchers expire, leases of orders run out, orders turn out to have been given back, changes are settled, and places of
which nobody was sure are decided about. All of it is keyed: several processes may sweep at the same time.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.ledger import flushing
from hub.rewards import places
from hub.vouchers import returns, settling, store, waiting
from hub.vouchers.codes import Codes
from hub.vouchers.model import VoucherState

log = structlog.get_logger(__name__)

BATCH: Final = 500
EVERY_SECONDS: Final = 1.0


async def keep(hidden: Codes, clock: Callable[[], datetime]) -> None:
    """Sweep until cancelled. A database that is away is waited for."""
    while True:
        try:
            done = await sweep(now=clock()) + await waiting.promote(hidden, now=clock())
        except PyMongoError as error:
            log.warning("vouchers_wait_for_database", error=type(error).__name__)
            done = 0
        if done < BATCH:
            await asyncio.sleep(EVERY_SECONDS)


async def sweep(*, now: datetime) -> int:
    """Do a batch of all that is due, and tell how much there was."""
    over = {"state": VoucherState.ISSUED.value, "expires_at": {"$lte": now}}
    expired = await store.move(over, VoucherState.EXPIRED, limit=BATCH, now=now)
    lapsed = await store.lapsed(BATCH, now=now)
    for row in lapsed:
        await settling.let_lapse(row, now=now)
    rows = await store.unsettled(BATCH, before=now)
    used = [store.voucher_of(row) for row in rows if row["state"] == VoucherState.USED]
    # A till that was offline may tell of a voucher when its order has been given back already.
    await returns.look([it.order for it in used if it.order], now=now)
    await settling.settle(rows, now=now)
    return expired + len(lapsed) + len(rows) + await _clear(now)


async def _clear(now: datetime) -> int:
    """Decide about places of which nobody was sure: a voucher that is stored has those that it names, and no other."""
    doubted = await places.unsure(now=now, limit=BATCH)
    for voucher_id in {who for who, _ in doubted}:
        await flushing.born(voucher_id)
    kept = await store.with_places(doubted) if doubted else set()
    await places.give_back([it for it in doubted if it not in kept])
    for who, place in kept.intersection(doubted):
        await places.sure([who], [place])
    return len(doubted)
