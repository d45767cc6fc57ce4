"""Paid membership, decided purely: a payment buys a period, periods follow each other, and what is over ends.

Who does not pay again is let in for a grace, and then no more. Who cancels is let in no more from then on, and is owed
the days that they paid for and did not have; what they got before stays theirs.
"""

import calendar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from uuid import UUID

STARTED: Final = "Plan Started"
RENEWED: Final = "Plan Renewed"
UNPAID: Final = "Plan Unpaid"
ENDED: Final = "Plan Ended"

_DAY: Final = timedelta(days=1)


class Every(StrEnum):
    """How long one payment lasts, by the calendar."""

    MONTH = "month"
    YEAR = "year"


class Status(StrEnum):
    """Where a paid membership stands: in `grace` the perks still hold, and the payment is late."""

    ACTIVE = "active"
    GRACE = "grace"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Plan:
    """What one pays for: the price in minor units, for how long, and how long a late payment is waited for."""

    name: str
    program: str
    price: int
    currency: str
    every: Every
    grace_days: int


@dataclass(frozen=True, slots=True)
class Period:
    """What one payment bought: the time from `since` to before `until`. `payment` is its name where it was paid."""

    payment: str
    since: datetime
    until: datetime
    price: int
    currency: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody's paid membership. `cancelled_at` is of the last period."""

    plan: str
    profile_id: UUID
    grace_days: int
    periods: tuple[Period, ...] = ()
    cancelled_at: datetime | None = None
    rev: int = 0

    @property
    def last(self) -> Period | None:
        """The period that was paid for last."""
        return self.periods[-1] if self.periods else None

    @property
    def lasts_until(self) -> datetime | None:
        """When its perks end, if nothing is paid any more."""
        if self.last is None:
            return None
        ends = self.last.until + timedelta(days=self.grace_days)
        return min(ends, self.cancelled_at) if self.cancelled_at else ends

    def status(self, now: datetime) -> Status:
        """Tell where it stands."""
        if self.last is None or self.lasts_until is None or now >= self.lasts_until:
            return Status.ENDED
        return Status.ACTIVE if now < self.last.until else Status.GRACE

    def paid(self, plan: Plan, payment: str, at: datetime) -> "Subscription":
        """Take a payment in: it goes on where the last one ends, or begins anew where that is over. Once each."""
        if any(it.payment == payment for it in self.periods):
            return self
        goes_on = self.status(at) is not Status.ENDED and self.last is not None
        since = self.last.until if goes_on and self.last else at
        period = Period(payment, since, after(since, plan.every), plan.price, plan.currency)
        return replace(self, periods=(*self.periods, period), cancelled_at=None, grace_days=plan.grace_days)

    def cancelled(self, at: datetime) -> "Subscription":
        """End it. What is over already, or was cancelled before, stays as it is."""
        return self if self.status(at) is Status.ENDED else replace(self, cancelled_at=at)

    @property
    def refund(self) -> int:
        """What is owed for the whole days after it was cancelled, in minor units of the last period's currency."""
        at = self.cancelled_at
        return sum(_share(it, at) for it in self.periods if it.until > at) if at else 0

    def facts(self, now: datetime) -> list[tuple[str, datetime]]:
        """List what has become true of the last period by now, in its order, and when."""
        last, ends = self.last, self.lasts_until
        if last is None or ends is None or now < last.since:
            return []
        is_renewal = any(earlier.until == later.since for earlier, later in pairwise(self.periods[-2:]))
        found = [(RENEWED if is_renewal else STARTED, last.since)]
        if last.until <= now and last.until < ends:
            found.append((UNPAID, last.until))
        if ends <= now:
            found.append((ENDED, ends))
        return found

    def next_change(self, now: datetime) -> datetime | None:
        """Tell when time alone makes something else of it; None where it never does."""
        of_period = [self.last.since, self.last.until] if self.last else []
        times = [*of_period, self.lasts_until]
        return min((it for it in times if it is not None and it > now), default=None)


def after(since: datetime, every: Every) -> datetime:
    """Give the end of a period: the same day of the next month or year, or the last one of a month that has none."""
    months = since.month if every is Every.MONTH else since.month + 11
    year, month = since.year + months // 12, months % 12 + 1
    return since.replace(year=year, month=month, day=min(since.day, calendar.monthrange(year, month)[1]))


def _share(period: Period, at: datetime) -> int:
    """Give the part of a period's price that is for whole days after a time, rounded down to a minor unit."""
    left = (period.until - max(at, period.since)) // _DAY
    return period.price * left // ((period.until - period.since) // _DAY)
