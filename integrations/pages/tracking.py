"""`/m/c/T` leads to what a link in a message is about, `/m/o/T` is the picture that tells of an opening.

Both answer HEAD as they answer GET, and count it never. Nobody waits for what is written of them: where the database is
away, the link leads on all the same; only a short one, of an SMS or a push message, has to be looked up.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.messaging import short_links, visits, visits_store
from hub.messaging.short_links import ShortLink
from hub.messaging.tracking import Click, Tracking
from hub.messaging.visits import OPENING, Visit
from hub.settings import Settings
from integrations.pages import visit as pages
from integrations.pages.visit import shielded

log = structlog.get_logger(__name__)

PATIENCE_SECONDS: Final = 1.0
"""How long somebody waits for what is written of their visit."""
PIXEL: Final = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A picture of one transparent pixel, as a GIF."""
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the routes of links and pictures in messages."""
    tracked = _Tracked(settings, clock)
    return [
        Route("/m/c/{token}", shielded(tracked.click), methods=["GET"]),
        Route("/m/o/{token}", shielded(tracked.open), methods=["GET"]),
    ]


class _Tracked:
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._tracking, self._clock = Tracking(settings), clock

    async def click(self, request: Request) -> Response:
        """Lead on to the target that was signed, or stored for a short link, and to no other."""
        now, token = self._clock(), request.path_params["token"]
        click: Click | ShortLink | None
        if len(token) == short_links.LENGTH:
            click = await short_links.find(token, now=now)
        else:
            click = self._tracking.clicked(token, now=now)
        if click is None:
            return pages.gone(request)
        await _note(request, click.message_id, click.link, now, target=click.target)
        return RedirectResponse(click.target, HTTPStatus.FOUND, HEADERS)

    async def open(self, request: Request) -> Response:
        """Show the picture, also where the token is none: nobody sees a difference."""
        now = self._clock()
        message_id = self._tracking.opened(request.path_params["token"], now=now)
        if message_id is not None:
            await _note(request, message_id, OPENING, now)
        return Response(PIXEL, media_type="image/gif", headers=HEADERS)


async def _note(request: Request, message_id: UUID, link: int, now: datetime, *, target: str | None = None) -> None:
    if request.method == "HEAD":
        return
    visit = Visit(link, now, visits.sign_of(request.headers), target)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await visits_store.add(message_id, visit)
    except (PyMongoError, TimeoutError) as error:
        log.warning("visit_not_noted", message_id=str(message_id), link=link, error=type(error).__name__)
