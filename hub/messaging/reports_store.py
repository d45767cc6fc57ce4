"""What reports change of messages in MongoDB: each as it was read, or it is read again."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pymongo import UpdateOne

from hub import seal
from hub.database import Row
from hub.messaging import store
from hub.messaging.model import Message
from hub.messaging.store import MessageDocument

_REPORTED: Final = ("delivered_at", "opened_at", "clicked_at", "bounced_at", "complained_at")


async def save(changed: Sequence[tuple[Message, Message]]) -> set[UUID]:
    """Write where messages stand after reports: each as it was read, and as it is now. A running claim on it ends.

    Returns:
        The ids of those that were another's meanwhile, and are to be read again.
    """
    if not changed:
        return set()
    collection = MessageDocument.get_pymongo_collection()
    written = await collection.bulk_write([_report(before, after) for before, after in changed], ordered=False)
    if written.matched_count == len(changed):
        return set()
    return {before.id for before, _ in changed}


def _report(before: Message, after: Message) -> UpdateOne:
    times = {it: at for it in _REPORTED if (at := getattr(after, it)) is not None}
    update: Row = {"$min": times} if times else {}
    guard: Row = {"_id": before.id}
    if (before.state, before.reason) != (after.state, after.reason):
        guard |= {"state": before.state, "due": before.due, "place": before.place}
        update["$set"] = {"state": after.state, "due": after.due, "place": after.place, "reason": after.reason}
        update["$unset"] = {"token": ""}
    if added := after.attempts[len(before.attempts) :]:
        sealed = seal.shut(MessageDocument, {"attempts": [store.attempt_row(it) for it in added]})
        update["$push"] = {"attempts": {"$each": sealed["attempts"]}}
    return UpdateOne(guard, update)
