"""How a till asks and is answered: who it is, what is refused with which status, and how long it prefers to wait."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.access import credentials
from hub.access.model import Caller, Scope, require
from hub.access.service import Callers
from hub.kit.errors import HubError, TryLater
from hub.tills.model import MessageRefused
from hub.vouchers.model import VoucherRefused

Answer: TypeAlias = Callable[[Request, Caller], Awaitable[Mapping[str, Any]]]
"""Does what a till asks for, and gives what it is told. A `HubError` is a refusal."""

STATUS: Final[Mapping[str, int]] = {"BAD_REQUEST": 400, "UNAUTHENTICATED": 401, "FORBIDDEN": 403}
"""The status of a refusal by its code; of the others it is 422."""

_OF_VOUCHER: Final = {"code": "code", "storeId": "store"}
"""What a till calls the part that was refused of a voucher's use."""
_WAIT: Final = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,3})(?:$|[,;\s])")


def route(path: str, callers: Callers, answer: Answer) -> Route:
    """Give a route that only a till is answered on, and is told in one way what is wrong."""

    async def endpoint(request: Request) -> Response:
        try:
            presented = credentials.presented(request.headers.get("authorization", ""))
            caller = require(await callers.of(presented), Scope.TILLS_WRITE)
            content = await answer(request, caller)
        except HubError as error:
            return _refused(request, error)
        headers = {"Cache-Control": "no-store"}
        if (seconds := preferred_wait(request)) is not None:
            headers["Preference-Applied"] = f"wait={seconds}"
        return JSONResponse(content, headers=headers)

    return Route(path, endpoint, methods=["POST"])


def preferred_wait(request: Request) -> int | None:
    """Read how many seconds a till prefers to wait until all that follows is done; None where it does not say."""
    found = _WAIT.search(request.headers.get("prefer", ""))
    return int(found[1]) if found else None


def shown(error: HubError) -> dict[str, str]:
    """Say what is wrong, and where."""
    told = {"code": error.code, "message": error.message}
    if isinstance(error, MessageRefused):
        return {**told, "path": error.path}
    return {**told, "path": _OF_VOUCHER[error.part]} if isinstance(error, VoucherRefused) else told


def _refused(request: Request, error: HubError) -> Response:
    content = {**shown(error), "requestId": request.state.request_id}
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(error.retry_after)
        return JSONResponse(content, 503, headers=headers)
    return JSONResponse(content, STATUS.get(error.code, 422), headers=headers)
