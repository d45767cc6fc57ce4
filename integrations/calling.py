"""One request to a provider over HTTP: what is certain where there is no answer, and what an answer asks to wait.

| what happens                                              | raised      |
|-----------------------------------------------------------|-------------|
| no free connection, no connection, TLS or proxy refuses   | `NotSent`   |
| the line breaks or nobody answers once there was one      | `Ambiguous` |
| an answer comes, whatever it says                         | nothing     |

A kept connection that the provider closed while it was idle is noticed before anything is written on it, and a new one
is made. Nothing is ever sent twice in here: there are no retries and no redirects.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from hub.kit.errors import HubError
from hub.messaging.ports import Ambiguous, NotSent
from hub.settings import Settings

AT_ONCE: Final = 16
"""Calls that one process makes to one provider at the same time, each on a connection of its own."""

_NEVER_WRITTEN: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


class NotSetUp(HubError):
    """A provider was chosen, and what it needs is not set. Better now than by every message."""

    code = "NOT_SET_UP"

    def __init__(self, chosen: str, missing: str) -> None:
        super().__init__(f"{chosen} needs {missing}, which is not set.")


class InvalidProviderUrl(HubError):
    """The setting of a provider's address is none. The sentence does not repeat it: it may hold a password."""

    code = "INVALID_PROVIDER_URL"

    def __init__(self, variable: str) -> None:
        super().__init__(f"{variable} is an address that begins with https://, or with http:// for a server of tests.")


class Line:
    """One provider's kept connections.

    Args:
        provider: its name, for the sentences of failures.
        url: its base address, without a path.
        variable: the setting that says the address, for the sentence that refuses it.
        settings: how long to wait for a connection and for each part of an answer.

    Raises:
        InvalidProviderUrl: `url` is no address.
    """

    def __init__(self, provider: str, *, url: str, variable: str, settings: Settings) -> None:
        self._provider = provider
        self._seconds = settings.connect_seconds + settings.read_seconds
        try:
            base = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise InvalidProviderUrl(variable) from None
        if base.scheme not in {"http", "https"} or not base.host:
            raise InvalidProviderUrl(variable)
        self._client = httpx2.AsyncClient(
            base_url=base,
            timeout=httpx2.Timeout(
                settings.read_seconds, connect=settings.connect_seconds, pool=settings.connect_seconds
            ),
            limits=httpx2.Limits(max_connections=2 * AT_ONCE, max_keepalive_connections=AT_ONCE),
        )

    async def post(self, path: str, *, headers: Mapping[str, str], **content: Any) -> httpx2.Response:
        """Make one request and give its answer, whatever status it has.

        Args:
            path: below the base address.
            headers: who asks, and whatever else the provider wants.
            content: `json` or `data`, as httpx2 takes them.

        Raises:
            NotSent: the request was certainly not written.
            Ambiguous: it may have arrived.
        """
        try:
            # Each part of an answer may take its time; this ends a call whose parts come drop by drop.
            async with asyncio.timeout(self._seconds):
                return await self._client.post(path, headers=headers, **content)
        except _NEVER_WRITTEN as error:
            raise NotSent(f"{self._provider} could not be reached ({type(error).__name__}).") from None
        except (httpx2.HTTPError, TimeoutError) as error:
            raise Ambiguous(f"{self._provider} did not answer ({type(error).__name__}).") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def object_in(response: httpx2.Response) -> dict[str, Any]:
    """Read the JSON object of an answer; one that has none, as from a proxy in between, is empty."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def retry_after(response: httpx2.Response) -> float | None:
    """Read how many seconds to wait before the next try, None where the answer does not say so.

    `Retry-After` is a number of seconds or a date (RFC 9110 §10.2.3).
    """
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds())
