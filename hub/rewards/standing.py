"""How a customer stands to rewards: the points they can spend, and how many a purchase of theirs gives."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.ledger import service as ledger
from hub.ledger import store as ledger_store
from hub.ledger.model import WALLET, Kind, Posting
from hub.ledger.store import PostingDocument
from hub.profiles.model import Profile
from hub.rewards import places, store
from hub.rewards.model import Reward
from hub.rewards.offering import Standing

LOOKED_AT: Final = 50
"""How many of the last postings tell what a purchase gives."""
_OF_AN_ORDER: Final = "order/"


async def of(profile: Profile, rewards: Collection[Reward], *, now: datetime) -> Standing:
    """Tell how a customer stands to these rewards."""
    points: dict[tuple[str, str], int] = {}
    averages: dict[tuple[str, str], float] = {}
    for program in sorted({it.cost.program for it in rewards if it.cost}):
        purse = (await ledger.purses(program, [profile.id]))[profile.id]
        points |= {(program, name): wallet.available(now) for name, wallet in purse.wallets.items()}
        recent = {it.id: it for it in (*await _recent(profile, program), *purse.outbox)}
        averages |= {(program, name): each for name, each in per_purchase(recent.values()).items()}
    mine = (await had([profile], rewards))[profile.id]
    return Standing(profile, points, averages, mine, await store.voted_by(profile.own_ids))


async def left(rewards: Iterable[Reward]) -> dict[str, int]:
    """Tell of each reward that has a stock how many there are still, by name."""
    limited = {it.name: places.stock(it.name, it.stock) for it in rewards if it.stock is not None}
    taken = await places.taken([it.of for it in limited.values()])
    return {name: max(0, it.most - taken.get(it.of, 0)) for name, it in limited.items()}


async def had(profiles: Collection[Profile], rewards: Iterable[Reward]) -> dict[UUID, dict[str, int]]:
    """Count how many each has of each reward that is limited, also by those who were merged into them."""
    limited = [it.name for it in rewards if it.per_member is not None]
    names = {
        it.id: {name: [places.of_member(name, own, 0).of for own in it.own_ids] for name in limited} for it in profiles
    }
    every = [of for mine in names.values() for several in mine.values() for of in several]
    taken = await places.taken(every) if every else {}
    return {
        id_: {name: sum(taken.get(of, 0) for of in several) for name, several in mine.items()}
        for id_, mine in names.items()
    }


def per_purchase(postings: Iterable[Posting]) -> Mapping[str, float]:
    """Tell by wallet how many points the orders gave on average that these postings are about."""
    sums: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for entry in (entry for posting in postings for entry in posting.entries):
        if entry.account == WALLET and entry.kind is Kind.EARN and entry.origin.startswith(_OF_AN_ORDER):
            of_order = sums[entry.currency]
            of_order[entry.origin] = of_order.get(entry.origin, 0) + entry.points
    return {currency: sum(orders.values()) / len(orders) for currency, orders in sums.items()}


async def _recent(profile: Profile, program: str) -> list[Posting]:
    wanted = {"owner": {"$in": list(profile.own_ids)}, "program": program}
    found = PostingDocument.get_pymongo_collection().find(wanted).sort([("at", -1), ("_id", -1)]).limit(LOOKED_AT)
    return [ledger_store.posting_of(row) async for row in found]
