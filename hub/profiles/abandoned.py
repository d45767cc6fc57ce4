"""Abandoned: transactions whose process died.

MongoDB keeps one open for a minute or more (90 s were measured), and locks all that it has changed. So a merge that is
killed would hold both profiles for that long, and with them every router that takes in something of theirs. A keeper
beside the router looks for transactions of the hub in which nothing has happened for a while, and ends them. Whoever
was only slow begins anew: the driver is told that the transaction is over, and repeats it.
"""

import asyncio
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.database import APP_NAME, CODEC, Row
from hub.profiles.store import ProfileDocument

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 5.0
QUIET_SECONDS: Final = 3.0
"""How long nothing happens in a transaction that is abandoned; each of ours is a few writes without a pause."""


async def end(*, quiet_seconds: float = QUIET_SECONDS) -> int:
    """End the transactions in which nothing has happened for so long, and tell how many there were."""
    client = ProfileDocument.get_pymongo_collection().database.client
    admin = client.get_database("admin", codec_options=CODEC)  # a session's id is a UUID
    # Only sessions of the same user of MongoDB: to see and end these, nobody needs a right of their own.
    stages: list[Row] = [
        {"$currentOp": {"allUsers": False, "idleSessions": True}},
        {
            "$match": {
                "type": "idleSession",
                "appName": APP_NAME,
                "transaction.timeInactiveMicros": {"$gte": int(quiet_seconds * 1_000_000)},
            }
        },
        {"$project": {"lsid.id": 1}},
    ]
    found = [row["lsid"] async for row in await admin.aggregate(stages)]
    if found:
        await admin.command({"killSessions": found}, codec_options=CODEC)
    return len(found)


async def keep() -> None:
    """Until cancelled, end what was abandoned. A MongoDB that does not let us look ends it itself, in its own time."""
    looked = True
    while True:
        try:
            if count := await end():
                log.warning("transactions_abandoned", count=count)
            looked = True
        except PyMongoError as error:
            if looked:  # told once, and not every time
                log.warning("transactions_not_looked_at", error=type(error).__name__)
            looked = False
        await asyncio.sleep(EVERY_SECONDS)
