"""Claiming: a customer shows the code of a receipt that is nobody's, and the order becomes theirs.

The profile that stands for the order is merged into theirs by one transaction, so that of two claimants one wins, and
with the order goes what it has earned.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.access import rates
from hub.commerce import orders, receipts
from hub.commerce.model import Contents, Order
from hub.events.announcing import Announcement, announce
from hub.intake import merging
from hub.intake.merging import AlreadyMerged
from hub.kit import ids
from hub.kit.errors import HubError, TryLater
from hub.profiles import store
from hub.profiles.model import Profile

CLAIMED: Final = "Receipt Claimed"
MOST_MISSES: Final = 10
WITHIN: Final = timedelta(hours=1)


class CannotClaim(HubError):
    """A receipt does not become somebody's."""


class NoSuchReceipt(CannotClaim):
    """No receipt has this code, or not yet."""

    code = "NO_SUCH_RECEIPT"

    def __init__(self) -> None:
        super().__init__("There is no receipt with this code. If it is a new one, try again in a moment.")


class ReceiptTaken(CannotClaim):
    """The order is somebody's."""

    code = "ALREADY_USED"

    def __init__(self) -> None:
        super().__init__("This receipt belongs to somebody already.")


class ReceiptTooOld(CannotClaim):
    """It was not claimed in time."""

    code = "EXPIRED"

    def __init__(self, days: int) -> None:
        super().__init__(f"A receipt is claimed within {days} days, and this one is older.")
        self.days = days


class AmbiguousReceipt(CannotClaim):
    """Several receipts that are nobody's have this code."""

    code = "AMBIGUOUS_RECEIPT"

    def __init__(self) -> None:
        super().__init__("More than one receipt has this code. Show it to the staff.")


class TooManyMisses(TryLater):
    """Somebody tried too many codes that led to nothing."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many codes were tried. Try again in {retry_after} s.", retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to have a receipt: its code, within how many days of the order, the key of the wish, and when."""

    code: str
    days: int
    key: UUID
    now: datetime


async def claim(profile_id: UUID, wish: Claim) -> Order:
    """Let the order of a receipt be somebody's. It may be repeated.

    Args:
        profile_id: the claimant's, a head.
        wish: what they wish.

    Raises:
        CannotClaim: see its leaves. Nothing has changed.
        TooManyMisses: they tried too often what led to nothing.
        AtWork: the moment was wrong, see `merging`.
    """
    misses = ids.key_of("missed receipts", profile_id)
    # Counted as a miss before anybody looks, so that many at once learn no more than one after the other.
    if wait := await rates.count(misses, most=MOST_MISSES, within=WITHIN, now=wish.now):
        raise TooManyMisses(wait)
    try:
        order = await _claimed(profile_id, wish)
    except TryLater:
        # The code is right. Whoever is asked to come again must not be stopped for coming.
        await rates.take_back(misses)
        raise
    await rates.take_back(misses)
    return order


async def _claimed(profile_id: UUID, wish: Claim) -> Order:
    while True:
        found = await _Found.look(profile_id, wish)
        if found.mine is not None:
            await _tell(profile_id, found.mine, wish.now)
            return found.mine
        order, holder = found.one_to_claim(wish)
        try:
            await merging.merge(profile_id, holder, key=wish.key, now=wish.now)
        except AlreadyMerged:
            continue  # another claimant was faster, or the claimant has become part of somebody else: look again
        await _tell(profile_id, order, wish.now)
        return order


async def _tell(profile_id: UUID, order: Order, now: datetime) -> None:
    said = order.contents
    if said is None or not await receipts.holders([said.profile_id]):
        return  # theirs from the beginning: nothing was claimed
    properties = {"order_id": order.order_id, "source": order.source, "store_id": said.store_id}
    told = {name: value for name, value in properties.items() if value is not None}
    await announce([Announcement(CLAIMED, profile_id, str(order.id), now, told)], now=now)


@dataclass(frozen=True, slots=True)
class _Found:
    """The orders whose receipts have a code: that of the claimant, if one is, those of nobody, and how many others."""

    mine: Order | None
    free: tuple[tuple[Order, UUID], ...]
    others: int

    @classmethod
    async def look(cls, profile_id: UUID, wish: Claim) -> "_Found":
        """Look them up, each with the profile that it is of."""
        found = await orders.load(await receipts.with_code(wish.code))
        said = [(order, order.contents) for order in found.values() if order.contents is not None]
        heads = await store.heads({profile_id, *(it.profile_id for _, it in said)})
        claimant = heads.get(profile_id)
        owned = [(order, _head(heads, it)) for order, it in said]
        holding = await receipts.holders([head.id for _, head in owned if head is not None])
        mine = next((order for order, head in owned if head and claimant and head.id == claimant.id), None)
        free = tuple((order, head.id) for order, head in owned if head and head.id in holding and not head.members)
        return cls(mine, free, len(owned) - len(free))

    def one_to_claim(self, wish: Claim) -> tuple[Order, UUID]:
        """Give the order that can be claimed, and who holds it."""
        earliest = wish.now - timedelta(days=wish.days)
        fresh = [(order, holder) for order, holder in self.free if order.at is not None and order.at >= earliest]
        if len(fresh) > 1:
            raise AmbiguousReceipt
        if fresh:
            return fresh[0]
        if self.free:
            raise ReceiptTooOld(wish.days)
        if self.others:
            raise ReceiptTaken
        raise NoSuchReceipt


def _head(heads: dict[UUID, Profile], said: Contents) -> Profile | None:
    return heads.get(said.profile_id)
