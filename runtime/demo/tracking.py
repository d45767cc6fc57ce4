"""Tells the hub what happens in the shop, as a shop's own code would: by HTTP, and again until it is heard."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import httpx2

from hub.kit.errors import HubError
from runtime.demo.shop import Call, Step

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 8.0
TIMEOUT_SECONDS: Final = 10.0
MOST_AT_ONCE: Final = 100

_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class CallRefused(HubError):
    """The hub refuses a call for good: trying again is useless."""

    code = "CALL_REFUSED"


class Tracker:
    """Sends calls to one hub, one after the other.

    Args:
        url: where the hub is.
        write_key: that of the shop's pages, which anybody can read.
        server_key: that of the shop's own server, which is believed.
    """

    def __init__(self, url: str, write_key: str, server_key: str) -> None:
        self._client = httpx2.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS)
        self._write_key = write_key
        self._server_key = server_key

    async def tell(self, steps: Iterable[Step], *, published: asyncio.Future[None]) -> None:
        """Make each call at its time, but no checkout before the journey is published, which would never hear of it.

        While the hub is away the shop stands still, and goes on where it stood.

        Raises:
            CallRefused: the hub does not take a call.
        """
        async with self._client:
            for step in steps:
                await asyncio.sleep(step.pause)
                if step.call.get("event") == "Checkout Started":
                    await published
                await self._deliver([step.call], self._server_key if step.by_server else self._write_key)

    async def tell_at_once(self, calls: Sequence[Call]) -> None:
        """Make many calls of the shop's own server in few requests.

        Raises:
            CallRefused: the hub does not take them.
        """
        async with self._client:
            for start in range(0, len(calls), MOST_AT_ONCE):
                await self._deliver(calls[start : start + MOST_AT_ONCE], self._server_key)

    async def _deliver(self, calls: Sequence[Call], key: str) -> None:
        """Send calls until they are accepted; their `messageId` makes the repetitions harmless."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        batch = {"batch": [{**call, "timestamp": now} for call in calls]}
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                answer = await self._client.post("/v1/batch", json=batch, auth=(key, ""))
            except httpx2.TransportError:
                retry_after = ""
            else:
                if answer.is_success:
                    return
                if not answer.is_server_error and answer.status_code not in _LATER:
                    raise CallRefused(f"The hub answered {answer.status_code} to a call of the demo.")
                retry_after = answer.headers.get("Retry-After", "")
            await asyncio.sleep(float(retry_after) if retry_after.isdecimal() else pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
