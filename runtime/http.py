"""Mounts every route of every room, and gives each request an id."""

import functools
import time
import uuid

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.access.service import Callers
from hub.database import Client
from hub.privacy.service import Privacy
from hub.settings import Settings
from hub_api import endpoint
from integrations.assets import routes as assets
from integrations.console import inbox
from integrations.pages import arriving, confirmation, download, preferences, redeeming, signin, tracking, unsubscribing
from integrations.pos import routes as pos
from integrations.reviews import routes as reviews
from integrations.segment import routes as segment
from integrations.segment.wire import MOST_BYTES
from integrations.sendgrid import routes as sendgrid
from integrations.twilio import routes as twilio
from runtime import health, refusals, wiring
from runtime.body_limit import BodyLimit

log = structlog.get_logger(__name__)


async def application(settings: Settings, client: Client) -> ASGIApp:
    """Make the application of the API process."""
    callers = Callers(settings, wiring.clock)
    temporal = await wiring.temporal(settings, lazy=True)
    privacy = Privacy(settings, wiring.DOCUMENTS)
    app = Starlette(
        routes=[
            *health.routes(client, temporal),
            *segment.routes(callers, settings, wiring.clock),
            *pos.routes(callers, settings, wiring.clock),
            *inbox.routes(settings),
            *assets.routes(),
            *signin.routes(settings, wiring.clock),
            *arriving.routes(settings, wiring.clock),
            *redeeming.routes(settings, wiring.clock),
            *confirmation.routes(settings, wiring.clock),
            *preferences.routes(settings, wiring.clock),
            *unsubscribing.routes(settings, wiring.clock),
            *tracking.routes(settings, wiring.clock),
            *download.routes(settings, privacy, wiring.clock),
            *sendgrid.routes(settings, wiring.clock),
            *twilio.routes(settings, wiring.clock),
            *reviews.routes(settings, wiring.clock),
            *endpoint.routes(
                settings, callers, privacy, wiring.clock, functools.cache(lambda: wiring.senders(settings).email)
            ),
        ],
        middleware=[Middleware(BodyLimit, most_bytes=MOST_BYTES, larger={sendgrid.PATH: sendgrid.MOST_BYTES})],
        exception_handlers=refusals.HANDLERS,
    )
    return RequestLog(app)


class RequestLog:
    """Logs each request by route, status and time: no query, for it may carry a token, and no body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        begun = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = scope.get("route")
            log.debug(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=getattr(route, "path", None),
                status=status,
                milliseconds=round((time.perf_counter() - begun) * 1000, 1),
            )
