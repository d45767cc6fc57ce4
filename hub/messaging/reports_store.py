"""What reports change of messages in MongoDB: each as it was read, or it is read again."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pymongo import UpdateMany

from hub import seal
from hub.database import Row
from hub.messaging import rows
from hub.messaging.model import Message
from hub.messaging.store import MessageDocument

_REPORTED: Final = ("delivered_at", "opened_at", "clicked_at", "bounced_at", "complained_at", "duplicated_at")


async def save(changed: Sequence[tuple[Message, Message]]) -> set[UUID]:
    """Write where messages stand after reports: each as it was read, and as it is now. A running claim on it ends.

    Returns:
        The ids of those that were another's meanwhile, and are to be read again.
    """
    if not changed:
        return set()
    # What changes alike is written by one statement: it costs MongoDB a third less, and providers tell of many at once.
    alike: defaultdict[tuple[object, ...], list[UUID]] = defaultdict(list)
    updates: dict[tuple[object, ...], tuple[Row, Row]] = {}
    for before, after in changed:
        name = _change(before, after)
        if name not in updates:
            updates[name] = _update(before, after)
        alike[name].append(before.id)
    statements = [
        UpdateMany({"_id": {"$in": message_ids}, **updates[name][0]}, updates[name][1])
        for name, message_ids in alike.items()
    ]
    written = await MessageDocument.get_pymongo_collection().bulk_write(statements, ordered=False)
    if written.matched_count == len(changed):
        return set()
    return {before.id for before, _ in changed}


def _change(before: Message, after: Message) -> tuple[object, ...]:
    """Name a change: of two messages it is the same where one statement writes both."""
    stood = before.state, before.reason, before.due, before.place
    stands = after.state, after.reason, after.due, after.place
    return stood, stands, after.attempts[len(before.attempts) :], *_times(before, after).items()


def _times(before: Message, after: Message) -> Row:
    return {it: at for it in _REPORTED if (at := getattr(after, it)) != getattr(before, it)}


def _update(before: Message, after: Message) -> tuple[Row, Row]:
    """Make the guard and the update of a change."""
    times = _times(before, after)
    update: Row = {"$min": times} if times else {}
    guard: Row = {}
    if (before.state, before.reason) != (after.state, after.reason):
        guard = {"state": before.state, "due": before.due, "place": before.place}
        update["$set"] = {"state": after.state, "due": after.due, "place": after.place, "reason": after.reason}
        update["$unset"] = {"token": ""}
    if added := after.attempts[len(before.attempts) :]:
        sealed = seal.shut(MessageDocument, {"attempts": [rows.attempt_row(it) for it in added]})
        update["$push"] = {"attempts": {"$each": sealed["attempts"]}}
    return guard, update
