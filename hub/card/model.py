"""The member card: where a customer stands in a program, as one value that every channel shows.

Labels are in the customer's language. Names never change; labels do.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Expiring:
    """The points of a wallet that expire first: all that expire at that time, which is still to come."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Points:
    """What is in a wallet whose points can be spent.

    Attributes:
        wallet: its name in the program.
        label: what many of its points are called.
        balance: all points, pending or not, less what is owed.
        available: what can be spent.
        pending: what cannot be spent yet.
        expiring: what expires next; None where nothing does.
    """

    wallet: str
    label: str
    balance: int
    available: int
    pending: int
    expiring: Expiring | None


@dataclass(frozen=True, slots=True)
class Tier:
    """The tier that somebody has. `until` is until when at least; None is for ever."""

    name: str
    label: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class NextTier:
    """The next tier that somebody can reach: `gap` points of the qualifying wallet are missing."""

    name: str
    label: str
    gap: int


@dataclass(frozen=True, slots=True)
class CardReward:
    """A reward on a card: what it costs of which wallet, and how many points of it are missing.

    One that costs nothing has no wallet. Where nothing is missing it can be had now.
    """

    name: str
    label: str
    wallet: str | None
    cost: int
    missing: int


@dataclass(frozen=True, slots=True)
class Card:
    """Where a customer stands in a program.

    Attributes:
        program: its name.
        label: what the program is called.
        tier: None is no tier.
        next_tier: None for who has reached the last, and where a program has no tiers.
        points: by wallet that can be spent, in the order of the program.
        next_reward: of the rewards for which nothing but points is missing, the one for which the fewest are.
        rewards: what can be had now, by name.
        open_vouchers: how many vouchers can still be used, whatever program they cost points of.
    """

    program: str
    label: str
    tier: Tier | None
    next_tier: NextTier | None
    points: tuple[Points, ...]
    next_reward: CardReward | None
    rewards: tuple[CardReward, ...]
    open_vouchers: int
