"""`/pos/v1/…`: a till tells of customers, orders and refunds; each message is durable before the answer, and kept once.

A message is known by its idempotency key, or by the document itself. It may come late, twice, and in any sequence.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.access import credentials
from hub.access.model import Caller, Scope, require
from hub.access.names import Names
from hub.access.service import Callers
from hub.kit.errors import HubError, TryLater
from hub.settings import Settings
from hub.tills import days, service
from hub.tills.model import LONGEST_KEY, DayClosed, Message, MessageRefused, Refund, Sale, Taken, Visit
from hub.tills.service import Tills
from integrations.pos import report, wire

KEY: Final = "Idempotency-Key"
BATCH: Final = "/pos/v1/batch"
DAYS: Final = "/pos/v1/days"
OPENAPI: Final = "/pos/v1/openapi.yaml"
MESSAGES: Final[Mapping[str, type[Visit] | type[Sale] | type[Refund]]] = {
    "/pos/v1/customers": Visit,
    "/pos/v1/orders": Sale,
    "/pos/v1/refunds": Refund,
}
"""What each address takes."""

STATUS: Final[Mapping[str, int]] = {"BAD_REQUEST": 400, "UNAUTHENTICATED": 401, "FORBIDDEN": 403}
"""The status of a refusal by its code; of the others it is 422."""

_WAIT: Final = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,3})(?:$|[,;\s])")
_DOCUMENT: Final = Path(__file__).with_name("openapi.yaml")


def routes(callers: Callers, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """Give the routes of the till's REST."""
    tills = Tills(Names(settings), region=settings.phone_region)

    async def caller_of(request: Request) -> Caller:
        presented = credentials.presented(request.headers.get("authorization", ""))
        return require(await callers.of(presented), Scope.TILLS_WRITE)

    async def take_one(request: Request) -> Response:
        try:
            caller = await caller_of(request)
            message = _named(wire.read(await request.body(), MESSAGES[request.url.path]), request)
            (result,) = await _waited(request, await tills.take(caller, [message], now=clock()))
        except HubError as error:
            return _refused(request, error)
        return _refused(request, result) if isinstance(result, HubError) else _answer(request, _shown(result))

    async def take_batch(request: Request) -> Response:
        try:
            caller = await caller_of(request)
            read = [_tried(it) for it in wire.read(await request.body(), wire.Batch).messages]
            taken = iter(await tills.take(caller, [it for it in read if not isinstance(it, HubError)], now=clock()))
            results = await _waited(request, [it if isinstance(it, HubError) else next(taken) for it in read])
        except HubError as error:
            return _refused(request, error)
        return _answer(request, {"results": [_shown(it) for it in results]})

    async def close_day(request: Request) -> Response:
        try:
            caller = await caller_of(request)
            found = await days.close(caller, wire.read(await request.body(), DayClosed))
        except HubError as error:
            return _refused(request, error)
        return _answer(request, msgspec.to_builtins(report.of(found)))

    async def document(_request: Request) -> Response:
        return Response(_DOCUMENT.read_bytes(), media_type="application/yaml")

    return [
        *(Route(path, take_one, methods=["POST"]) for path in MESSAGES),
        Route(BATCH, take_batch, methods=["POST"]),
        Route(DAYS, close_day, methods=["POST"]),
        Route(OPENAPI, document),
    ]


def _named(message: Message, request: Request) -> Message:
    """Give a message the key that its request names it by.

    Raises:
        MessageRefused: that cannot be a key, or the message has another one.
    """
    given = request.headers.get(KEY)
    if given is None:
        return message
    if not 1 <= len(given) <= LONGEST_KEY:
        raise MessageRefused("idempotency_key", f"`{KEY}` has 1 to {LONGEST_KEY} characters.")
    if message.idempotency_key not in {None, given}:
        raise MessageRefused("idempotency_key", f"`idempotency_key` is another one than the header `{KEY}` has.")
    return msgspec.structs.replace(message, idempotency_key=given)


def _tried(body: msgspec.Raw) -> Message | MessageRefused:
    try:
        return wire.read_any(body)
    except MessageRefused as error:
        return error


async def _waited(request: Request, results: Sequence[Taken | MessageRefused]) -> Sequence[Taken | MessageRefused]:
    """Wait until all that follows is done, if the till prefers that, and say of which messages it is."""
    ids = [it.id for it in results if isinstance(it, Taken)]
    found = _WAIT.search(request.headers.get("prefer", ""))
    if not found or not ids:
        return results
    done = await service.applied(ids, seconds=float(found[1]))
    return [Taken(it.id, it.id in done) if isinstance(it, Taken) else it for it in results]


def _shown(result: Taken | MessageRefused) -> dict[str, Any]:
    if isinstance(result, MessageRefused):
        return {"code": result.code, "message": result.message, "path": result.path}
    shown: dict[str, Any] = msgspec.to_builtins(result)
    return shown


def _answer(request: Request, content: Mapping[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    if found := _WAIT.search(request.headers.get("prefer", "")):
        headers["Preference-Applied"] = f"wait={found[1]}"
    return JSONResponse(content, headers=headers)


def _refused(request: Request, error: HubError) -> Response:
    content = {"code": error.code, "message": error.message, "requestId": request.state.request_id}
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, MessageRefused):
        content["path"] = error.path
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(error.retry_after)
        return JSONResponse(content, 503, headers=headers)
    return JSONResponse(content, STATUS.get(error.code, 422), headers=headers)
