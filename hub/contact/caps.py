"""Caps: how many messages a customer was told of late, and when there is room for the next."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.contact.model import Cap, Period, Place
from hub.kit.local_time import instant

_NO_TIME: Final = timedelta()


def room_at(caps: Sequence[Cap], places: Sequence[Place], wanted: Place, zone: ZoneInfo) -> datetime:
    """Tell when, at its own time or later, there is room for a message under all of the caps.

    Args:
        caps: how many there may be.
        places: the messages that count. One that counts already on this channel has its place.
        wanted: the message, and when it is to go out.
        zone: of the customer, whose days and weeks are counted.

    Returns:
        Its own time where there is room now; else the moment at which the first of the others no longer counts.
    """
    if holds(places, wanted):
        return wanted.at
    return max((_room_under(cap, places, wanted, zone) for cap in caps), default=wanted.at)


def holds(places: Iterable[Place], wanted: Place) -> bool:
    """Tell whether a message has its place on this channel already, whenever it took it."""
    return any(it.message_id == wanted.message_id and it.channel is wanted.channel for it in places)


def kept(caps: Iterable[Cap], places: Sequence[Place], now: datetime) -> list[Place]:
    """Leave out the places that no cap will ever count again."""
    since = now - max((_longest(cap) for cap in caps), default=_NO_TIME)
    return [it for it in places if it.at > since]


def _room_under(cap: Cap, places: Sequence[Place], wanted: Place, zone: ZoneInfo) -> datetime:
    if not cap.of.holds(wanted.channel, wanted.brand, wanted.topic):
        return wanted.at
    counted = sorted(it.at for it in places if cap.of.holds(it.channel, it.brand, it.topic))
    if isinstance(cap.per, timedelta):
        within = [at for at in counted if at > wanted.at - cap.per]
        return wanted.at if len(within) < cap.most else within[-cap.most] + cap.per
    since, until = _stretch(cap.per, wanted.at, zone)
    return wanted.at if sum(since <= at for at in counted) < cap.most else until


def _stretch(period: Period, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give the moments between which the day, week or month lies that holds a moment."""
    today = at.astimezone(zone).date()
    first, next_ = _days_of(period, today)
    return instant(first, 0, zone), instant(next_, 0, zone)


def _days_of(period: Period, today: date) -> tuple[date, date]:
    match period:
        case Period.DAY:
            return today, today + timedelta(days=1)
        case Period.WEEK:
            monday = today - timedelta(days=today.weekday())
            return monday, monday + timedelta(days=7)
        case Period.MONTH:
            first = today.replace(day=1)
            return first, (first + timedelta(days=31)).replace(day=1)


def _longest(cap: Cap) -> timedelta:
    match cap.per:
        case Period.DAY:
            return timedelta(days=2)  # a day has up to 25 hours, and a customer may travel
        case Period.WEEK:
            return timedelta(days=8)
        case Period.MONTH:
            return timedelta(days=32)
        case span:
            return span
