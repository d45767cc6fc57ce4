"""Settling: what follows from the state of a voucher. It is keyed and repeatable, and `sweeping` finishes it.

An issued voucher is announced. A used one has its points taken for good, a released or expired one has them put back
into their lots, a reversed one has them restored; the last three give their places back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from hub.database import Row
from hub.events.announcing import Announcement, announce
from hub.kit.errors import HubError
from hub.ledger import ledger as rules
from hub.ledger import model as words
from hub.ledger import service as ledger
from hub.ledger import store as purses
from hub.ledger.model import About, Past, Purse
from hub.ledger.moves import Capture, Move, Release, Restore
from hub.ledger.service import Request
from hub.rewards import places
from hub.rewards.model import Cost
from hub.vouchers import store
from hub.vouchers.model import OVER, Voucher, VoucherState, origin_of

log = structlog.get_logger(__name__)

AGAIN: Final = timedelta(minutes=5)
"""When to look again at one that the ledger refused to settle."""

EVENTS: Final = {
    VoucherState.ISSUED: "Reward Issued",
    VoucherState.USED: "Voucher Used",
    VoucherState.RELEASED: "Voucher Released",
    VoucherState.EXPIRED: "Voucher Expired",
    VoucherState.REVERSED: "Voucher Reversed",
}
"""What stands in the timeline of whose voucher it is."""


def issue_key(voucher_id: UUID) -> str:
    """Give the key of the posting that holds a voucher's points."""
    return f"issue/{voucher_id}"


async def settle(rows: Sequence[Row], *, now: datetime) -> None:
    """Do what follows from the state of vouchers as they were read. Those that were changed since stay unsettled."""
    vouchers = [store.voucher_of(row) for row in rows]
    refused = await _post(vouchers, now)
    good = [row for row in rows if row["_id"] not in refused]
    given = [(row["_id"], place) for row in good if row["state"] in OVER for place in row["places"]]
    await places.give_back(given)
    fresh = [row for row in good if row["state"] not in OVER and row["places"]]
    if fresh:
        await places.sure([row["_id"] for row in fresh], [place for row in fresh for place in row["places"]])
    told = [it for row in good for it in _told(store.voucher_of(row), row["unsettled_at"])]
    await announce(told, now=now)
    await store.settled(good)
    if refused:
        await store.put_off([row for row in rows if row["_id"] in refused], now + AGAIN)


async def _post(vouchers: Sequence[Voucher], now: datetime) -> set[UUID]:
    """Move the points, and tell of which vouchers the ledger refused it."""
    wanted = [(it, request) for it in vouchers for request in _requests(it, now)]
    holders = await _holders({it.id: it for it, _ in wanted}.values())
    asked = [(it, replace(request, owner=holders.get(it.id, it.profile_id))) for it, request in wanted]
    answers = await ledger.post([request for _, request in asked], now=now) if asked else []
    refused: set[UUID] = set()
    for (voucher, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, HubError):
            log.error("voucher_not_settled", voucher=str(voucher.id), state=voucher.state, code=answer.code)
            refused.add(voucher.id)
    return refused


async def _holders(vouchers: Iterable[Voucher]) -> dict[UUID, UUID]:
    """Give by voucher whose purse holds its points: that of an account, also when its person has left it since."""
    issued = {_issue_id(it, it.cost): it.id for it in vouchers if it.cost}
    found = await purses.postings(issued.keys(), "", ()) if issued else {}
    return {issued[posting.id]: posting.owner for posting in found.values()}


def _issue_id(voucher: Voucher, cost: Cost) -> UUID:
    return words.posting_id(cost.program, issue_key(voucher.id))


