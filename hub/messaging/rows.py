"""How messages and their attempts are stored."""

from collections.abc import Mapping
from typing import Any

from hub.database import Row
from hub.messaging.model import USUAL_PRIORITY, Attempt, Message, MessageClass, Outcome, State
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING


def message_of(row: Mapping[str, Any]) -> Message:
    """Make a message of its row, which was opened."""
    return Message(
        id=row["_id"],
        profile_id=row["profile_id"],
        run_id=row["run_id"],
        event_id=row["event_id"],
        journey=row["journey"],
        version=row["version"],
        step=row["step"],
        visit=row["visit"],
        about=row.get("about"),
        broadcast_id=row.get("broadcast_id"),
        campaign=row.get("campaign"),
        brand=row.get("brand", DEFAULT_BRAND),
        topic=row.get("topic", MARKETING),
        template=row["template"],
        channels=tuple(Channel(it) for it in row["channels"]),
        created_at=row["created_at"],
        message_class=MessageClass(row["message_class"]),
        state=State(row["state"]),
        place=row["place"],
        due=row["due"],
        attempts=tuple(_attempt_of(it) for it in row["attempts"]),
        reason=row["reason"],
        priority=row.get("priority", USUAL_PRIORITY),
        snippets=tuple(row.get("snippets") or ()),
        why=row.get("why") or {},
        delivered_at=row.get("delivered_at"),
        opened_at=row.get("opened_at"),
        clicked_at=row.get("clicked_at"),
        bounced_at=row.get("bounced_at"),
        complained_at=row.get("complained_at"),
        duplicated_at=row.get("duplicated_at"),
    )


def message_row(message: Message) -> Row:
    """Give a message as it is queued; its `why` is sealed by whoever stores it."""
    return {
        "_id": message.id,
        "profile_id": message.profile_id,
        "run_id": message.run_id,
        "event_id": message.event_id,
        "journey": message.journey,
        "version": message.version,
        "step": message.step,
        "visit": message.visit,
        "about": message.about,
        "broadcast_id": message.broadcast_id,
        "campaign": message.campaign,
        "brand": message.brand,
        "topic": message.topic,
        "template": message.template,
        "channels": [channel.value for channel in message.channels],
        "created_at": message.created_at,
        "message_class": message.message_class,
        "state": message.state,
        "place": message.place,
        "attempts": [],
        "reason": message.reason,
        "priority": message.priority,
        "lane": message.channel.value,
    }


def attempt_row(attempt: Attempt) -> Row:
    """Make the row of an attempt, not yet sealed."""
    return {
        "channel": attempt.channel,
        "provider": attempt.provider,
        "at": attempt.at,
        "outcome": attempt.outcome,
        "provider_id": attempt.provider_id,
        "detail": attempt.detail,
    }


def _attempt_of(row: Row) -> Attempt:
    return Attempt(**{**row, "channel": Channel(row["channel"]), "outcome": Outcome(row["outcome"])})
