"""Where and when a message is sent that asks for the customer's habits: a pure decision, with what it was made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from hub.kit.local_time import instant
from hub.profiles.model import Channel
from hub.rollups.engagement import Habit, Habits

UNKNOWN: Final = "unknown"
"""What is said to be best where too little is known: then it goes as it is written, at once."""


class Asking(Protocol):
    """What may ask for the best: a step of a journey, a broadcast."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels as they are written."""

    @property
    def best_first(self) -> bool:
        """Whether those come first on which the customer takes most notice."""

    @property
    def at_best_hour(self) -> bool:
        """Whether it goes out at the hour at which they mostly do."""


@dataclass(frozen=True, slots=True)
class Route:
    """The channels to try, in this order, and why it is this one: by `why`, of small words, nothing of the person."""

    channels: tuple[Channel, ...]
    why: Mapping[str, str] = field(default_factory=dict)


def route(asking: Asking, habits: Habits) -> Route:
    """Tell on which channels it goes out: those that the customer takes most notice on first, the rest as written.

    A channel that it does not name is never one of them.
    """
    if not asking.best_first:
        return Route(asking.channels)
    known = [it for it in habits.channels if it.value in asking.channels]
    if not known:
        return Route(asking.channels, _why("best_channel", None, habits))
    first = [Channel(it.value) for it in known]
    rest = [it for it in asking.channels if it not in first]
    return Route((*first, *rest), _why("best_channel", known[0], habits))


def moment(asking: Asking, habits: Habits, now: datetime) -> tuple[datetime, Mapping[str, Any]]:
    """Tell when it goes out, within the next day: now, or when the customer's clocks next show their best hour."""
    if not asking.at_best_hour or not habits.hours:
        return now, {}
    best = habits.hours[0]
    wanted, local = int(best.value), now.astimezone(habits.zone)
    why = {**_why("best_hour", best, habits), "zone": habits.zone.key}
    if local.hour == wanted:
        return now, why
    today, tomorrow = (instant(local.date() + timedelta(days=days), wanted * 60, habits.zone) for days in (0, 1))
    return (today if today > now else tomorrow), why


def hour(asking: Asking, habits: Habits, now: datetime) -> Mapping[str, str]:
    """Say of a message that goes out now what speaks for this hour, where the best one is asked for."""
    if not asking.at_best_hour:
        return {}
    shown = str(now.astimezone(habits.zone).hour)
    return _why("best_hour", next((it for it in habits.hours if it.value == shown), None), habits)


def _why(what: str, best: Habit | None, habits: Habits) -> dict[str, str]:
    if best is None:
        return {what: UNKNOWN, f"{what}_of": str(habits.messages)}
    points = {f"{what}_points": str(best.points), f"{what}_messages": str(best.messages)}
    return {what: best.value, **points, f"{what}_of": str(habits.messages)}
