"""Redeeming: a customer turns points into a voucher, and may give it back while nobody has used it.

The points are locked and the voucher comes to be in one guarded update of the purse: there is never the one without the
other. Before it the places of the stock and of the member are taken, each under the voucher's key; where the points do
not suffice they are given back, and where the process dies in between a sweep does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.accounts import service as accounts
from hub.ledger import service as ledger
from hub.ledger.errors import InsufficientPoints
from hub.ledger.model import About, Born
from hub.ledger.moves import Reserve
from hub.ledger.service import Request
from hub.profiles.model import Profile
from hub.rewards import offering, places
from hub.rewards import service as rewards
from hub.rewards.model import Reason, Reward
from hub.rewards.places import Limited
from hub.vouchers import codes, settling, store
from hub.vouchers.codes import Codes
from hub.vouchers.model import (
    AlreadyUsed,
    NoSuchVoucher,
    RewardUnavailable,
    Voucher,
    VoucherExpired,
    VoucherReserved,
    VoucherReversed,
    VoucherState,
    origin_of,
)
from hub.vouchers.together import TOGETHER

HELD_ON: Final = timedelta(days=400)
"""How much longer than its voucher a hold lasts: a sweep that is late finds it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be issued.

    Attributes:
        reward: by name.
        key: what makes it repeatable: under one key there is one voucher, for ever.
        shop: the store in which the customer is, None where that is not known.
        gift: it is given: nothing of the wallet is asked, and no condition but that there is one left.
        cause: what it follows from, for the books.
    """

    reward: str
    key: UUID
    shop: str | None = None
    gift: bool = False
    cause: str = "redeemReward"


async def redeem(profile: Profile, wish: Wish, hidden: Codes, *, now: datetime) -> Voucher:
    """Issue a voucher: lock its points, so that the balance drops at once. Under the same key it is the same voucher.

    Args:
        profile: whose it is to be.
        wish: what.
        hidden: makes its code.
        now: the time.

    Raises:
        NoSuchReward: there is none of this name.
        RewardUnavailable: they cannot have it now.
    """
    return await issue(profile, wish, await hidden.of(wish.key), now=now)


async def issue(profile: Profile, wish: Wish, code: str, *, now: datetime) -> Voucher:
    """Issue a voucher that has this code; see `redeem`. The one that has it already stays as it is."""
    voucher_id = codes.voucher_id(code)
    catalogue = await rewards.catalogue()
    reward = catalogue.named(wish.reward)
    if not _is_settled_by_points(reward, wish) and (row := await store.read(voucher_id)) is not None:
        return store.voucher_of(row)
    try:
        await _allow(reward, profile, wish, now)
    except RewardUnavailable:
        if (row := await store.read(voucher_id)) is None:
            raise
        return store.voucher_of(row)
    taken = await _take(reward, profile, voucher_id, now)
    voucher = Voucher(
        id=voucher_id,
        code=code,
        profile_id=profile.id,
        reward=catalogue.versions[reward.name],
        cost=None if wish.gift else reward.cost,
        state=VoucherState.ISSUED,
        issued_at=now,
        expires_at=max(now, reward.gives.at or now) + reward.lasts,
        cause=wish.cause,
    )
    try:
        is_new = await _store(voucher, [place for _, place in taken], wish, now)
    except InsufficientPoints as error:
        # Where there is a voucher somebody has repeated this request, and had better luck.
        if taken and await store.read(voucher_id) is None:
            await places.give_back(taken)
        raise RewardUnavailable(reward.name, (Reason.INSUFFICIENT_POINTS,), missing=error.missing) from None
    if not is_new and (row := await store.read(voucher_id)) is not None:
        return store.voucher_of(row)
    return voucher


def _is_settled_by_points(reward: Reward, wish: Wish) -> bool:
    """Tell whether the ledger alone knows a request that is repeated: nothing else is taken for the voucher."""
    return not wish.gift and reward.cost is not None and reward.stock is None and reward.per_member is None


async def cancel(voucher_id: UUID, *, now: datetime) -> Voucher:
    """Give a voucher back that nobody has used: its points go into the lots they came from. Repeating is harmless.

    Raises:
        NoSuchVoucher: there is none.
        AlreadyUsed, VoucherReserved, VoucherExpired, VoucherReversed: it is too late for that.
    """
    if (row := await store.read(voucher_id)) is None:
        raise NoSuchVoucher
    await settling.let_lapse(row, now=now)
    free = {"state": VoucherState.ISSUED.value, "expires_at": {"$gt": now}}
    changes = {"$set": {"state": VoucherState.RELEASED.value, "unsettled_at": now}}
    changed = await store.change(voucher_id, free, changes)
    if changed is None:
        row = await store.read(voucher_id) or row
        _explain(store.voucher_of(row), now)
        changed = row
    # At once, so that the balance is whole again by the next look. If that fails, the sweep does it.
    if "unsettled_at" in changed:
        await settling.settle([changed], now=now)
    return store.voucher_of(changed)


def _explain(voucher: Voucher, now: datetime) -> None:
    match voucher.state_at(now):
        case VoucherState.USED:
            raise AlreadyUsed
        case VoucherState.RESERVED:
            raise VoucherReserved(voucher.leased_until or now)
        case VoucherState.EXPIRED | VoucherState.ISSUED:
            raise VoucherExpired(voucher.expires_at)
        case VoucherState.REVERSED:
            raise VoucherReversed


async def _allow(reward: Reward, profile: Profile, wish: Wish, now: datetime) -> None:
    """Refuse what somebody cannot have. What is given has no conditions."""
    if wish.gift:
        return
    check(reward, profile, wish.shop, now)
    if reward.cost and not await accounts.may_spend(reward.cost.program, profile.own_ids):
        raise RewardUnavailable(reward.name, (Reason.MAY_NOT_SPEND,))


def check(reward: Reward, profile: Profile, shop: str | None, now: datetime) -> None:
    """Refuse what does not depend on places and points: these are looked at where they are taken.

    Raises:
        RewardUnavailable: with every reason.
    """
    rich = offering.Standing(profile, {reward.cost.purse: reward.cost.points} if reward.cost else {})
    if reasons := offering.offered(reward, rich, store=shop, left=None, now=now).reasons:
        raise RewardUnavailable(reward.name, reasons)


async def _take(reward: Reward, profile: Profile, voucher_id: UUID, now: datetime) -> list[tuple[UUID, UUID]]:
    """Take the places that the reward has only so many of: pairs of the voucher and the document of its place."""
    taken: list[tuple[UUID, UUID]] = []
    for limited, reason in await _limits(reward, profile):
        place = await places.take(limited, voucher_id, now=now)
        if place is None:
            await places.give_back(taken)
            raise RewardUnavailable(reward.name, (reason,))
        taken.append((voucher_id, place))
    return taken


async def _limits(reward: Reward, profile: Profile) -> Sequence[tuple[Limited, Reason]]:
    found: list[tuple[Limited, Reason]] = []
    if reward.per_member is not None:
        # What they had while they were thought to be others counts as theirs.
        before = [places.of_member(reward.name, it, 0).of for it in profile.members]
        had = sum((await places.taken(before)).values()) if before else 0
        mine = places.of_member(reward.name, profile.id, max(0, reward.per_member - had))
        found.append((mine, Reason.LIMIT_REACHED))
    if reward.stock is not None:
        found.append((places.stock(reward.name, reward.stock), Reason.OUT_OF_STOCK))
    return found


async def _store(voucher: Voucher, taken: Sequence[UUID], wish: Wish, now: datetime) -> bool:
    """Store a voucher, with the hold of its points. False: it was stored before."""
    row = store.row_of(voucher, taken)
    cost = voucher.cost
    if cost is None:
        await store.insert(row)
        return True
    origin = origin_of(voucher.id)
    held = Reserve(cost.wallet, cost.points, origin, voucher.expires_at + HELD_ON)
    posted = await TOGETHER.post(
        Request(
            program=cost.program,
            owner=voucher.profile_id,
            key=settling.issue_key(voucher.id),
            decide=ledger.fixed(held),
            about=About(cause=wish.cause, store=wish.shop, detail={"reward": voucher.reward.id}),
            at=now,
            body=f"{voucher.reward.name}",
            born=[Born(store.NAME, row)],
        ),
        now=now,
    )
    return not posted.replayed
