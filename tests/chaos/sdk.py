"""Sends batches as SDKs do: again and again, under the same message ids, until they are acknowledged."""

import asyncio
import time
from collections.abc import Sequence

import httpx2

from tests.chaos.shoppers import Call

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.2


async def deliver(http: httpx2.AsyncClient, calls: Sequence[Call]) -> set[str]:
    """Send one batch until it is answered with 200, and give the message ids that this acknowledges."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = await http.post("/v1/batch", json={"batch": calls})
        except httpx2.TransportError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        if answer.status_code == 200:
            assert answer.json() == {"success": True, "refused": []}
            return {call["messageId"] for call in calls}
        # What SDKs do not send again must not be the answer to a fault.
        assert answer.status_code in {429, 503}, answer.text
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"A batch was not acknowledged within {PATIENCE_SECONDS} s.")
