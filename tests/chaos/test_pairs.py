"""A hundred thousand pairs of events of one customer, acknowledged in order while routers die, are applied in order.

A small one of its kind runs with every change: tests/intake/test_order.py.
"""

import asyncio
import os
import sys
from random import Random
from typing import Any, Final

import pytest

from tests.chaos import killer
from tests.chaos.sdk import deliver
from tests.chaos.stage import Stage
from tests.traffic.running import until

ROUNDS: Final = int(os.environ.get("HUB_CHAOS_ROUNDS", "0"))
PAIRS: Final = 10_000 * ROUNDS
SEED: Final = int(os.environ.get("HUB_CHAOS_SEED") or Random().randrange(10**9))
CUSTOMERS: Final = 250
A_BATCH: Final = 50
SPEAKERS: Final = 4
SECONDS: Final = 60 * ROUNDS
"""How long all of it may take: a machine that does anything beside still takes in several hundred events a second."""

pytestmark = [
    pytest.mark.skipif(not ROUNDS, reason="long: ./dev chaos"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]


def call(pair: int, place: int) -> dict[str, Any]:
    customer = pair % CUSTOMERS
    return {
        "type": "identify",
        "userId": f"user {customer}",
        "anonymousId": f"phone {customer}",
        "messageId": f"{pair:06}/{place}",
        "traits": {"last": f"{pair:06}/{place}"},
    }


@pytest.mark.timeout(2 * SECONDS + 60)
async def test_pairs_acknowledged_in_order_are_applied_in_order_although_routers_die(stage: Stage) -> None:
    random = Random(SEED)
    batches = [range(start, start + A_BATCH) for start in range(0, PAIRS, A_BATCH)]

    async def speak(speaker: int) -> None:
        # A customer belongs to one speaker, who waits for every answer: what was acknowledged first, came first.
        for pairs in batches:
            if pairs.start // A_BATCH % (CUSTOMERS // A_BATCH) % SPEAKERS == speaker:
                for place in range(2):
                    await deliver(stage.http, [call(pair, place) for pair in pairs])

    speaking = asyncio.gather(*(speak(it) for it in range(SPEAKERS)))
    moments = [(random.uniform(0, 20 * ROUNDS), "router") for _ in range(3 * ROUNDS)]
    await asyncio.gather(
        speaking, stage.killer.kill_each(sorted(moments)), stage.killer.kill_each(killer.plan(random, 9, ["api"]))
    )

    async def routed() -> bool:
        return await stage.rows["events"].count_documents({"part": {"$gte": 0}, "routed": False}) == 0

    await until(routed, seconds=SECONDS, what="all is routed")
    out_of_order, seen, last = [], 0, dict[Any, str]()
    async for row in (
        stage.rows["events"].find({"user_id": {"$regex": "^user "}}, {"message_id": 1, "profile_id": 1}).sort("seq", 1)
    ):
        seen += 1
        if row["message_id"] < last.get(row["profile_id"], ""):
            out_of_order.append(row["message_id"])
        last[row["profile_id"]] = row["message_id"]
    assert (out_of_order, seen, len(last)) == ([], 2 * PAIRS, CUSTOMERS), f"HUB_CHAOS_SEED={SEED}"
    profiles = stage.rows["profiles"].find({"_id": {"$in": list(last)}}, {"traits": 1, "events": 1})
    rows = {row["_id"]: (row["traits"]["last"], row["events"]) async for row in profiles}
    assert rows == {profile_id: (message, 2 * PAIRS // CUSTOMERS) for profile_id, message in last.items()}
