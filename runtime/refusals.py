"""What a request is told where no route answers it: a browser by a page, others by JSON with a code and a sentence."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from hub.database import DatabaseAway, is_away
from hub.kit.errors import HubError
from integrations.pages import visit

log = structlog.get_logger(__name__)

_SAID: Final[Mapping[int, tuple[str, str, str]]] = {
    404: ("NOT_FOUND", "There is nothing at this address.", "nowhere"),
    405: ("METHOD_NOT_ALLOWED", "This address does not take this method.", "unusable"),
    413: ("TOO_LARGE", "The body is too large.", "unusable"),
}
_ELSE: Final = ("BAD_REQUEST", "The request cannot be used.", "unusable")
"""Code, sentence and page for each status; the sentence stands where whoever refused has none of their own."""


async def refused(request: Request, error: Exception) -> Response:
    """Say why a request was refused before, or instead of, being answered by its route."""
    if not isinstance(error, HTTPException):
        raise error
    code, sentence, page = _SAID.get(error.status_code, _ELSE)
    own = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    if _is_browser(request):
        return visit.notice(request, page, error.status_code, headers=error.headers, text=own, code=code)
    return _json(request, error.status_code, code, own or sentence, error.headers)


async def without_database(request: Request, error: Exception) -> Response:
    """Say when to ask again, where MongoDB could not be asked; anything else that it says is a fault of ours."""
    if not isinstance(error, PyMongoError) or not is_away(error):
        raise error
    log.warning("database_away", request_id=request.state.request_id, error=type(error).__name__)
    away = DatabaseAway()
    if _is_browser(request):
        return visit.later(request, away.retry_after)
    return _json(request, 503, away.code, away.message, {"Retry-After": str(away.retry_after)})


async def broken(request: Request, _error: Exception) -> Response:
    """Say that it is a fault of ours, and no word of it. Who serves the application logs where it happened."""
    if _is_browser(request):
        return visit.notice(request, "broken", 500, code=HubError.code)
    sentence = "Something went wrong on our side. Name the request's id when you ask about it."
    return _json(request, 500, HubError.code, sentence)


def _is_browser(request: Request) -> bool:
    """Tell whether a person reads the answer: what lies under `/m/` is for nobody else."""
    return request.url.path.startswith("/m/") or "text/html" in request.headers.get("accept", "")


def _json(request: Request, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    content = {"code": code, "message": message, "requestId": request.state.request_id}
    return JSONResponse(content, status, headers={"Cache-Control": "no-store", **(headers or {})})


HANDLERS: Final[Mapping[Any, ExceptionHandler]] = {
    HTTPException: refused,
    PyMongoError: without_database,
    Exception: broken,
}
"""What the application does with each kind of error that no route has caught."""