def _requests(voucher: Voucher, now: datetime) -> list[Request]:
    if voucher.cost is None:
        return []
    currency = voucher.cost.wallet
    hold = words.hold_id(_issue_id(voucher, voucher.cost))
    match voucher.state:
        case VoucherState.USED:
            return [_request(voucher, "capture", Capture(currency, hold), now)]
        case VoucherState.RELEASED | VoucherState.EXPIRED:
            return [_request(voucher, "release", Release(currency, hold), now)]
        case VoucherState.REVERSED:
            return [_request(voucher, "capture", Capture(currency, hold), now), _restoring(voucher, now)]
    return []


def _request(voucher: Voucher, what: str, move: Move, now: datetime) -> Request:
    return _asked(voucher, what, now, decide=lambda _purse, _past: [move])


def _restoring(voucher: Voucher, now: datetime) -> Request:
    currency = voucher.cost.wallet if voucher.cost else ""

    def decide(purse: Purse, past: Past) -> Sequence[Move]:
        del purse
        draws = rules.taken(past, currency, voucher.origin)
        return [Restore(currency, draws, voucher.origin)] if draws else []

    return _asked(voucher, "restore", now, decide=decide)


def _asked(voucher: Voucher, what: str, now: datetime, *, decide: ledger.Decide) -> Request:
    order = voucher.order
    cause = f"order/{order.source}/{order.order_id}" if order else origin_of(voucher.id)
    return Request(
        program=voucher.cost.program if voucher.cost else "",
        owner=voucher.profile_id,
        key=f"{what}/{voucher.id}",
        decide=decide,
        about=About(cause=cause, store=voucher.store, detail={"reward": voucher.reward.id}),
        at=now,
        origins=[voucher.origin],
    )


def _told(voucher: Voucher, changed_at: datetime) -> list[Announcement]:
    """Tell what has happened to a voucher, from the first: nobody may have looked before it changed again."""
    about: dict[str, Any] = {
        "cause": voucher.cause,
        "voucher_id": str(voucher.id),
        "reward": voucher.reward.name,
        "version": voucher.reward.number,
        "expires_at": voucher.expires_at.isoformat(),
    }
    if voucher.cost:
        about |= {"program": voucher.cost.program, "wallet": voucher.cost.wallet, "points": voucher.cost.points}
    order = voucher.order
    by_order = {**about, "order_id": order.order_id, "order_source": order.source} if order else about
    happened = [(VoucherState.ISSUED, voucher.issued_at, about)]
    if voucher.used_at is not None:
        happened.append((VoucherState.USED, voucher.used_at, by_order))
    if voucher.state in OVER:
        at = voucher.expires_at if voucher.state is VoucherState.EXPIRED else changed_at
        happened.append((voucher.state, at, by_order))
    cause = str(voucher.id)
    return [Announcement(EVENTS[state], voucher.profile_id, cause, at, said) for state, at, said in happened]


async def let_lapse(row: Row, *, now: datetime) -> Row:
    """Take a voucher away from an order whose lease is over, if one has it, and give the row as it is then."""
    if row["state"] != VoucherState.RESERVED or row["leased_until"] > now:
        return row
    await free(row, {"leased_until": {"$lte": now}}, now=now)
    return await store.read(row["_id"]) or row


async def free(row: Row, where: Row, *, now: datetime) -> bool:
    """Take a voucher away from the order that has it reserved, and give the order's place back.

    The place is doubted first: where the process dies in between, the sweep looks whether the voucher still has it.
    """
    place = row.get("order_place")
    if place is not None:
        await places.doubt(row["_id"], place, now=now)
    changes: Row = {
        "$set": {"state": VoucherState.ISSUED.value},
        "$unset": {"order": "", "leased_until": "", "store": "", "order_place": ""},
    }
    if place is not None:
        changes["$pull"] = {"places": place}
    mine = {"state": VoucherState.RESERVED.value, "order": row["order"], **where}
    freed = await store.change(row["_id"], mine, changes)
    if place is not None:
        if freed is not None:
            await places.give_back([(row["_id"], place)])
        else:
            await places.sure([row["_id"]], [place])
    return freed is not None
