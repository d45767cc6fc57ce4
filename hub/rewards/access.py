"""Access: who may buy what is opened early, before it is open to everybody."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.profiles.model import Profile
from hub.rewards import offering
from hub.rewards.model import Reason, Reward, RewardKind, RewardState


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a customer may buy something, at a time.

    Attributes:
        allowed: whether.
        opens: when it is open to everybody; None where nothing keeps it closed.
        reasons: why they may not buy it early; none where they may, or where it is open.
    """

    allowed: bool
    opens: datetime | None = None
    reasons: tuple[Reason, ...] = ()


def access(rewards: Iterable[Reward], profile: Profile | None, held: Collection[str], *, at: datetime) -> Access:
    """Tell whether a customer may buy something.

    Args:
        rewards: those that open it early.
        profile: the customer; None for anybody.
        held: of which of the rewards that cost something they have a voucher.
        at: the time.
    """
    closed = [it for it in rewards if it.gives.opens is not None]
    opens = min((it.gives.opens for it in closed if it.gives.opens), default=None)
    if opens is None or at >= opens:
        return Access(allowed=True, opens=opens)
    refused: dict[Reason, None] = {}
    for reward in closed:
        reasons = _reasons(reward, profile, held, at)
        if not reasons:
            return Access(allowed=True, opens=opens)
        refused |= dict.fromkeys(reasons)
    return Access(allowed=False, opens=opens, reasons=tuple(it for it in Reason if it in refused))


def opening(rewards: Iterable[Reward], *, sku: str | None, sale: str | None) -> list[Reward]:
    """List the rewards that open a variant or a sale early."""
    early = (it for it in rewards if it.kind is RewardKind.EARLY_ACCESS and it.state is RewardState.LIVE)
    return [it for it in early if sku in it.gives.skus or sale in it.gives.sales]


def _reasons(reward: Reward, profile: Profile | None, held: Collection[str], at: datetime) -> list[Reason]:
    if profile is None:
        return [Reason.NOT_ELIGIBLE]
    nothing_missing = offering.Standing(profile, {reward.cost.purse: reward.cost.points} if reward.cost else {})
    reasons = list(offering.offered(reward, nothing_missing, store=None, left=None, now=at).reasons)
    if reward.cost is not None and reward.name not in held:
        reasons.append(Reason.INSUFFICIENT_POINTS)
    return reasons
