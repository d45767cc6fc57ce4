"""`/webhooks/reviews`: an outside review system tells of reviews, signed, durable before the answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.settings import Settings
from integrations import webhooks
from integrations.reviews import signature, wire
from integrations.webhooks import NotSigned, Unreadable

PATH: Final = "/webhooks/reviews"
SOURCE: Final = Source("reviews", Trust.SERVER)
"""The source of what comes here. No key is made for it: the secret is."""


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route that the review system calls. Without a secret to verify with it answers 404."""
    both = (settings.reviews_webhook_secret, settings.reviews_webhook_secret_previous)
    secrets = [it.get_secret_value() for it in both if it.get_secret_value()]

    async def take(request: Request) -> Response:
        if not secrets:
            raise HTTPException(404)
        body, now = await request.body(), clock()
        try:
            signature.check(secrets, body, request.headers.get(signature.SIGNATURE, ""), now=now)
            read = wire.read(body)
        except (NotSigned, Unreadable) as error:
            return webhooks.refused(request, error)
        receipt = await accept(SOURCE, read.calls, now=now, region=settings.phone_region)
        refused = [(it.index, it.code, it.message) for it in read.refused]
        refused += [(read.places[it.index], it.code, it.message) for it in receipt.refused]
        told = [{"index": index, "code": code, "message": message} for index, code, message in sorted(refused)]
        return JSONResponse({"taken": receipt.accepted, "refused": told})

    return [Route(PATH, take, methods=["POST"])]
