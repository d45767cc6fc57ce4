"""Reports: what a provider tells later of a message it took, and what follows from that.

Providers tell things twice, and in another order than they happened. So a message stands the same in the end, whatever
the order of its reports and however often each came: of every time the first counts, and of several outcomes the last
that can be (`sent`, then `delivered`, then `failed`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from hub.events.announcing import Announcement
from hub.messaging.model import Attempt, Message, Outcome, State
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason

BOUNCED: Final = "bounced"
DROPPED: Final = "dropped"

SOFT_BOUNCES: Final = 5
"""So many of one address within `SOFT_WINDOW` count as one that lasts."""
SOFT_WINDOW: Final = timedelta(days=30)


class ReportKind(StrEnum):
    """What a provider tells of a message."""

    TAKEN = "taken"
    """It has the message, and means to deliver it or is trying still."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    """The other side did not take it, and the provider has given up."""
    DROPPED = "dropped"
    """The provider has thrown it away itself."""
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"


class Fault(StrEnum):
    """What a provider says of the address, where it says that the address is to blame."""

    LASTING = "lasting"
    PASSING = "passing"
    UNWILLING = "unwilling"
    STOPPED = "stopped"
    """Whoever has it has told the provider STOP, and perhaps not us."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider has told.

    Attributes:
        key: the message's id, as it was given to the provider.
        kind: what is told.
        channel: on which channel the message went.
        provider: who tells it.
        event_id: the provider's own name of the report: the same in every repetition.
        at: when it happened.
        address: where the message went, for suppressing it. It is neither stored nor logged.
        address_hash: its keyed hash, where the report was stored meanwhile.
        fault: whether the address is to blame, and for how long.
        provider_id: the provider's own id of the message.
        link: of a click, the number of the link in the message.
        target: of a click, where the link leads.
    """

    key: UUID
    kind: ReportKind
    channel: Channel
    provider: str
    event_id: str
    at: datetime
    address: str | None = None
    fault: Fault | None = None
    provider_id: str | None = None
    link: int | None = None
    target: str | None = None
    address_hash: str | None = None


_TIMES: Final = {
    ReportKind.DELIVERED: "delivered_at",
    ReportKind.OPENED: "opened_at",
    ReportKind.CLICKED: "clicked_at",
    ReportKind.BOUNCED: "bounced_at",
    ReportKind.COMPLAINED: "complained_at",
}
_NAMES: Final = {
    ReportKind.DELIVERED: "Message Delivered",
    ReportKind.OPENED: "Message Opened",
    ReportKind.CLICKED: "Message Clicked",
    ReportKind.BOUNCED: "Message Bounced",
}
_OPEN: Final = frozenset({State.QUEUED, State.DEFERRED, State.HELD, State.SENDING, State.UNKNOWN})
"""Nobody knows as yet, or any more, whether a provider has it."""


def reported(message: Message, reports: Sequence[Report], *, now: datetime) -> Message:
    """Give the message as it stands after these reports of it.

    Any report proves that the provider took the message: one that is not settled, or is to be sent once more, is `sent`
    by it, on the channel that the report is about. A message that was never to be sent, or was refused, stays what it
    is, and keeps only the times.
    """
    changes: dict[str, Any] = {}
    for report in reports:
        if (name := _TIMES.get(report.kind)) is not None:
            known: datetime | None = changes.get(name) or getattr(message, name)
            changes[name] = min(known, report.at) if known else report.at
    if message.state in _OPEN:
        changes |= next((it for report in reports if (it := _taken(message, report, now))), {})
    told = replace(message, **changes) if changes else message
    if others := [report.at for report in reports if _is_another(told, report)]:
        told = replace(told, duplicated_at=min(filter(None, (told.duplicated_at, *others))))
    kinds = {report.kind for report in reports if report.channel is told.channel}
    state, reason = _outcome(told, is_dropped=ReportKind.DROPPED in kinds) if kinds else (told.state, told.reason)
    return told if (state, reason) == (told.state, told.reason) else replace(told, state=state, reason=reason)


def _taken(message: Message, report: Report, now: datetime) -> Mapping[str, Any]:
    """Give what changes of an open message by a report that its provider has it, nothing where it is of elsewhere."""
    place = _place(message, report.channel)
    if place is None:
        return {}
    attempt = Attempt(report.channel, report.provider, now, Outcome.FOUND, report.provider_id)
    attempts = (*message.attempts, attempt)
    return {"state": State.SENT, "due": None, "reason": None, "place": place, "attempts": attempts}


def _is_another(message: Message, report: Report) -> bool:
    """Tell whether a report is about a second message under the same key: by the provider's own id, if it has told one.

    SendGrid's reports add to the id that it has answered with: `ID.filter…`.
    """
    known = {
        it.provider_id
        for it in message.attempts
        if it.provider == report.provider and it.provider_id and it.outcome in {Outcome.ACCEPTED, Outcome.FOUND}
    }
    told = report.provider_id
    return bool(told and known) and not any(told == it or (told or "").startswith(f"{it}.") for it in known)


def _place(message: Message, channel: Channel) -> int | None:
    """Find the place of the report's channel, unless the message is being sent on another one right now."""
    if message.state is State.SENDING and channel is not message.channel:
        return None
    return message.channels.index(channel) if channel in message.channels else None


def _outcome(message: Message, *, is_dropped: bool) -> tuple[State, str | None]:
    was_dropped = message.state is State.FAILED and message.reason in {BOUNCED, DROPPED}
    if message.state not in {State.SENT, State.DELIVERED} and not was_dropped:
        return message.state, message.reason
    if message.bounced_at:
        return State.FAILED, BOUNCED
    if is_dropped or was_dropped:
        return State.FAILED, DROPPED
    arrived = message.delivered_at or message.opened_at or message.clicked_at or message.complained_at
    return (State.DELIVERED if arrived else message.state), message.reason


def announced(message: Message, report: Report) -> Announcement | None:
    """Say what the customer's timeline and journeys hear of a report, None where they hear nothing."""
    name = _NAMES.get(report.kind)
    if name is None:
        return None
    about = {
        "message_id": str(message.id),
        "template": message.template,
        "channel": report.channel.value,
        "brand": message.brand,
        "topic": message.topic,
        "journey": message.journey,
        "step": message.step,
        "broadcast_id": str(message.broadcast_id) if message.broadcast_id else None,
        "link": report.link,
        "url": report.target,
    }
    properties: dict[str, Any] = {key: value for key, value in about.items() if value is not None}
    if report.kind is ReportKind.BOUNCED:
        properties["lasting"] = report.fault is Fault.LASTING
    cause = f"{report.provider} {report.event_id}"
    return Announcement(name, message.profile_id, cause, report.at, properties)


def suppressing(fault: Fault) -> SuppressionReason | None:
    """Give the reason for which an address is not written to any more, None where one report of it does not suffice."""
    match fault:
        case Fault.LASTING:
            return SuppressionReason.BOUNCED
        case Fault.UNWILLING:
            return SuppressionReason.COMPLAINED
        case Fault.STOPPED:
            return SuppressionReason.REQUESTED
        case Fault.PASSING:
            return None


def is_worn_out(bounces: Sequence[datetime]) -> bool:
    """Tell whether an address has bounced so often in so short a time that it counts as gone.

    Args:
        bounces: the times of its passing bounces, in any order.
    """
    times = sorted(bounces)
    last = len(times) - SOFT_BOUNCES
    return any(times[place + SOFT_BOUNCES - 1] - times[place] <= SOFT_WINDOW for place in range(last + 1))
