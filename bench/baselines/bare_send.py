"""Bare claim-and-record writes: what anybody has to write who sends a message once and knows what became of it.

Fair because it writes what cannot be left out, by the fastest means and in the hub's own batches: it finds what waits
by an index that holds nothing else, claims it by one guarded update before the call, and records each call's answer in
the message in one unordered bulk, acknowledged by the majority from the journal. It asks no consent, renders nothing,
tells no channels apart and makes no call.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import IndexModel, UpdateOne

from hub.database import Database, Row

COLLECTION = "bare_messages"
LEASE = timedelta(seconds=60)


async def fill(database: Database, documents: list[Row], *, together: int = 10_000) -> None:
    """Put ready-made messages into a queue of their own."""
    collection = database[COLLECTION]
    await collection.drop()
    waiting = {"state": "queued"}
    await collection.create_indexes([IndexModel([("state", 1), ("due", 1)], partialFilterExpression=waiting)])
    for start in range(0, len(documents), together):
        await collection.insert_many(documents[start : start + together], ordered=False)


async def send(database: Database, batch: int) -> int:
    """Claim and record one batch, and tell how many messages it held."""
    collection = database[COLLECTION]
    now = datetime.now(UTC)
    waiting: dict[str, Any] = {"state": "queued", "due": {"$lte": now}}
    rows = await collection.find(waiting).sort("due", 1).limit(batch).to_list()
    if not rows:
        return 0
    keys = [row["_id"] for row in rows]
    await collection.update_many(
        {"_id": {"$in": keys}, "state": "queued"}, {"$set": {"state": "sending", "due": now + LEASE}}
    )
    await collection.bulk_write([_record(key, now, key.hex) for key in keys], ordered=False)
    return len(rows)


def _record(key: UUID, now: datetime, provider_id: str) -> UpdateOne:
    attempt = {"channel": "email", "provider": "null", "at": now, "outcome": "accepted", "provider_id": provider_id}
    return UpdateOne(
        {"_id": key, "state": "sending"}, {"$set": {"state": "sent", "due": None}, "$push": {"attempts": attempt}}
    )
