"""What Twilio's webhooks say: of messages that were sent, and which SMS came in, in the hub's words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.messaging.inbound import InboundSms
from hub.messaging.reports import Fault, Report, ReportKind
from hub.profiles.keywords import Keyword
from hub.profiles.model import Channel

_KINDS: Final[Mapping[str, ReportKind]] = {
    "accepted": ReportKind.TAKEN,
    "queued": ReportKind.TAKEN,
    "sending": ReportKind.TAKEN,
    "sent": ReportKind.TAKEN,
    "delivered": ReportKind.DELIVERED,
    "read": ReportKind.OPENED,
    "undelivered": ReportKind.BOUNCED,
    "failed": ReportKind.DROPPED,
    "canceled": ReportKind.DROPPED,
}
_FAULTS: Final[Mapping[str, Fault]] = {
    "30003": Fault.PASSING,  # the handset is off or out of reach
    "30005": Fault.LASTING,  # nobody has this number
    "30006": Fault.LASTING,  # a landline, or a carrier that nobody reaches
    "21610": Fault.STOPPED,  # they have answered STOP
}
"""Error codes that speak of the number. The others speak of the text, the sender or the network."""


_SAID: Final[Mapping[str, Keyword]] = {"STOP": Keyword.STOP, "START": Keyword.START, "HELP": Keyword.HELP}
"""`OptOutType`, of who has taught their messaging service words of their own (Advanced Opt-Out)."""


def sms_of(fields: Mapping[str, str]) -> InboundSms | None:
    """Read an SMS that came in, None where this is none: a status callback, or a message of another network."""
    sid, sender = fields.get("MessageSid", ""), fields.get("From", "")
    if not sid or "MessageStatus" in fields or "Body" not in fields or not sender.startswith("+"):
        return None
    said = _SAID.get(fields.get("OptOutType", ""))
    return InboundSms("twilio", sid, sender, fields.get("To", ""), fields["Body"], said)


def report_of(fields: Mapping[str, str], key: UUID, *, now: datetime) -> Report | None:
    """Read a status callback, None where its status says nothing that the hub knows.

    It holds no time: it is sent at once, so that it counts as having happened now.
    """
    status, sid = fields.get("MessageStatus", ""), fields.get("MessageSid", "")
    kind = _KINDS.get(status)
    if kind is None or not sid:
        return None
    fault = _FAULTS.get(fields.get("ErrorCode", "")) if kind in {ReportKind.BOUNCED, ReportKind.DROPPED} else None
    return Report(
        key=key,
        kind=kind,
        channel=Channel.SMS,
        provider="twilio",
        event_id=f"{sid} {status}",
        at=now,
        address=fields.get("To") or None,
        fault=fault,
        provider_id=sid,
    )
