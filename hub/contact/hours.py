"""Quiet hours: from when to when nobody is disturbed, as moments, and those that the law sets for SMS.

Quiet hours are local: when the clocks change they end at eight all the same. Where the zone of a customer is not known,
but several are possible, it must be a good hour in each of them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as zones_of_numbers

from hub.contact.model import Policy, Quiet
from hub.kit.local_time import Weekday, zone_of
from hub.profiles.model import Channel

_FURTHEST: Final = timedelta(days=8)
"""Quiet hours that follow each other without a gap for longer than a week leave no hour at all."""
_UNKNOWN: Final = "Etc/Unknown"


def quiet_until(quiet: Iterable[Quiet], zones: Sequence[ZoneInfo], at: datetime) -> datetime | None:
    """Tell when, from a moment on, it is nowhere quiet any more.

    Args:
        quiet: the hours.
        zones: those in which the customer may be.
        at: the moment.

    Returns:
        The moment itself where it is not quiet. None where it stays quiet for more than a week.
    """
    hours = tuple(quiet)
    moment = at
    while moment - at < _FURTHEST:
        ends = [end for zone in zones for it in hours if (end := _end(it, zone, moment)) is not None]
        if not ends:
            return moment
        moment = max(ends)
    return None


def zones(zone: str | None, phone: str | None, policy: Policy) -> tuple[ZoneInfo, ...]:
    """Tell in which time zones a customer may be: in their own, else in those of their number, else in the policy's.

    Args:
        zone: the name of the customer's zone, if they have told one.
        phone: their number, if they have one.
        policy: whose zone holds where nothing is known.
    """
    own = zone_of(zone) if zone else None
    if own is not None:
        return (own,)
    return (_of_number(phone) if phone else ()) or (zone_of(policy.zone) or ZoneInfo("UTC"),)


def concerned(quiet: Sequence[Quiet], channel: Channel, brand: str, topic: str) -> list[Quiet]:
    """List the hours that are about such a message."""
    return [it for it in quiet if it.of.holds(channel, brand, topic)]


def _end(quiet: Quiet, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Tell when the quiet hours end in which a moment lies; None where it lies in none."""
    today = at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):  # yesterday's may reach past midnight
        if quiet.days and Weekday.of(day) not in quiet.days:
            continue
        since, until = quiet.hours.on(day, zone)
        if since <= at < until:
            return until
    return None


@lru_cache(maxsize=4096)
def _of_number(phone: str) -> tuple[ZoneInfo, ...]:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return ()
    names = [it for it in zones_of_numbers.time_zones_for_number(number) if it != _UNKNOWN]
    return tuple(found for name in names if (found := zone_of(name)) is not None)
