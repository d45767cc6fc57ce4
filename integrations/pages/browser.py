"""What the pages keep in a browser: cookies that only the pages of signing in are sent."""

import secrets
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.access.allowance import KNOWN
from hub.settings import Settings

PATH: Final = "/m/s"
DEVICE_COOKIE: Final = "hub_device"
"""The secret of a browser, which stands for that of an app's device."""
POSTER_COOKIE: Final = "hub_poster"
"""The code of the poster by which somebody wants to join who is about to sign in."""


def keep(response: Response, settings: Settings, name: str, value: str, *, lasts: timedelta) -> None:
    """Let a browser keep a value for as long."""
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path=PATH,
        secure=settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",  # a link in a mail is followed from elsewhere
    )


def known(response: Response, request: Request, settings: Settings) -> Response:
    """Let the browser have a secret of its own; one that it has stays, as far as it is sent here."""
    secret = request.cookies.get(DEVICE_COOKIE) or secrets.token_urlsafe(32)
    keep(response, settings, DEVICE_COOKIE, secret, lasts=KNOWN)
    return response
