"""Use cases of rewards: publish one, tell what a customer may have, and vote for one that is proposed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from hub.conditions.model import segments_in
from hub.definitions import Published, Version
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.rewards import language, offering, standing, store
from hub.rewards.catalogue import Catalogue, Catalogues
from hub.rewards.model import NoSuchReward, NotProposed, Reward, RewardKind, RewardState
from hub.rewards.offering import Offered
from hub.segments import service as segments

_BATCH: Final = 1_000
_catalogues: Final = Catalogues()


@lru_cache(maxsize=1_000)
def _parsed(source: str) -> Reward:
    return language.read(source, None)


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a reward and let it count from now on. Vouchers that are out keep what they were issued for.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    scope = await segments.rules()
    return await store.DEFINITIONS.publish(
        source, read=lambda _: language.read(source, scope).name, by=by, key=key, now=now
    )


async def catalogue() -> Catalogue:
    """Give the newest version of every reward."""
    return await _catalogues.current()


async def version(wanted: Version) -> Reward:
    """Give a reward in one of its versions, which never change.

    Raises:
        NoSuchReward: it was never published.
    """
    found = await store.version(wanted)
    if found is None:
        raise NoSuchReward(wanted.name, (await catalogue()).rewards)
    return _parsed(found.source)


async def users_of(segment: str) -> list[str]:
    """Name the rewards whose audience asks for a segment."""
    rewards = (await catalogue()).rewards.values()
    return [f"reward {it.name}" for it in rewards if it.audience and segment in segments_in(it.audience.when)]


async def offered(profile: Profile, *, shop: str | None, now: datetime) -> list[Offered]:
    """List the rewards that are live or proposed, as they stand to a customer: what they can have first, by name.

    Args:
        profile: the customer.
        shop: the store they are in; None where that is not known.
        now: the time.
    """
    known = await shown()
    mine, left = await standing.of(profile, known, now=now), await standing.left(known)
    found = [offering.offered(it, mine, store=shop, left=left.get(it.name), now=now) for it in known]
    return sorted(found, key=lambda it: (len(it.reasons) > 0, it.reward.name))


async def shown() -> list[Reward]:
    """Give the rewards that customers are shown, live or proposed. A gesture is to surprise them."""
    known = (await catalogue()).rewards.values()
    return [it for it in known if it.state is not RewardState.RETIRED and it.kind is not RewardKind.GESTURE]


async def vote(name: str, profile: Profile, *, now: datetime) -> None:
    """Keep that a customer wants a proposed reward. Whoever votes again has voted.

    Raises:
        NoSuchReward: there is none of this name.
        NotProposed: it is not put to the vote.
    """
    reward = (await catalogue()).named(name)
    if reward.state is not RewardState.PROPOSED:
        raise NotProposed(name, reward.state)
    if name not in await store.voted_by(profile.own_ids):
        await store.vote(name, profile.id, now=now)


@dataclass(frozen=True, slots=True)
class Votes:
    """How many customers want a reward, and how many of them are in each segment, by its name."""

    total: int
    by_segment: dict[str, int]


async def votes(name: str) -> Votes:
    """Count the votes for a reward. Customers who were merged count as the one they are.

    Raises:
        NoSuchReward: there is none of this name.
    """
    (await catalogue()).named(name)
    voters = await store.voters(name)
    seen: dict[object, frozenset[str]] = {}
    for begin in range(0, len(voters), _BATCH):
        heads = await profiles_store.heads(voters[begin : begin + _BATCH])
        seen.update({it.id: it.segment_names for it in heads.values()})
    counts = Counter(segment for names in seen.values() for segment in names)
    return Votes(len(seen), dict(sorted(counts.items())))
