"""Granting: vouchers that come by themselves as soon as there are the points for them, as with a punch card.

A stamp is a point of a wallet of its own, the tenth coffee a reward that costs nine of them. The voucher holds its
stamps, so that it comes once however often somebody looks. Where a refund takes a stamp back that a voucher holds, the
wallet owes it: then the voucher is given back, if nobody has used it, and the other stamps are on the card again.
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.ledger import service as ledger
from hub.ledger.model import Wallet
from hub.profiles.model import Profile
from hub.rewards import service as rewards
from hub.rewards.model import Cost, Reward, RewardState
from hub.vouchers import codes, redeeming, store
from hub.vouchers.model import RewardUnavailable, VoucherRefused
from hub.vouchers.redeeming import Wish

AT_ONCE: Final = 20
"""How many vouchers of a reward somebody gets or loses at one look."""
_CODE_BYTES: Final = 16


async def look(profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Give these customers the vouchers that they have the points for, and take away what was given for too few.

    Args:
        profiles: the heads, by their ids.
        now: the time.
    """
    by_purse: dict[tuple[str, str], list[tuple[Reward, Cost]]] = {}
    for reward in (await rewards.catalogue()).rewards.values():
        if reward.auto and reward.cost and reward.state is RewardState.LIVE:
            by_purse.setdefault(reward.cost.purse, []).append((reward, reward.cost))
    for (program, name), granted in by_purse.items():
        wallets = await _wallets(program, name, profiles.keys())
        for profile_id, wallet in wallets.items():
            for reward, cost in granted:
                if wallet.owed:
                    await _take_back(profiles[profile_id], reward, cost, now)
                elif wallet.available(now) >= cost.points:
                    await _give(profiles[profile_id], reward, now)


async def _give(profile: Profile, reward: Reward, now: datetime) -> None:
    wish = Wish(reward.name, profile.id, cause="auto")
    for _ in range(AT_ONCE):
        code = codes.code_of(secrets.token_bytes(_CODE_BYTES))
        try:
            # The points themselves see to it that there are no more vouchers than they suffice for.
            await redeeming.issue(profile, wish, code, now=now)
        except RewardUnavailable:
            return


async def _take_back(profile: Profile, reward: Reward, cost: Cost, now: datetime) -> None:
    """Give back vouchers that nobody has used, the newest first, until nothing is owed any more."""
    for row in await store.usable(reward.name, profile.own_ids, limit=AT_ONCE):
        if not (await _wallets(cost.program, cost.wallet, [profile.id]))[profile.id].owed:
            return
        try:
            await redeeming.cancel(row["_id"], now=now)
        except VoucherRefused:
            continue  # an order has it by now: the stamp stays owed


async def _wallets(program: str, name: str, owners: Collection[UUID]) -> dict[UUID, Wallet]:
    purses = await ledger.purses(program, owners)
    return {owner: purse.wallet(name) for owner, purse in purses.items()}
