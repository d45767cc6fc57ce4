"""Asks a running hub whether it lives and whether it can work."""

import asyncio
import contextlib
from http import HTTPStatus

import httpx2

from runtime.errors import NotReady

_TIMEOUT_SECONDS = 5.0


async def ask(url: str, *, ready: bool) -> str:
    """Ask the process (`/healthz`), or all that it needs (`/readyz`), and give the answer.

    Raises:
        NotReady: no answer, or one that names what is missing.
    """
    address = f"{url}/{'readyz' if ready else 'healthz'}"
    # A proxy of the environment has no business between two processes of one machine.
    async with httpx2.AsyncClient(trust_env=False, timeout=_TIMEOUT_SECONDS) as client:
        try:
            answer = await client.get(address)
        except httpx2.TransportError as error:
            raise NotReady(f"{address} does not answer: {type(error).__name__}.") from None
    if answer.status_code != HTTPStatus.OK:
        raise NotReady(f"{address} answers {answer.status_code}: {answer.text.strip()}")
    return answer.text


async def until_ready(url: str) -> None:
    """Wait until the hub is ready. Only the caller sets a deadline."""
    while True:
        with contextlib.suppress(NotReady):
            await ask(url, ready=True)
            return
        await asyncio.sleep(0.1)
