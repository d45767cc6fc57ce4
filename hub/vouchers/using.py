"""Using a voucher: what a till or a shop's checkout asks for, with the code alone and the order that takes it.

The first order to confirm wins; the same order again is answered the same, another one is refused. Nobody is told more
than the discount: no name, no address, no balance.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NoReturn
from uuid import UUID

from hub.database import Row
from hub.rewards import places
from hub.rewards import service as rewards
from hub.rewards.model import Reward
from hub.vouchers import codes, settling, store
from hub.vouchers.model import (
    AlreadyUsed,
    NoSuchVoucher,
    NotCombinable,
    NotHere,
    Order,
    Voucher,
    VoucherExpired,
    VoucherReleased,
    VoucherReserved,
    VoucherReversed,
    VoucherState,
)

LEASE: Final = timedelta(minutes=5)
"""How long an order that is being paid has a voucher to itself."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What an order gets by a voucher.

    Attributes:
        voucher: as it is now.
        reward: what it gives, in the version that it was issued for.
    """

    voucher: Voucher
    reward: Reward


async def confirm(code: str, order: Order, *, shop: str | None = None, now: datetime) -> Granted:
    """Use a voucher for an order, for good. The same order again gets the same answer.

    Args:
        code: as it was scanned or typed.
        order: the order that takes it.
        shop: the store it is used in, None where it is in none.
        now: the time.

    Raises:
        VoucherRefused: it cannot be used, and nothing was changed.
    """
    row, reward = await _found(code, now)
    if _is_done(row, order):
        return Granted(store.voucher_of(row), reward)
    _check_shop(reward, shop)
    place = await _combined(reward, order, row["_id"], now)
    used = {"state": VoucherState.USED.value, "used_at": now, "unsettled_at": now}
    changes: Row = {"$set": {**used, **_of_order(order, shop, place)}, "$unset": {"leased_until": ""}}
    if place is not None:
        changes["$addToSet"] = {"places": place}
    return Granted(await _changed(row, order, changes, place, now), reward)


async def reserve(code: str, order: Order, *, shop: str | None = None, now: datetime) -> Granted:
    """Keep a voucher for an order that is being paid, until the lease is over. Asking again renews it.

    Raises:
        VoucherRefused: it cannot be used, and nothing was changed.
    """
    row, reward = await _found(code, now)
    if _is_done(row, order):
        return Granted(store.voucher_of(row), reward)
    _check_shop(reward, shop)
    place = await _combined(reward, order, row["_id"], now)
    reserved = {"state": VoucherState.RESERVED.value, "leased_until": now + LEASE}
    changes: Row = {"$set": {**reserved, **_of_order(order, shop, place)}}
    if place is not None:
        changes["$addToSet"] = {"places": place}
    return Granted(await _changed(row, order, changes, place, now), reward)


async def free(code: str, order: Order, *, now: datetime) -> Voucher:
    """Let go of a voucher that an order has reserved: its owner can use it again. Repeating it changes nothing.

    Raises:
        VoucherRefused: another order has it, or an order took it.
    """
    row, _ = await _found(code, now)
    if row["state"] == VoucherState.RESERVED:
        await settling.free(row, {"order": _order_row(order)}, now=now)
        row = await store.read(row["_id"]) or row
    voucher = store.voucher_of(row)
    state = voucher.state_at(now)
    if state in {VoucherState.RESERVED, VoucherState.USED}:
        _refuse(voucher, order, now)
    return voucher


async def _found(code: str, now: datetime) -> tuple[Row, Reward]:
    form = codes.code_form(code)
    row = await store.read(codes.voucher_id(form)) if form else None
    if row is None:
        raise NoSuchVoucher
    row = await settling.let_lapse(row, now=now)
    return row, await rewards.version(store.voucher_of(row).reward)


def _is_done(row: Row, order: Order) -> bool:
    """Tell whether this order took it already: it is answered as it was then, also if it was given back since."""
    return row["state"] in {VoucherState.USED, VoucherState.REVERSED} and row["order"] == _order_row(order)


def _check_shop(reward: Reward, shop: str | None) -> None:
    if reward.stores and shop not in reward.stores:
        raise NotHere


async def _combined(reward: Reward, order: Order, voucher_id: UUID, now: datetime) -> UUID | None:
    """Take the place that the order has for vouchers of this class; None where it has no class."""
    if reward.stacking is None:
        return None
    place = await places.take(places.of_order(order.source, order.order_id, reward.stacking), voucher_id, now=now)
    if place is None:
        raise NotCombinable(reward.stacking)
    return place


async def _changed(row: Row, order: Order, changes: Row, place: UUID | None, now: datetime) -> Voucher:
    issued, reserved = VoucherState.ISSUED.value, VoucherState.RESERVED.value
    free_to_all: list[Row] = [
        {"state": issued, "expires_at": {"$gt": now}},
        {"state": reserved, "order": _order_row(order), "leased_until": {"$gt": now}},
    ]
    changed = await store.change(row["_id"], {"$or": free_to_all}, changes)
    if changed is None:
        changed = await store.read(row["_id"]) or row
        if not _is_done(changed, order):
            if place is not None and changed.get("order_place") != place:
                await places.give_back([(row["_id"], place)])
            _refuse(store.voucher_of(changed), order, now)
    if place is not None:
        await places.sure([row["_id"]], [place])
    return store.voucher_of(changed)


def _refuse(voucher: Voucher, order: Order, now: datetime) -> NoReturn:
    """Say why this order cannot have it."""
    match voucher.state_at(now):
        case VoucherState.USED:
            raise AlreadyUsed
        case VoucherState.RESERVED if voucher.order != order:
            raise VoucherReserved(voucher.leased_until or now)
        case VoucherState.RELEASED:
            raise VoucherReleased
        case VoucherState.REVERSED:
            raise VoucherReversed
    raise VoucherExpired(voucher.expires_at)


def _of_order(order: Order, shop: str | None, place: UUID | None) -> Row:
    return {"order": _order_row(order), "store": shop, "order_place": place}


def _order_row(order: Order) -> Row:
    return {"source": order.source, "order_id": order.order_id}
