"""`/webhooks/sendgrid`: SendGrid's events, verified as they came, durable before the answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.messaging import feedback
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from integrations import webhooks
from integrations.sendgrid import events
from integrations.sendgrid.signature import SIGNATURE, TIMESTAMP, Verifier
from integrations.webhooks import NotSigned, Unreadable

PATH: Final = "/webhooks/sendgrid"
MOST_BYTES: Final = 1024 * 1024
"""How large a body may be: SendGrid sends when it has 768 KB together."""


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route of the event webhook. Without a key to verify with it answers 404.

    Raises:
        InvalidVerificationKey: the key is none.
    """
    key = settings.sendgrid_webhook_key
    verifier = Verifier(key) if key else None
    suppressions = Suppressions(settings)

    async def take(request: Request) -> Response:
        if verifier is None:
            raise HTTPException(404)
        body, now = await request.body(), clock()
        signature, timestamp = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
        try:
            verifier.check(body, signature=signature, timestamp=timestamp, now=now)
            read = events.read(body)
        except (NotSigned, Unreadable) as error:
            return webhooks.refused(request, error)
        await feedback.take_note(read.reports, suppressions, now=now)
        return JSONResponse({"taken": len(read.reports), "ignored": read.others})

    return [Route(PATH, take, methods=["POST"])]
