"""GraphQL over HTTP: one POST, one operation, answered by the media type that the client accepts."""

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any, Final

import orjson
import structlog
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from hub.access import audit, credentials
from hub.access.allowance import network_of
from hub.access.model import NOBODY, Caller, CallerKind, Unauthenticated
from hub.access.names import Names
from hub.access.service import Callers
from hub.database import AWAY_SECONDS, DatabaseAway, is_away
from hub.kit.errors import HubError, TryLater
from hub.messaging.ports import EmailSender
from hub.privacy.service import Privacy
from hub.profiles.suppression import Suppressions
from hub.settings import Environment, Settings
from hub_api import errors, limits, schema
from hub_api.context import Context

log = structlog.get_logger(__name__)

PATH: Final = "/graphql"

_MODERN: Final = "application/graphql-response+json"
_PLAIN: Final = "application/json"
_PAGE: Final = """<!doctype html>
<meta charset="utf-8">
<title>GraphQL</title>
<h1>GraphQL of the engagement hub</h1>
<p>This address answers POST. With the hub that <code>hub up</code> started in this folder:</p>
<pre>KEY=$(python3 -c 'import json; print(json.load(open(".hub/hub.json"))["admin_key"])')
curl -s {address} -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{{"query": "{{ profiles(first: 3) {{ nodes {{ traits runs {{ nodes {{ journey status }} }} }} }} }}"}}'</pre>
<p>What else can be asked stands in <code>graphql/schema.graphql</code>.</p>
"""


class BadRequest(HubError):
    """The body is no GraphQL request."""

    code = errors.BAD_USER_INPUT

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class NotTold(TryLater):
    """The audit could not be told whom the answer shows something of, so there is none."""

    code = DatabaseAway.code

    def __init__(self) -> None:
        super().__init__(
            "The audit cannot be written at the moment, so nothing is shown. Ask again.", retry_after=AWAY_SECONDS
        )


def routes(
    settings: Settings,
    callers: Callers,
    privacy: Privacy,
    clock: Callable[[], datetime],
    email_sender: Callable[[], EmailSender | None] = lambda: None,
) -> list[Route]:
    """Give the route of the API. Introspection and the page for newcomers are not for production."""
    open_ = settings.env is not Environment.PRODUCTION
    built = schema.build(introspection=open_)
    suppressions, names = Suppressions(settings), Names(settings)

    async def answer(request: Request) -> Response:
        if request.method == "GET" and open_ and "text/html" in request.headers.get("accept", ""):
            page = _PAGE.format(address=escape(str(request.url.replace(query=""))))
            return HTMLResponse(page, headers={"Content-Security-Policy": "default-src 'none'"})
        try:
            return _answered(request, await execute(request))
        except (HubError, PyMongoError, CannotGetOperationTypeError) as error:
            return _refused(request, error)

    async def execute(request: Request) -> ExecutionResult | PreExecutionError:
        asked = await _asked(request)
        caller = await _caller(request, callers)
        context = Context(
            caller,
            clock,
            settings,
            request.state.request_id,
            privacy,
            suppressions,
            names,
            network_of(request.client.host if request.client else None),
            email_sender,
        )
        result = await built.execute(
            asked["query"],
            variable_values=asked["variables"],
            operation_name=asked["operationName"],
            context_value=context,
        )
        _heed_database(result)
        await _tell_of_reading(context)
        return result

    return [Route(PATH, answer, methods=["GET", "POST"])]


async def _caller(request: Request, callers: Callers) -> Caller:
    """Tell who is asking. Nobody is turned away here, before a document costs anything; each field asks again.

    Raises:
        Unauthenticated: nothing was presented, or something that is not valid.
        TryLater: who could tell does not answer.
    """
    caller = await callers.of(credentials.presented(request.headers.get("authorization", "")))
    if caller is NOBODY:
        raise Unauthenticated("Send a key or a token: `Authorization: Bearer …`.")
    return caller


