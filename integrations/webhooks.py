"""What webhooks of providers have in common: how a request that is not believed, or cannot be read, is refused."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from hub.kit.errors import HubError


class NotSigned(HubError):
    """A request is not the provider's, or was sent long ago. Nothing of it is believed."""

    code = "UNAUTHENTICATED"


class Unreadable(HubError):
    """A request is the provider's, and its body is not what such a body is."""

    code = "BAD_REQUEST"


_STATUS: Final[Mapping[str, int]] = {NotSigned.code: 401, Unreadable.code: 400}


def refused(request: Request, error: NotSigned | Unreadable) -> JSONResponse:
    """Say why, without a word of the request."""
    content = {"code": error.code, "message": error.message, "requestId": request.state.request_id}
    return JSONResponse(content, _STATUS[error.code], headers={"Cache-Control": "no-store"})
