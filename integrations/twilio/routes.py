"""`/webhooks/twilio`: what became of messages, and which SMS came in: verified first, durable before the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.membership import texting
from hub.messaging import feedback
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from integrations import webhooks
from integrations.twilio import addresses, events, signature
from integrations.webhooks import NotSigned, Unreadable

_NO_REPLY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Says in Twilio's language that there is nothing to say."""


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route that Twilio calls. Without a token to verify with it answers 404."""
    token = settings.twilio_auth_token.get_secret_value()
    base = f"{settings.public_url.rstrip('/')}{addresses.PATH}"
    suppressions = Suppressions(settings)

    async def take(request: Request) -> Response:
        if not token:
            raise HTTPException(404)
        try:
            fields = await _believed(request, token, base)
        except (NotSigned, Unreadable) as error:
            return webhooks.refused(request, error)
        now = clock()
        key = addresses.key_in(request.query_params)
        if key and (report := events.report_of(fields, key, now=now)):
            await feedback.take_in([report], suppressions, now=now)
        elif sms := events.sms_of(fields):
            await texting.receive(sms, suppressions, now=now)
        return Response(_NO_REPLY, media_type="text/xml")

    return [Route(addresses.PATH, take, methods=["POST"])]


async def _believed(request: Request, token: str, base: str) -> Mapping[str, str]:
    """Read the fields of a request that Twilio has signed.

    Raises:
        NotSigned: it has not.
        Unreadable: it has, and there are no fields in it.
    """
    body, signed = await request.body(), request.headers.get(signature.SIGNATURE, "")
    query = request.url.query
    url = f"{base}?{query}" if query else base
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        if not signature.signs_json(token, url, body, signed):
            raise NotSigned("The signature does not fit the address and the body.")
        return _object(body)
    fields = signature.fields_of(body)
    if fields is None or not signature.signs_form(token, url, fields, signed):
        raise NotSigned("The signature does not fit the address and the fields.")
    return dict(fields)


def _object(body: bytes) -> Mapping[str, str]:
    try:
        read = orjson.loads(body)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Unreadable("The body is no object of fields.")
    return {name: value for name, value in read.items() if isinstance(value, str)}
