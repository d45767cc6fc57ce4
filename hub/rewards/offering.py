"""Offering: whether one customer may have a reward now, why not, and how far it still is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.profiles.model import Profile
from hub.rewards.model import Reason, Reward, RewardKind, RewardState
from hub.segments.model import facts_of


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a customer.

    Attributes:
        profile: the customer.
        points: how many can be spent, by program and wallet.
        per_purchase: how many one of their purchases gives on average, by program and wallet; none where they have
            none to go by.
        had: how many of each reward they have, by its name.
        voted: the proposed rewards they voted for.
    """

    profile: Profile
    points: Mapping[tuple[str, str], int] = field(default_factory=dict)
    per_purchase: Mapping[tuple[str, str], float] = field(default_factory=dict)
    had: Mapping[str, int] = field(default_factory=dict)
    voted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Offered:
    """A reward as it is offered to one customer.

    Attributes:
        reward: what it is.
        reasons: why they cannot have it now, in the order of `Reason`; none where they can.
        missing: how many points they lack.
        purchases: how many purchases such as theirs give the missing points; None where that is not known.
        left: how many there are still; None where there is no limit.
        voted: whether they voted for it.
    """

    reward: Reward
    reasons: tuple[Reason, ...]
    missing: int = 0
    purchases: int | None = None
    left: int | None = None
    voted: bool = False


def offered(reward: Reward, standing: Standing, *, store: str | None, left: int | None, now: datetime) -> Offered:
    """Tell how a customer stands to a reward.

    Args:
        reward: what is offered.
        standing: who they are and what they have.
        store: where they are, None where that is not known: then no store is a reason.
        left: how many there are still, None where there is no limit.
        now: the time.
    """
    missing, purchases = _missing(reward, standing)
    return Offered(
        reward=reward,
        reasons=tuple(_reasons(reward, standing, store, left=left, missing=missing, now=now)),
        missing=missing,
        purchases=purchases,
        left=left,
        voted=reward.name in standing.voted,
    )


def _reasons(
    reward: Reward, standing: Standing, store: str | None, *, left: int | None, missing: int, now: datetime
) -> Iterator[Reason]:
    if reward.state is not RewardState.LIVE:
        yield Reason.NOT_LIVE
    if reward.kind is RewardKind.GESTURE:
        yield Reason.ONLY_GIVEN
    if reward.since is not None and now < reward.since:
        yield Reason.NOT_YET
    if reward.before is not None and now >= reward.before:
        yield Reason.EXPIRED
    if reward.stores and store is not None and store not in reward.stores:
        yield Reason.NOT_HERE
    if not is_for(reward, standing.profile, now=now):
        yield Reason.NOT_ELIGIBLE
    if reward.per_member is not None and standing.had.get(reward.name, 0) >= reward.per_member:
        yield Reason.LIMIT_REACHED
    if left is not None and left <= 0:
        yield Reason.OUT_OF_STOCK
    if missing:
        yield Reason.INSUFFICIENT_POINTS


def is_for(reward: Reward, profile: Profile, *, now: datetime) -> bool:
    """Tell whether a reward is for a customer."""
    audience = reward.audience
    return audience is None or audience.picks(facts_of(profile, [audience], now), now)


def _missing(reward: Reward, standing: Standing) -> tuple[int, int | None]:
    """Tell the points that are missing, and the purchases that give them."""
    if reward.cost is None:
        return 0, 0
    missing = max(0, reward.cost.points - standing.points.get(reward.cost.purse, 0))
    average = standing.per_purchase.get(reward.cost.purse, 0)
    if not missing:
        return 0, 0
    return missing, int(-(-missing // average)) if average > 0 else None
