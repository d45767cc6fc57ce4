"""The page `/inbox`: what the console sender was handed, newest first, for people and for machines."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import jinja2
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.database import Row
from hub.profiles.model import Channel
from hub.settings import Environment, Settings
from integrations.console import store
from integrations.console.store import LARGEST_PAGE, PAGE, Wish

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FRAMED: Final = {
    **_HEADERS,
    # The mail is a stranger's page: it runs nothing, sends nothing, and fetches no picture from another machine.
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
}
_PAGES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def routes(settings: Settings) -> list[BaseRoute]:
    """List the routes of the inbox; in production there are none."""
    if settings.env is Environment.PRODUCTION:
        return []
    return [Route("/inbox", _list), Route("/inbox/{id:uuid}", _one), Route("/inbox/{id:uuid}/html", _html)]


async def _list(request: Request) -> Response:
    wish = _wish_of(request)
    rows, more = await store.newest(wish)
    older = _address(wish, before=str(rows[-1]["_id"])) if more else None
    if _wants_json(request):
        return _json({"messages": [_shown(row) for row in rows], "older": older})
    # A page that looks again every five seconds would take away what a person is typing: the form has a page without.
    finding = "find" in request.query_params
    return _page(
        "list.html",
        wish=wish,
        messages=[_shown(row) for row in rows],
        older=older,
        channels=[Channel.EMAIL, Channel.PUSH, Channel.SMS],
        finding=finding,
    )


async def _one(request: Request) -> Response:
    row = await store.one(request.path_params["id"])
    if row is None:
        raise HTTPException(404, "The inbox has no such message.")
    return _json(_shown(row)) if _wants_json(request) else _page("message.html", message=_shown(row))


async def _html(request: Request) -> Response:
    row = await store.one(request.path_params["id"])
    if row is None or row.get("html") is None:
        raise HTTPException(404, "The inbox has no such HTML.")
    return Response(row["html"], media_type="text/html", headers=_FRAMED)


def _wish_of(request: Request) -> Wish:
    query = request.query_params
    try:
        limit = int(query.get("limit", PAGE))
        wish = Wish(
            channel=Channel(query["channel"]) if query.get("channel") else None,
            to=query.get("to", "").strip(),
            key=UUID(query["key"]) if query.get("key") else None,
            before=UUID(query["before"]) if query.get("before") else None,
            limit=limit,
        )
    except ValueError:
        raise HTTPException(
            400, f"channel is one of {', '.join(Channel)}; key and before are ids; limit is a number."
        ) from None
    if not 1 <= limit <= LARGEST_PAGE:
        raise HTTPException(400, f"limit is 1 to {LARGEST_PAGE}.")
    return wish


def _address(wish: Wish, *, before: str) -> str:
    """Make the address of the page that follows, with the same filter."""
    query = {"channel": wish.channel, "to": wish.to, "key": wish.key, "before": before, "limit": wish.limit}
    return "/inbox?" + urlencode({name: value for name, value in query.items() if value})


def _wants_json(request: Request) -> bool:
    return request.query_params.get("format") == "json" or "application/json" in request.headers.get("accept", "")


def _shown(row: Row) -> dict[str, Any]:
    """A message as it is shown: `id` for `_id`, and everything else as it was stored."""
    return {"id": row["_id"], **{name: value for name, value in row.items() if name != "_id"}}


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers=_HEADERS)


def _page(name: str, **values: Any) -> Response:
    return Response(_PAGES.get_template(name).render(values), media_type="text/html", headers=_HEADERS)