def _heed_database(result: ExecutionResult | PreExecutionError) -> None:
    """Give no half an answer where the database went away in the middle: all of it may be asked again.

    Raises:
        PyMongoError: the first that says so.
    """
    for error in result.errors or ():
        if isinstance(error.original_error, PyMongoError) and is_away(error.original_error):
            raise error.original_error


async def _tell_of_reading(context: Context) -> None:
    """Tell the audit of which persons staff are shown something, before they are.

    Raises:
        NotTold: the audit could not be written.
    """
    if not context.seen or context.caller.kind is not CallerKind.STAFF:
        return
    try:
        await audit.record_reading(
            context.caller,
            context.seen,
            details=context.details,
            request_id=context.request_id,
            at=context.clock(),
        )
    except PyMongoError as error:
        # Only the kind of the error: its text quotes what was to be written.
        log.warning("reading_not_told", request_id=context.request_id, error=type(error).__name__)
        raise NotTold from None


async def _asked(request: Request) -> dict[str, Any]:
    """Read the request.

    Raises:
        BadRequest: it is none.
    """
    if request.method != "POST":
        raise BadRequest("Ask by POST.", 405)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _PLAIN:
        raise BadRequest(f"The content type is {_PLAIN}.", 415)
    try:
        body = orjson.loads(await request.body())
    except HTTPException as error:  # it is too large
        raise BadRequest(error.detail, error.status_code) from None
    except orjson.JSONDecodeError:
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(body, dict) or not isinstance(body.get("query"), str) or not body["query"].strip():
        raise BadRequest("The body is an object with a `query`: one document as a string.")
    if len(body["query"]) > limits.MOST_CHARACTERS:
        raise BadRequest(f"A document has at most {limits.MOST_CHARACTERS} characters; values belong into variables.")
    for name, kind in (("variables", dict), ("operationName", str)):
        if not isinstance(body.setdefault(name, None), kind | None):
            raise BadRequest(f"`{name}` is of the wrong type.")
    return body


def _refused(request: Request, error: Exception) -> Response:
    """Say why a request has no result at all.

    Raises:
        Exception: the same error, where it was not foreseen.
    """
    if isinstance(error, PyMongoError) and is_away(error):
        log.warning("database_away", request_id=request.state.request_id, error=type(error).__name__)
        error = DatabaseAway()
    if isinstance(error, CannotGetOperationTypeError):
        # Its own sentence quotes the name that was asked for.
        what = "The document has no operation of that name, or several and `operationName` does not say which."
        error = BadRequest(what)
    if isinstance(error, TryLater):
        return _failed(request, error, 503, {"Retry-After": str(error.retry_after)})
    if isinstance(error, BadRequest):
        return _failed(request, error, error.status)
    if isinstance(error, Unauthenticated):
        return _failed(request, error, 401)
    raise error


def _failed(request: Request, error: HubError, status: int, headers: dict[str, str] | None = None) -> Response:
    headers = headers or {401: {"WWW-Authenticate": "Bearer"}, 405: {"Allow": "POST"}}.get(status)
    return _json(request, errors.failure(error.code, error.message, request.state.request_id), status, headers)


def _answered(request: Request, result: ExecutionResult | PreExecutionError) -> Response:
    """Answer by the specification: an operation that did not begin has no data, and is 400 to a modern client."""
    shown = list(errors.shown(result, request.state.request_id))
    began = result.data is not None or any("path" in error for error in shown)
    content = {
        **({"errors": shown} if shown else {}),
        **({"data": result.data} if began else {}),
        **({"extensions": result.extensions} if result.extensions else {}),
    }
    return _json(request, content, 200 if began or _media_type(request) == _PLAIN else 400)


def _json(request: Request, content: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(content),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=_media_type(request),
    )


def _media_type(request: Request) -> str:
    return _MODERN if _MODERN in request.headers.get("accept", "") else _PLAIN
