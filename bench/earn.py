"""`earn`: orders a second through the rules of a program and the ledger, flush included, against a bare write.

Ours begins with orders that are stored and events that are applied, as the router hands them on, and ends when every
posting is durable and copied out. The program has a rule per amount with a threshold and one for visits of the lines of
a category, in two wallets. The baseline writes the very same documents, ready-made. The customers have purses already.
"""

import random
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from bench.baselines import bare_earn
from bench.baselines.bare_earn import Documents
from bench.line import SAMPLES, Line, say
from bench.silence import Silence
from bench.stage import stage
from hub import database
from hub.database import Database
from hub.earning import service as earning
from hub.events.model import Event, Source, Trust
from hub.events.store import event_of
from hub.intake.accept import accept
from hub.intake.ringer import Ringer
from hub.intake.router import BATCH, Router
from hub.ledger import flushing
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from hub.programs import service as programs
from runtime import processes
from runtime.wiring import DOCUMENTS

ORDERS = 6_000
CUSTOMERS = 2_000
SHOP = Source("shop", Trust.SERVER)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_BASIS = "tax: before, discount: after, shipping: before"
_WORDS = "one: {en: point}, many: {en: points}"
PROGRAM = f"""
program: club
texts: {{en: the club}}
zone: Europe/Berlin
currency: EUR
wallets:
  - {{wallet: points, kind: spendable, {_WORDS}, expires: {{after: 365d}}, pending: 14d}}
  - {{wallet: status, kind: qualifying, {_WORDS}, expires: {{end_of: year}}}}
rules:
  - {{rule: base, wallet: points, per: {{amount: 1.00, points: 1, {_BASIS}, round: down, by: order}}}}
  - {{rule: status, wallet: status, per: {{amount: 1.00, points: 1, {_BASIS}, round: down, by: order}}}}
  - rule: beans
    wallet: points
    unit: {{points: 5}}
    lines: product.category = "Beans"
    texts: {{en: 5 points per bag of beans}}
multipliers:
  - {{multiplier: big, times: 2, of: [base], from: {{amount: 60.00, {_BASIS}}}}}
"""


async def measure() -> AsyncIterator[Line]:
    """Measure ours and the baseline in turn, each on an empty database."""
    samples: dict[str, list[float]] = {"ours": [], "bare": []}
    processor: dict[str, list[float]] = {"ours": [], "bare": []}
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        for seed in range(SAMPLES + 1):
            bound = await _emptied(on.client)
            ours, documents = await _ours(bound, seed)
            bound = await _emptied(on.client)
            for name, (seconds, busy) in (("ours", ours), ("bare", await _bare(bound, documents))):
                say(f"  {name}: {ORDERS / seconds:.0f} orders/s, {busy / ORDERS * 1e6:.0f} µs of Python an order")
                if seed > 0:  # the first round only warms up
                    samples[name].append(ORDERS / seconds)
                    processor[name].append(busy / ORDERS * 1e6)
    yield Line(
        bench="earn",
        unit="orders/s",
        higher_is_better=True,
        ours=samples["ours"],
        baseline=samples["bare"],
        beside={f"python_us_{name}": round(statistics.median(them), 1) for name, them in processor.items()},
    )


async def _ours(bound: Database, seed: int) -> tuple[tuple[float, float], Documents]:
    # While no program is active the orders are stored, and nothing is earned.
    await _routed(_calls(seed))
    batches = await _applied(bound)
    drafted = await programs.draft(PROGRAM, by="bench", key="k", now=NOON)
    await programs.activate(drafted.version, by="bench", key="k", now=NOON - timedelta(days=400))
    await _routed([_call(random.Random(it), f"F-{it}", f"u{it}") for it in range(CUSTOMERS)])
    await _flushed()
    known = await bound["wallets"].find().to_list()
    begun, busy = time.perf_counter(), time.process_time()
    for batch, heads in batches:
        await earning.earn(batch, heads, await earning.current(), now=NOON)
    await _flushed()
    took = time.perf_counter() - begun, time.process_time() - busy
    documents = await bare_earn.documents_in(bound, known)
    _check(len(documents.postings))
    return took, documents


async def _applied(bound: Database) -> list[tuple[Sequence[Event], Mapping[UUID, Profile]]]:
    """Give the events with their profiles, by the batch, as the router hands them on."""
    found = [event_of(row) async for row in bound["events"].find({"name": "Order Completed"})]
    batches = [found[start : start + BATCH] for start in range(0, len(found), BATCH)]
    return [(batch, await profiles.load({it.profile_id for it in batch if it.profile_id})) for batch in batches]


async def _routed(calls: Sequence[bytes]) -> None:
    for start in range(0, len(calls), BATCH):
        await accept(SHOP, calls[start : start + BATCH], now=NOON)
    router = Router("bench", Ringer(Silence()), lambda: NOON)
    while await router.step():
        pass


async def _flushed() -> None:
    """Copy all postings out, as the keeper does beside."""
    while await flushing.flush_waiting(BATCH, now=NOON + timedelta(minutes=1)):
        pass


async def _bare(bound: Database, documents: Documents) -> tuple[float, float]:
    bare = bare_earn.Writer(bound, documents)
    await bare.know()
    begun, busy = time.perf_counter(), time.process_time()
    for start in range(0, ORDERS, BATCH):
        await bare.write(start, start + BATCH)
    took = time.perf_counter() - begun, time.process_time() - busy
    _check(await bound["postings"].count_documents({}))
    return took


def _check(found: int) -> None:
    """A side that loses or doubles orders is not measured."""
    if found != ORDERS:
        raise RuntimeError(f"{ORDERS} orders have earned, {found} postings are there.")


async def _emptied(client: database.Client) -> Database:
    await client.drop_database(database.DEFAULT_NAME)
    return await database.migrate(client, DOCUMENTS)


def _calls(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [_call(chance, f"A-{number}", f"u{chance.randrange(CUSTOMERS)}") for number in range(ORDERS)]


def _call(chance: random.Random, order: str, user: str) -> bytes:
    lines = [
        {
            "sku": f"sku-{product}",
            "name": f"Coffee number {product}",
            "category": "Beans" if product % 2 else "Cups",
            "quantity": 1 + product % 3,
            "price": 12.5,
        }
        for product in (chance.randrange(1_000) for _ in range(3))
    ]
    properties = {"order_id": order, "currency": "EUR", "products": lines, "shipping": 4.9}
    call = {"type": "track", "messageId": order, "userId": user, "event": "Order Completed", "properties": properties}
    return orjson.dumps({**call, "timestamp": "2026-11-02T09:30:12.345Z"})
