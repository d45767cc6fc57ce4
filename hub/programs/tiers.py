"""The tiers of a program: which levels there are, what lifts a member to them, and how long a level stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from hub.programs.expiry import AfterDays, Expiry, WithPeriod, expires_at

SPEND = "spend"
"""The wallet that counts what a member spends, in minor units, where tiers are by it."""
ORDERS = "orders"
"""The wallet that counts the orders of a member, where tiers are by them."""


class Down(StrEnum):
    """Where a member falls to whose level is over: one level, or to the one their points are good for."""

    ONE_STEP = "one_step"
    BY_BALANCE = "by_balance"


class AfterRefund(StrEnum):
    """What becomes of a level whose points were taken back: it ends at once, or when its time is over."""

    AT_ONCE = "at_once"
    AT_END = "at_end"


@dataclass(frozen=True, slots=True)
class Level:
    """A tier.

    Attributes:
        least: from how many points of the wallet on.
        texts: what it is called, by language.
        perks: what it brings beside those of the levels below.
    """

    name: str
    least: int
    texts: Mapping[str, str]
    perks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tiers:
    """The tiers of a program.

    Attributes:
        wallet: the qualifying wallet whose balance decides. What it holds expires when it counts no longer.
        lasts: how long a level stays that was reached once, whatever the balance is then. None: for ever.
        grace_days: and so many days more.
        levels: from the lowest to the highest.
    """

    wallet: str
    lasts: AfterDays | WithPeriod | None
    grace_days: int
    down: Down
    refund: AfterRefund
    levels: tuple[Level, ...]

    def rank(self, name: str | None) -> int:
        """Tell how high a level is, the lowest being 1. No level, and one that is no more, is 0."""
        return next((rank for rank, level in enumerate(self.levels, start=1) if level.name == name), 0)

    def earned(self, balance: int) -> int:
        """Tell how high the level is that a balance is good for; 0 is none."""
        return sum(level.least <= balance for level in self.levels)

    def level(self, rank: int) -> Level | None:
        """Give the level of a rank; None for 0."""
        return self.levels[rank - 1] if rank else None

    def perks(self, rank: int) -> tuple[str, ...]:
        """List the perks of a rank: of its level, and of all below it."""
        return tuple(dict.fromkeys(perk for level in self.levels[:rank] for perk in level.perks))

    def until(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """Tell until when a level stays that was reached, or confirmed, at a time. None: for ever."""
        lasts: Expiry | None = self.lasts
        return expires_at(lasts, at, at, zone)
