"""A bare endpoint that takes batches in: what a good engineer writes in an hour, and nothing that can be left out.

Fair because it does what the issue asks of both, by the fastest means: gzip, one msgspec decoding of the whole batch
into typed structs, a key compared in constant time, and one unordered insert, acknowledged by the majority from the
journal, under `source:messageId`, where a duplicate is no error. It keeps no second index, refuses a bad batch as a
whole, limits no event's size, and corrects no clock.

`python -m bench.baselines.bare_ingest PORT KEY`, with HUB_MONGO_URL.
"""

import base64
import hmac
import sys
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import uvicorn
from pymongo import AsyncMongoClient
from pymongo.errors import BulkWriteError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.database import DUPLICATE_KEY
from hub.settings import Settings

DATABASE = "bare"


class Call(msgspec.Struct, rename="camel"):
    """One call of the Segment spec."""

    type: Literal["track", "identify", "page", "screen", "group", "alias"]
    message_id: str
    user_id: str | None = None
    anonymous_id: str | None = None
    event: str | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    timestamp: datetime | None = None


class Batch(msgspec.Struct):
    """What an SDK sends."""

    batch: list[Call]


class Endpoint:
    """Takes batches in for one key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._authorization = b"Basic " + base64.b64encode(f"{key}:".encode())
        self._decoder = msgspec.json.Decoder(Batch)

    @asynccontextmanager
    async def connected(self, _app: Starlette) -> AsyncIterator[None]:
        """Hold the client, in the loop that serves."""
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self._url, w="majority", journal=True)
        async with client:
            self._events = client[DATABASE]["events"]
            yield

    async def take(self, request: Request) -> JSONResponse:
        """Store a batch and answer when it is durable."""
        authorization = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(authorization, self._authorization):
            return JSONResponse({"success": False}, 401)
        body = zlib.decompress(await request.body(), 16 + zlib.MAX_WBITS)
        try:
            batch = self._decoder.decode(body)
        except msgspec.DecodeError:
            return JSONResponse({"success": False}, 400)
        now = datetime.now(UTC)
        try:
            await self._events.insert_many([_row(call, now) for call in batch.batch], ordered=False)
        except BulkWriteError as error:
            if any(failure["code"] != DUPLICATE_KEY for failure in error.details["writeErrors"]):
                raise
        return JSONResponse({"success": True})


def _row(call: Call, now: datetime) -> dict[str, Any]:
    return {
        "_id": f"shop:{call.message_id}",
        "type": call.type,
        "user_id": call.user_id,
        "anonymous_id": call.anonymous_id,
        "event": call.event,
        "properties": call.properties,
        "traits": call.traits,
        "context": call.context,
        "at": call.timestamp or now,
        "received_at": now,
    }


def main(port: str, key: str) -> None:
    """Serve as uvicorn does by default: uvloop and httptools; no line a request."""
    endpoint = Endpoint(Settings().mongo_url.get_secret_value(), key)
    app = Starlette(routes=[Route("/v1/batch", endpoint.take, methods=["POST"])], lifespan=endpoint.connected)
    uvicorn.run(app, port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
