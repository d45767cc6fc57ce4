"""How calls get into a hub: by the batch, one by one as a shop's webhook sends them, and over GraphQL."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import httpx2

from tests.chaos.sdk import deliver
from tests.grocer.tills import Call

BATCH = 100
AT_ONCE = 4
"""Requests on their way at the same time."""
ALONE = 10
"""One call of so many comes by webhook, and one over GraphQL."""

TRACK = """
mutation Track($input: TrackInput!) {
  track(input: $input) { __typename ... on UserError { code message } }
}
"""


async def send(http: httpx2.AsyncClient, calls: Sequence[Call]) -> None:
    """Send calls, each by one of the three ways, and return when all are accepted. `http` presents a server key."""
    webhooks = [call for call in calls if _way(call) == 0]
    mutations = [call for call in calls if _way(call) == 1]
    others = [call for call in calls if _way(call) > 1]
    batches = [others[start : start + BATCH] for start in range(0, len(others), BATCH)]
    free = asyncio.Semaphore(AT_ONCE)

    async def bounded(sending: Coroutine[Any, Any, object]) -> None:
        async with free:
            await sending

    await asyncio.gather(
        *(bounded(deliver(http, batch)) for batch in batches),
        *(bounded(_post(http, call)) for call in webhooks),
        *(bounded(_mutate(http, call)) for call in mutations),
    )


def _way(call: Call) -> int:
    """Choose the way of a call, also of its double."""
    return int(call["properties"]["order_id"]) % ALONE


async def _post(http: httpx2.AsyncClient, call: Call) -> None:
    answer = await http.post("/v1/track", json=call)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "refused": []})


async def _mutate(http: httpx2.AsyncClient, call: Call) -> None:
    given = {name: call[name] for name in ("userId", "event", "properties", "timestamp")}
    variables = {"input": {"idempotencyKey": call["messageId"], **given}}
    answer = await http.post("/graphql", json={"query": TRACK, "variables": variables})
    assert answer.json().get("data") == {"track": {"__typename": "TrackPayload"}}, answer.text
