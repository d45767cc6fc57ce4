"""`/pos/v1/…`: a till tells of customers, orders and refunds; each message is durable before the answer, and kept once.

A message is known by the header `Idempotency-Key`, or by the document itself. It may come late, twice, and in any
sequence.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

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
from hub.tills import service
from hub.tills.model import Message, MessageRefused, Refund, Sale, Taken, Visit
from hub.tills.service import Sent, Tills
from integrations.pos import wire

KEY: Final = "Idempotency-Key"
LONGEST_KEY: Final = 255
MESSAGES: Final[Mapping[str, type[Message]]] = {
    "/pos/v1/customers": Visit,
    "/pos/v1/orders": Sale,
    "/pos/v1/refunds": Refund,
}
"""What each address takes."""

_STATUS: Final[Mapping[str, int]] = {"BAD_REQUEST": 400, "UNAUTHENTICATED": 401, "FORBIDDEN": 403}
_WAIT: Final = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,3})(?:$|[,;\s])")


def routes(callers: Callers, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """Give the routes of the till's REST."""
    tills = Tills(Names(settings), region=settings.phone_region)

    async def caller_of(request: Request) -> Caller:
        presented = credentials.presented(request.headers.get("authorization", ""))
        return require(await callers.of(presented), Scope.TILLS_WRITE)

    async def take(request: Request) -> Response:
        try:
            caller = await caller_of(request)
            message = wire.read(await request.body(), MESSAGES[request.url.path])
            (result,) = await tills.take(caller, [Sent(message, _key(request))], now=clock())
        except HubError as error:
            return _refused(request, error)
        if isinstance(result, MessageRefused):
            return _refused(request, result)
        return await _taken(request, result)

    return [Route(path, take, methods=["POST"]) for path in MESSAGES]


def _key(request: Request) -> str | None:
    given = request.headers.get(KEY)
    if given is not None and not 1 <= len(given) <= LONGEST_KEY:
        raise MessageRefused(KEY, f"`{KEY}` has 1 to {LONGEST_KEY} characters.")
    return given


async def _taken(request: Request, taken: Taken) -> Response:
    """Answer at once, or when all that follows is done, if the till prefers to wait for that."""
    found = _WAIT.search(request.headers.get("prefer", ""))
    headers = {"Cache-Control": "no-store"}
    if found:
        headers["Preference-Applied"] = f"wait={found[1]}"
        taken = Taken(taken.id, taken.applied or bool(await service.applied([taken.id], seconds=float(found[1]))))
    return JSONResponse(msgspec.to_builtins(taken), headers=headers)


def _refused(request: Request, error: HubError) -> Response:
    content = {"code": error.code, "message": error.message, "requestId": request.state.request_id}
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, MessageRefused):
        content["path"] = error.path
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(error.retry_after)
        return JSONResponse(content, 503, headers=headers)
    return JSONResponse(content, _STATUS.get(error.code, 422), headers=headers)
