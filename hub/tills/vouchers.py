"""Vouchers at the till: it shows a code and names its receipt, and is told the discount and nothing of whose it is."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.access.model import Caller
from hub.tills.calls import source_of
from hub.tills.model import Id, Word
from hub.tills.service import store_of
from hub.vouchers import using
from hub.vouchers.model import Order, Voucher
from hub.vouchers.using import Granted


class VoucherShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The code of a voucher, typed or scanned, and the receipt that is to have it."""

    code: Word
    order_id: Id
    language: Annotated[str, Meta(pattern="^[a-z]{2}(-[A-Z]{2})?$", description="Of the label.")] = "en"
    store: Id | None = None


async def use(caller: Caller, shown: VoucherShown, *, now: datetime) -> Granted:
    """Use a voucher for a receipt. The first receipt wins, and is answered the same however often it asks.

    Raises:
        VoucherRefused: it cannot be used, and nothing was changed.
        MessageRefused: the store is not the caller's.
    """
    place = store_of(caller, shown.store)
    return await using.confirm(shown.code, _order(shown, place), shop=place, now=now)


async def reserve(caller: Caller, shown: VoucherShown, *, now: datetime) -> Granted:
    """Keep a voucher for a receipt that is being paid; as `use`. It is free again when the lease is over."""
    place = store_of(caller, shown.store)
    return await using.reserve(shown.code, _order(shown, place), shop=place, now=now)


async def release(caller: Caller, shown: VoucherShown, *, now: datetime) -> Voucher:
    """Let go of a voucher that a receipt has reserved, because it was not paid; as `use`."""
    return await using.free(shown.code, _order(shown, store_of(caller, shown.store)), now=now)


def _order(shown: VoucherShown, place: str) -> Order:
    return Order(source_of(place), shown.order_id)
