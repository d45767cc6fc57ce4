"""Waiting: whoever comes when an event is full is listed, and has a seat as soon as one is free, the first first.

A seat that is given back belongs to those who wait: who comes in between waits too. Who waits has no points held; if
they do not suffice when their turn comes, the next one has it, and they stay in the list.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub.database import Keyed, insert_once
from hub.kit import ids
from hub.kit.errors import TryLater
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from hub.rewards import places
from hub.rewards import service as rewards
from hub.rewards.model import Reason, Reward, RewardKind
from hub.seal import Personal
from hub.vouchers import codes, redeeming, store
from hub.vouchers.codes import Codes
from hub.vouchers.model import RewardUnavailable, Voucher
from hub.vouchers.redeeming import Wish

AT_ONCE: Final = 50
"""How many of those who wait are looked at for a seat: some may have too few points by now."""
CAUSE: Final = "waiting_list"
"""The `cause` of a voucher that somebody has waited for, in its event `Reward Issued`."""


class WaiterDocument(Keyed):
    """That somebody waits for a seat. Its `_id` is made of both, so that nobody waits twice."""

    reward: str
    profile_id: UUID
    at: datetime

    class Settings:
        """Where they lie, and how those of a reward and of a customer are found."""

        name = "reward_waiters"
        personal = Personal("profile_id", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("reward", 1), ("at", 1), ("_id", 1)], name="reward"),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody's place in the list of an event: 1 is next."""

    reward: str
    position: int


async def ask(profile: Profile, wish: Wish, hidden: Codes, *, now: datetime) -> Voucher | Waiting:
    """Issue a voucher as `redeeming.redeem` does, or let them wait where it is an event that is full.

    Raises:
        NoSuchReward: there is none of this name.
        RewardUnavailable: they cannot have it now.
    """
    reward = (await rewards.catalogue()).named(wish.reward)
    voucher_id = codes.voucher_id(await hidden.of(wish.key))
    # Whoever has their voucher and asks again, for no answer came, waits for no second one.
    is_repeated = reward.kind is RewardKind.EVENT and await store.read(voucher_id) is not None
    if not is_repeated and await _others_wait(reward, profile):
        redeeming.check(reward, profile, wish.shop, now)
        return await join(reward.name, profile, now=now)
    try:
        voucher = await redeeming.redeem(profile, wish, hidden, now=now)
    except RewardUnavailable as error:
        if reward.kind is not RewardKind.EVENT or error.reasons != (Reason.OUT_OF_STOCK,):
            raise
        return await join(reward.name, profile, now=now)
    await leave(reward.name, profile)
    return voucher


async def join(reward: str, profile: Profile, *, now: datetime) -> Waiting:
    """Let somebody wait. Who waits already keeps their place."""
    if (standing := await of(reward, profile)) is not None:
        return standing
    row = {"_id": ids.key_of("waiter", reward, profile.id), "reward": reward, "profile_id": profile.id, "at": now}
    await insert_once(WaiterDocument, [row])
    return await of(reward, profile) or Waiting(reward, 1)


async def leave(reward: str, profile: Profile) -> bool:
    """Let somebody wait no longer. False: they did not."""
    mine = {"reward": reward, "profile_id": {"$in": list(profile.own_ids)}}
    return (await WaiterDocument.get_pymongo_collection().delete_many(mine)).deleted_count > 0


async def of(reward: str, profile: Profile) -> Waiting | None:
    """Tell where in the list somebody is. None: they do not wait."""
    rows = WaiterDocument.get_pymongo_collection()
    mine = await rows.find_one({"reward": reward, "profile_id": {"$in": list(profile.own_ids)}}, sort=_ORDER)
    if mine is None:
        return None
    before = {"$or": [{"at": {"$lt": mine["at"]}}, {"at": mine["at"], "_id": {"$lt": mine["_id"]}}]}
    return Waiting(reward, await rows.count_documents({"reward": reward, **before}) + 1)


async def _others_wait(reward: Reward, profile: Profile) -> bool:
    """Tell whether somebody who comes has to wait, because others wait already. Whose turn it is has not."""
    if reward.kind is not RewardKind.EVENT:
        return False
    first = await WaiterDocument.get_pymongo_collection().find_one({"reward": reward.name}, sort=_ORDER)
    return first is not None and first["profile_id"] not in profile.own_ids


async def promote(hidden: Codes, *, now: datetime) -> int:
    """Give free seats to those who wait. Tell how many got one."""
    waited_for = await WaiterDocument.get_pymongo_collection().distinct("reward")
    known = (await rewards.catalogue()).rewards
    return sum([await _promote(known[name], hidden, now) for name in waited_for if name in known])


async def _promote(reward: Reward, hidden: Codes, now: datetime) -> int:
    rows = WaiterDocument.get_pymongo_collection()
    if reward.gives.at is not None and reward.gives.at <= now:
        await rows.delete_many({"reward": reward.name})
        return 0
    if not await _free(reward):
        return 0
    count = 0
    for row in await rows.find({"reward": reward.name}).sort(_ORDER).limit(AT_ONCE).to_list():
        profile = (await profiles.heads([row["profile_id"]])).get(row["profile_id"])
        if profile is not None:
            # The key is of this waiting: whoever dies before the row is gone gives no second seat.
            wish = Wish(reward.name, ids.key_of("waited", row["_id"], row["at"].isoformat()), cause=CAUSE)
            try:
                await redeeming.redeem(profile, wish, hidden, now=now)
            except RewardUnavailable as error:
                if error.reasons == (Reason.OUT_OF_STOCK,):
                    return count
                continue
            except TryLater:
                return count  # others are at their points: the seat stays theirs until the next look
            count += 1
        await rows.delete_one({"_id": row["_id"], "at": row["at"]})
    return count


async def _free(reward: Reward) -> int:
    if reward.stock is None:
        return 0
    limited = places.stock(reward.name, reward.stock)
    return limited.most - (await places.taken([limited.of])).get(limited.of, 0)


_ORDER: Final = [("at", 1), ("_id", 1)]
