"""What SendGrid's events say of messages, in the hub's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from hub.messaging.reports import Fault, Report, ReportKind
from hub.profiles.model import Channel
from integrations.sendgrid.mail import KEY
from integrations.webhooks import Unreadable

_KINDS: Final[Mapping[str, ReportKind]] = {
    "processed": ReportKind.TAKEN,
    "deferred": ReportKind.TAKEN,
    "delivered": ReportKind.DELIVERED,
    "bounce": ReportKind.BOUNCED,
    "dropped": ReportKind.DROPPED,
    "open": ReportKind.OPENED,
    "click": ReportKind.CLICKED,
    "spamreport": ReportKind.COMPLAINED,
}
_DROPPED_FOR: Final[Mapping[str, Fault]] = {
    "bounced address": Fault.LASTING,
    "invalid": Fault.LASTING,
    "spam reporting address": Fault.UNWILLING,
    "unsubscribed address": Fault.STOPPED,
}
"""Reasons for which SendGrid drops a message that speak of the address. The others speak of us."""


_NO_LIST: Final = "The body is no list of events."


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a body: what is reported of messages, and how many of them say nothing that the hub knows."""

    reports: Sequence[Report]
    others: int


def read(body: bytes) -> Events:
    """Read the body of a webhook.

    An event of another kind, of no message of the hub's, or one that is broken, spoils none of its neighbours.

    Raises:
        Unreadable: it is no list.
    """
    try:
        events = orjson.loads(body)
    except ValueError:
        raise Unreadable(_NO_LIST) from None
    if not isinstance(events, list):
        raise Unreadable(_NO_LIST)
    reports = [report for event in events if isinstance(event, dict) and (report := _report(event)) is not None]
    return Events(reports, len(events) - len(reports))


def _report(event: Mapping[str, Any]) -> Report | None:
    kind = _KINDS.get(_text(event, "event"))
    event_id = _text(event, "sg_event_id")
    at = _time(event.get("timestamp"))
    try:
        key = UUID(_text(event, KEY))
    except ValueError:
        return None
    if kind is None or not event_id or at is None:
        return None
    if kind is ReportKind.OPENED and event.get("sg_machine_open"):
        return None  # a mail program has fetched the picture ahead; nobody has looked
    return Report(
        key=key,
        kind=kind,
        channel=Channel.EMAIL,
        provider="sendgrid",
        event_id=event_id,
        at=at,
        address=_text(event, "email") or None,
        fault=_fault(kind, event),
        provider_id=_text(event, "sg_message_id") or None,
    )


def _fault(kind: ReportKind, event: Mapping[str, Any]) -> Fault | None:
    match kind:
        case ReportKind.BOUNCED:
            return Fault.PASSING if _text(event, "type") == "blocked" else Fault.LASTING
        case ReportKind.DROPPED:
            return _DROPPED_FOR.get(_text(event, "reason").strip().lower())
        case ReportKind.COMPLAINED:
            return Fault.UNWILLING
        case _:
            return None


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _time(seconds: object) -> datetime | None:
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
