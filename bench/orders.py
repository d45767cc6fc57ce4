"""`orders`: orders a second, stored, joined and counted in their profiles by the router, against a bare write.

Ours begins with the calls in memory and ends when the event, the order and the customer's totals are durable, for every
call; calls are accepted while those before are routed, as an API and a router do it. The baseline writes the very same
documents, ready-made. The customers are known already, as most are. HTTP is in neither.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from bench.baselines import bare_orders
from bench.baselines.bare_orders import Documents
from bench.line import SAMPLES, Line, say
from bench.silence import Silence
from bench.stage import stage
from hub import database
from hub.database import Database
from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.intake.ringer import Ringer
from hub.intake.router import BATCH, Router
from runtime import processes
from runtime.wiring import DOCUMENTS

ORDERS = 6_000
CUSTOMERS = 2_000
SHOP = Source("shop", Trust.SERVER)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

_SAID_BEFORE = {"type": "identify", "traits": {"firstName": "Ada"}}


async def measure() -> AsyncIterator[Line]:
    """Measure ours and the baseline in turn, each on an empty database."""
    samples: dict[str, list[float]] = {"ours": [], "bare": []}
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        for seed in range(SAMPLES + 1):
            bound = await _emptied(on.client)
            ours, documents = await _ours(bound, _calls(seed))
            bound = await _emptied(on.client)
            for name, seconds in (("ours", ours), ("bare", await _bare(bound, documents))):
                say(f"  {name}: {ORDERS / seconds:.0f} orders/s")
                if seed > 0:  # the first round only warms up
                    samples[name].append(ORDERS / seconds)
    yield Line(bench="orders", unit="orders/s", higher_is_better=True, ours=samples["ours"], baseline=samples["bare"])


async def _ours(bound: Database, calls: Sequence[bytes]) -> tuple[float, Documents]:
    router = Router("bench", Ringer(Silence()), lambda: NOON)
    people = [orjson.dumps({**_SAID_BEFORE, "userId": f"u{it}", "messageId": f"i{it}"}) for it in range(CUSTOMERS)]
    await _accept(people)
    while await router.step():
        pass
    known = await bare_orders.profiles_in(bound)
    begun = time.perf_counter()
    accepting = asyncio.create_task(_accept(calls))
    while await router.step() or not accepting.done():
        pass
    await accepting
    seconds = time.perf_counter() - begun
    _check(sum(row["rollups"]["orders"]["count"] for row in await bare_orders.profiles_in(bound) if row["rollups"]))
    return seconds, await bare_orders.documents_in(bound, known)


async def _accept(calls: Sequence[bytes]) -> None:
    for start in range(0, len(calls), BATCH):
        await accept(SHOP, calls[start : start + BATCH], now=NOON)


async def _bare(bound: Database, documents: Documents) -> float:
    bare = bare_orders.Writer(bound, documents)
    await bare.know()
    begun = time.perf_counter()
    for start in range(0, ORDERS, BATCH):
        await bare.write(start, start + BATCH)
    seconds = time.perf_counter() - begun
    _check(await bound["orders"].count_documents({}))
    return seconds


def _check(found: int) -> None:
    """A side that loses or doubles orders is not measured."""
    if found != ORDERS:
        raise RuntimeError(f"{ORDERS} orders were told, {found} are counted.")


async def _emptied(client: database.Client) -> Database:
    await client.drop_database(database.DEFAULT_NAME)
    return await database.migrate(client, DOCUMENTS)


def _calls(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [orjson.dumps(_call(chance, number)) for number in range(ORDERS)]


def _call(chance: random.Random, number: int) -> dict[str, Any]:
    lines = [
        {
            "product_id": f"p-{product}",
            "sku": f"sku-{product}",
            "name": f"Coffee number {product}",
            "quantity": 1 + product % 3,
            "price": 12.5,
        }
        for product in (chance.randrange(1_000) for _ in range(3))
    ]
    return {
        "type": "track",
        "messageId": f"shop-{chance.getrandbits(128):032x}",
        "userId": f"u{chance.randrange(CUSTOMERS)}",
        "event": "Order Completed",
        "timestamp": "2026-11-02T09:30:12.345Z",
        "properties": {
            "order_id": f"{number}",
            "total": chance.randrange(500, 20_000) / 100,
            "currency": "EUR",
            "channel": "pos",
            "store_id": f"s-{chance.randrange(50)}",
            "products": lines,
        },
    }
