"""What follows for a broadcast from its definition, its state and a given time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.broadcasts.model import (
    ENDED,
    FASTEST,
    LONGEST_NAME,
    BadBroadcast,
    Broadcast,
    Definition,
    Feedback,
    Limits,
    State,
    WrongState,
)
from hub.kit.local_time import instant, zone_of
from hub.messaging.model import HIGHEST_PRIORITY

EARLIEST_ZONE: Final = ZoneInfo("Etc/GMT-14")
LATEST_ZONE: Final = ZoneInfo("Etc/GMT+12")
"""The first and the last in which a local time comes round."""
MINUTE: Final = timedelta(minutes=1)
FURTHEST: Final = timedelta(days=366)
BOUNCES: Final = "bounces"
COMPLAINTS: Final = "complaints"
FEWEST_BOUNCES: Final = 10
FEWEST_COMPLAINTS: Final = 3
"""So few say nothing, whatever their share is."""


def check(definition: Definition, *, now: datetime) -> None:
    """Hold a definition to its bounds.

    Raises:
        BadBroadcast: it breaks one.
    """
    if not 1 <= len(definition.name.strip()) <= LONGEST_NAME:
        raise BadBroadcast("name", f"A broadcast's name has 1 to {LONGEST_NAME} characters.")
    if not definition.channels or len(set(definition.channels)) < len(definition.channels):
        raise BadBroadcast("channels", "`channels` are one or more, each of them once.")
    if definition.per_minute is not None and not 1 <= definition.per_minute <= FASTEST:
        raise BadBroadcast("perMinute", f"`perMinute` is a whole number from 1 to {FASTEST:,}.")
    if not 0 <= definition.priority <= HIGHEST_PRIORITY:
        raise BadBroadcast("priority", f"`priority` is a whole number from 0 to {HIGHEST_PRIORITY}.")
    _check_times(definition, now)


def _check_times(definition: Definition, now: datetime) -> None:
    if definition.at_best_hour and definition.local_at is not None:
        raise BadBroadcast("localAt", "The best hour is by each customer's own clock: give that or a local time.")
    if definition.at_best_hour and definition.per_minute is not None:
        raise BadBroadcast("perMinute", "The customers' best hours set the pace: give those or `perMinute`.")
    if definition.at is not None and definition.local_at is not None:
        raise BadBroadcast("at", "Give one time, or a local one, not both.")
    if definition.at is not None and definition.at.tzinfo is None:
        raise BadBroadcast("at", "A time for all needs its offset, as in 2026-12-01T09:00:00+01:00.")
    if definition.local_at is not None and definition.local_at.tzinfo is not None:
        raise BadBroadcast("localAt", "A local time has no offset: it is what each customer's own clock shows.")
    last = _local(definition.local_at, LATEST_ZONE) if definition.local_at is not None else definition.at
    if last is not None and last < now - MINUTE:
        raise BadBroadcast("at", "This time is over: choose one that is still to come, or leave it out.")
    if last is not None and last > now + FURTHEST:
        raise BadBroadcast("at", "This time is more than a year away.")


def starts_at(definition: Definition, *, now: datetime) -> datetime:
    """Tell when the recipients are fixed: at the time, and with local times as soon as they come round anywhere."""
    if definition.local_at is not None:
        return max(now, _local(definition.local_at, EARLIEST_ZONE))
    return now if definition.at is None else max(now, definition.at)


def moment_of(definition: Definition, zone: str | None, *, default: ZoneInfo, started_at: datetime) -> datetime:
    """Tell when a customer is to be told.

    Args:
        definition: with local times it is when their clock shows the time. What is over by then, comes at once.
        zone: the name of theirs.
        default: the zone of those of whom none is known.
        started_at: when the broadcast starts.
    """
    if definition.local_at is None:
        return started_at
    return max(started_at, _local(definition.local_at, (zone_of(zone) if zone else None) or default))


def room(per_minute: int, paced_at: datetime, now: datetime) -> tuple[int, datetime]:
    """Tell how many messages the pace lets through now, and from when on the next.

    What was not used up to a second ago is lost: after a standstill there is no rush.
    """
    each = MINUTE / per_minute
    since = max(paced_at, now - max(timedelta(seconds=1), each))
    count = (now - since) // each
    return max(0, count), since + each * (count + 1)


def paced(per_minute: int, paced_at: datetime, count: int, now: datetime) -> datetime:
    """Tell up to when the pace is used up after so many messages."""
    each = MINUTE / per_minute
    until = max(paced_at, now - max(timedelta(seconds=1), each)) + each * count
    # Rounded up to what MongoDB keeps: what it cuts off would be told too early, batch after batch.
    return until + timedelta(microseconds=-until.microsecond % 1000)


def paused(broadcast: Broadcast, *, now: datetime, reason: str | None = None) -> Broadcast:
    """Give a broadcast as it stands after a pause.

    Raises:
        WrongState: it is over.
    """
    if broadcast.state in ENDED:
        raise WrongState("paused", broadcast.state)
    if broadcast.state is State.PAUSED:
        return broadcast
    return replace(broadcast, state=State.PAUSED, may_hold=True, due=now, reason=reason)


def resumed(broadcast: Broadcast, *, now: datetime) -> Broadcast:
    """Give a broadcast as it stands after a pause is over: it waits for its start, or goes on.

    Raises:
        WrongState: it is over.
    """
    if broadcast.state in ENDED:
        raise WrongState("resumed", broadcast.state)
    if broadcast.state is not State.PAUSED:
        return broadcast
    return replace(
        broadcast,
        state=State.SCHEDULED if broadcast.started_at is None else State.RUNNING,
        due=max(now, broadcast.starts_at),
        paced_at=now,
        # Who resumes one that has paused itself has seen why, and wants it to go on all the same.
        is_watched=broadcast.is_watched and broadcast.reason is None,
        reason=None,
    )


def stumbles(limits: Limits, feedback: Feedback) -> str | None:
    """Tell for which reason a broadcast is to pause itself; None where it may go on."""
    if _is_over(feedback.complained, feedback.out, limits.complaints, FEWEST_COMPLAINTS):
        return COMPLAINTS
    if _is_over(feedback.bounced, feedback.out, limits.bounces, FEWEST_BOUNCES):
        return BOUNCES
    return None


def cancelled(broadcast: Broadcast, *, now: datetime, reason: str | None = None) -> Broadcast:
    """Give a broadcast as it stands after nobody else is to hear of it.

    Raises:
        WrongState: it is finished.
    """
    if broadcast.state is State.FINISHED:
        raise WrongState("cancelled", broadcast.state)
    if broadcast.state is State.CANCELLED:
        return broadcast
    return replace(broadcast, state=State.CANCELLED, due=now, ended_at=now, reason=reason)


def _is_over(count: int, out: int, limit: float, fewest: int) -> bool:
    return limit > 0 and count >= fewest and count >= limit * out


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return instant(at.date(), at.hour * 60 + at.minute, zone)
