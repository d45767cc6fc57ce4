"""How large a body may be. Starlette's own limit would answer by itself, as plain text and without a code."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Stops the reading of a body that has too many bytes: whoever reads it hears an HTTPException 413.

    Args:
        most_bytes: how many it may have.
        larger: at which paths it may have others.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count what is read of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most_bytes = self._larger.get(scope["path"], self._most_bytes)
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most_bytes:
                raise HTTPException(413, f"The body has more than {most_bytes} bytes.")
            return message

        await self._app(scope, counted, send)
