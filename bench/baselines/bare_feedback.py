"""Insert-only: what anybody has to do with a provider's events who means to lose none and to count none twice.

Fair because it does what cannot be left out, by the fastest means: it reads a body once, and stores its events in one
unordered write under the provider's own id of each, acknowledged by the majority from the journal, before it answers.
What is stored is found by its message, by one index. It verifies no signature, knows no message, and nothing follows
from what it stores.
"""

import orjson
from pymongo import IndexModel
from pymongo.errors import BulkWriteError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.database import Database

COLLECTION = "bare_feedback"


async def clear(database: Database) -> None:
    """Make the empty collection."""
    await database[COLLECTION].drop()
    await database[COLLECTION].create_indexes([IndexModel([("hub_message", 1), ("timestamp", 1)])])


def application(database: Database) -> Starlette:
    """Make the application that takes bodies in."""
    collection = database[COLLECTION]

    async def take(request: Request) -> Response:
        events = orjson.loads(await request.body())
        try:
            await collection.insert_many([{**it, "_id": it["sg_event_id"]} for it in events], ordered=False)
        except BulkWriteError as error:
            if any(it["code"] != 11_000 for it in error.details["writeErrors"]):
                raise
        return JSONResponse({"taken": len(events)})

    return Starlette(routes=[Route("/webhooks/sendgrid", take, methods=["POST"])])
