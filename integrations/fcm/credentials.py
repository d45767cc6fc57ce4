"""Who we are at Google: a service account, and the access token that it gets for an hour."""

import asyncio
import json
from functools import partial
from typing import Any, Final

from firebase_admin import credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from hub.kit.errors import HubError
from hub.messaging.ports import NotSent
from hub.settings import Settings

_SCOPES: Final = ["https://www.googleapis.com/auth/firebase.messaging"]


class InvalidServiceAccount(HubError):
    """`GOOGLE_APPLICATION_CREDENTIALS` holds no key. The sentence does not repeat what it holds: it may be one."""

    code = "INVALID_SERVICE_ACCOUNT"

    def __init__(self) -> None:
        super().__init__(
            "GOOGLE_APPLICATION_CREDENTIALS is the path of a service account's key, or that key itself as JSON."
        )


class ServiceAccount:
    """A service account of one project, and its access token.

    Args:
        written: the path of its key, or the key itself as JSON.
        settings: how long one call waits for a token, and how long asking for one may take in all.

    Raises:
        InvalidServiceAccount: it is neither.
    """

    def __init__(self, written: str, settings: Settings) -> None:
        try:
            key: Any = json.loads(written) if written.lstrip().startswith("{") else written
            certificate = credentials.Certificate(key)
        except (ValueError, OSError):  # without its cause, which quotes the key
            raise InvalidServiceAccount from None
        self.project: str = certificate.project_id
        self._held = certificate.get_credential().with_scopes(_SCOPES)
        self._wait_seconds = settings.connect_seconds
        self._request = partial(Request(), timeout=settings.read_seconds)
        self._asking: asyncio.Task[str | None] | None = None

    async def token(self) -> str:
        """Give an access token that is valid now: the one it has, or a new one, which is asked for once for all calls.

        Raises:
            NotSent: there is none yet. Asking goes on, so that a later call finds it.
        """
        if not self._held.valid:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            try:
                fault = await asyncio.wait_for(asyncio.shield(self._asking), self._wait_seconds)
            except TimeoutError:
                fault = "TimeoutError"
            if fault:
                raise NotSent(f"Google gave no access token ({fault}).")
        return str(self._held.token)

    def forget(self, token: str) -> None:
        """Ask anew at the next call, for this token was not accepted. A newer one stays."""
        if self._held.token == token:
            self._held.token = None

    async def close(self) -> None:
        """Hear out the asking that is under way, which nobody waits for any more."""
        if self._asking is not None:
            await asyncio.wait([self._asking])

    async def _ask(self) -> str | None:
        """Ask for a token, and name what went wrong: perhaps nobody waits any more to whom it could be raised."""
        try:
            # Google's own client blocks: it has a thread of its own for as long as it takes.
            await asyncio.to_thread(self._held.refresh, self._request)
        except GoogleAuthError as error:
            return type(error).__name__
        return None
