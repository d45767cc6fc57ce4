"""`/v1/batch` and the single calls: accepted events are durable before the answer.

A call is known by its `messageId`. Who has none to give, names the request by the header `Idempotency-Key` instead.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.access import credentials, idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope, Unauthenticated, require
from hub.access.service import Callers
from hub.database import AWAY_SECONDS, DatabaseAway
from hub.events.model import Kind
from hub.intake.accept import accept
from hub.kit import ids
from hub.kit.errors import HubError, TryLater
from hub.settings import Settings
from integrations.segment import wire

log = structlog.get_logger(__name__)

KEY: Final = "Idempotency-Key"
_STATUS: Final[Mapping[str, int]] = {
    "BAD_REQUEST": 400,
    "BAD_USER_INPUT": 400,
    "CONFLICT": 409,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "TOO_MANY_CALLS": 400,
    "UNAUTHENTICATED": 401,
}

_ANY_PAGE: Final = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["POST"],
    allow_headers=["Authorization", "Content-Type", "Content-Encoding", KEY],
    max_age=86_400,
)
"""A shop's page lies on another origin and may send. No cookie is ever read here, so any page may try its key."""


def routes(callers: Callers, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """Give the routes of the tracking spec."""

    async def answer(request: Request) -> Response:
        kind = request.path_params["call"]
        if kind != "batch" and kind not in set(Kind):
            return _failure(404, "NOT_FOUND", "There is no such call.")
        try:
            return await _take(request, kind, callers, region=settings.phone_region, clock=clock)
        except HubError as error:
            return _refused(error)
        except PyMongoError as error:
            # Clients give up on 400 and send anything else again under the same message ids.
            log.warning("events_not_stored", error=type(error).__name__)
            message = "The events could not be stored. Send them again."
            return _failure(503, DatabaseAway.code, message, after=AWAY_SECONDS)

    return [
        Route(
            "/v1/{call}",
            answer,
            methods=["POST", "OPTIONS"],
            middleware=[_ANY_PAGE],
        )
    ]


async def _take(
    request: Request, kind: str, callers: Callers, *, region: str, clock: Callable[[], datetime]
) -> Response:
    presented = credentials.presented(request.headers.get("authorization", ""))
    # A key in the header is checked before the body costs anything; one in the body cannot be.
    caller = require(await callers.of(presented), Scope.EVENTS_WRITE) if presented else None
    body = wire.unpacked(await _body(request), request.headers.get("content-encoding"))
    batch = wire.read_batch(body) if kind == "batch" else wire.read_single(body, kind)
    if caller is None:
        write_key = batch.write_key if isinstance(batch.write_key, str) else None
        caller = require(await callers.of(write_key), Scope.EVENTS_WRITE)
    if caller.source is None:
        raise Unauthenticated("Only a source can send events.")
    source, given = caller.source, request.headers.get(KEY)
    key = None if given is None else ids.key_of("call", caller.kind, caller.subject, kind, given)

    async def store() -> Done:
        sent_at = wire.time_of(batch.sent_at)
        receipt = await accept(source, batch.batch, now=clock(), sent_at=sent_at, region=region, key=key)
        refused = [{"index": it.index, "code": it.code, "message": it.message} for it in receipt.refused]
        return Done({"success": True, "refused": refused}, None)  # an event is its own record

    if given is None:
        return JSONResponse(dict((await store()).answer))
    digest = hashlib.sha256(body).hexdigest()
    answer = await idempotency.once(
        caller, f"POST /v1/{kind}", given, digest, store, clock=clock, request_id=request.state.request_id
    )
    return JSONResponse(dict(answer))


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except HTTPException:
        # The application reads no more than a batch may have, and would say 413, on which clients send again.
        raise wire.Unreadable.too_large() from None


def _refused(error: HubError) -> Response:
    if isinstance(error, TryLater):
        return _failure(_STATUS.get(error.code, 503), error.code, error.message, after=error.retry_after)
    return _failure(_STATUS.get(error.code, 403), error.code, error.message)


def _failure(status: int, code: str, message: str, *, after: int | None = None) -> Response:
    headers = None if after is None else {"Retry-After": str(after)}
    return JSONResponse({"success": False, "code": code, "message": message}, status_code=status, headers=headers)
