"""What a request is told where no route answers it: a browser by a page, others by JSON with a code and a sentence."""

import structlog
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.database import DatabaseAway, is_away
from integrations.pages import visit

log = structlog.get_logger(__name__)


async def without_database(request: Request, error: Exception) -> Response:
    """Say when to ask again, where MongoDB could not be asked; anything else that it says is a fault of ours."""
    if not isinstance(error, PyMongoError) or not is_away(error):
        raise error
    log.warning("database_away", request_id=request.state.request_id, error=type(error).__name__)
    away = DatabaseAway()
    if _is_browser(request):
        return visit.later(request, away.retry_after)
    return _json(request, 503, away.code, away.message, {"Retry-After": str(away.retry_after)})


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _json(request: Request, status: int, code: str, message: str, headers: dict[str, str]) -> Response:
    content = {"code": code, "message": message, "requestId": request.state.request_id}
    return JSONResponse(content, status, headers={"Cache-Control": "no-store", **headers})
