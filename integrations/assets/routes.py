"""`/a/HASH.ENDING`: a picture by the hash of its bytes. What was fetched once never has to be asked for again."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.wording import assets

ROUTE: Final = f"{assets.PATH}{{name}}"
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def routes() -> list[Route]:
    """List the one route."""
    return [Route(ROUTE, _picture)]


async def _picture(request: Request) -> Response:
    name = request.path_params["name"]
    tag = f'"{name}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**_HEADERS, "ETag": tag})  # whatever it was, it has not changed
    found = await assets.fetch(name)
    if found is None:
        raise HTTPException(404, "There is no such picture.")
    content, media_type = found
    return Response(content, media_type=media_type, headers={**_HEADERS, "ETag": tag})
