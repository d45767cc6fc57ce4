"""`membership`: events for a second of CPU with two hundred live segments, against the same events with none.

What is counted, projected and routed is the same on both sides; only segments are published on one of them, and there
everybody is sorted before the clock runs. Each event changes something that at least twenty of the rules look at, which
is counted, and about one in ten moves its customer, so that announcing is paid for: the clock runs until what is
announced is routed as well. In the end each segment must hold whom a query by its rule finds.

CPU is that of the hub and of MongoDB together; what the clock on the wall says stands beside it, for a machine that
others use too makes that one differ by half between two runs of the same.
"""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from bench.clientele import CHANGED, Clientele, documents
from bench.line import SAMPLES, Line, say
from bench.proc import CpuMeter
from bench.silence import Silence
from bench.stage import Stage, stage
from hub import database
from hub.events.model import Source, Trust
from hub.events.store import EventDocument
from hub.intake import backfill
from hub.intake.accept import accept
from hub.intake.ringer import Ringer
from hub.intake.router import BATCH, Router
from hub.intake.standing import Definitions
from hub.profiles import listing
from hub.profiles.store import ProfileDocument
from hub.rollups import service as rollups
from hub.segments import membership, query, service, store
from hub.segments.catalogue import Catalogue
from runtime import processes
from runtime.wiring import DOCUMENTS

EVENTS: Final = 12_000
LEAST_CONCERNED: Final = 20
SHOP: Final = Source("shop", Trust.SERVER)
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
MOMENT: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """Events a second, CPU microseconds of ours and of MongoDB for an event, and which part of the events moved."""

    rate: float
    cpu: dict[str, float]
    moving: float

    @property
    def for_a_second(self) -> float:
        """Events for a second of CPU."""
        return 1e6 / sum(self.cpu.values())


async def measure() -> AsyncIterator[Line]:
    """Measure both sides in turn, each on an empty database."""
    ours: list[Sample] = []
    bare: list[Sample] = []
    concerned = 0
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        for seed in range(SAMPLES + 1):
            for samples, sources in ((ours, documents()), (bare, ())):
                sample, least = await _sample(on, sources, seed)
                concerned = max(concerned, least)
                say(f"  {len(sources)} segments: {sample}")
                if seed > 0:  # the first round only warms up
                    samples.append(sample)
    yield Line(
        bench="membership",
        unit="events per CPU second",
        higher_is_better=True,
        ours=[it.for_a_second for it in ours],
        baseline=[it.for_a_second for it in bare],
        beside={
            "events_per_s_ours": _rate(ours),
            "events_per_s_baseline": _rate(bare),
            "cpu_us_per_event_ours": _medians(ours),
            "cpu_us_per_event_baseline": _medians(bare),
            "segments_concerned_by_each": concerned,
            "part_of_events_that_move": round(statistics.median(it.moving for it in ours), 3),
        },
    )


async def _sample(on: Stage, sources: Collection[str], seed: int) -> tuple[Sample, int]:
    """Give a sample, and how many segments each event concerns at least."""
    clientele = Clientele(seed, NOON)
    router = await _known(on, clientele, sources)
    segments = (await Definitions().current()).segments
    calls = [orjson.dumps(it) for it in clientele.next(EVENTS)]
    cpu = CpuMeter({"hub": os.getpid(), "mongod": on.pids["mongod"]})
    begun = time.perf_counter()
    await _routed(router, calls)
    seconds, used = time.perf_counter() - begun, cpu.seconds()
    await _check(clientele, segments)
    moving = {message.split("/")[2] for message in await _told()}  # the event that moved somebody
    sample = Sample(EVENTS / seconds, {it: used[it] / EVENTS * 1e6 for it in used}, len(moving) / EVENTS)
    return sample, _least_concerned(segments) if sources else 0


async def _known(on: Stage, clientele: Clientele, sources: Collection[str]) -> Router:
    """Make the customers known before there are segments, so that sorting them announces nothing."""
    await on.client.drop_database(database.DEFAULT_NAME)
    await database.migrate(on.client, DOCUMENTS)
    await rollups.ship(now=NOON)
    router = Router("bench", Ringer(Silence()), lambda: NOON)
    await _routed(router, [orjson.dumps(it) for it in clientele.known()])
    for source in sources:
        await service.publish(source, by="bench", key=source, now=NOON)
    defined = await Definitions().current()
    while await backfill.step(defined, now=NOON):
        pass
    return router


async def _routed(router: Router, calls: Sequence[bytes]) -> None:
    """Route calls, accepting them meanwhile, and what is announced of them."""
    accepting = asyncio.create_task(_accept(calls))
    while await router.step() or not accepting.done():
        pass
    await accepting


async def _accept(calls: Sequence[bytes]) -> None:
    for start in range(0, len(calls), BATCH):
        # A moment apart, for the order of acceptance is that of the calls.
        receipt = await accept(SHOP, calls[start : start + BATCH], now=NOON - MOMENT * (len(calls) - start))
        if receipt.refused:
            raise RuntimeError(f"Refused: {receipt.refused[0]}")


async def _told() -> set[str]:
    """List what was announced of segments, by the message ids, which name the event that moved somebody."""
    wanted = {"name": {"$in": [membership.ENTERED, membership.LEFT]}}
    return {row["message_id"] async for row in EventDocument.get_pymongo_collection().find(wanted, {"message_id": 1})}


def _least_concerned(segments: Catalogue) -> int:
    """Count whom each event concerns: the segments that look at what it changes, whatever else it names."""
    least = min(len(segments.asking.get(it, ())) for it in CHANGED)
    if least < LEAST_CONCERNED:
        raise RuntimeError(f"An event concerns {least} segments only.")
    return least


async def _check(clientele: Clientele, segments: Catalogue) -> None:
    """A side that loses or doubles an event, or whose segments hold other people than their rules find, is no hub."""
    rows = (
        await ProfileDocument.get_pymongo_collection().find({}, ["traits.visits", "rollups.purchases.count"]).to_list()
    )
    visits = sum(row["traits"]["visits"] for row in rows)
    orders = sum(row["rollups"]["purchases"].get("count", 0) for row in rows)
    if (visits, orders) != (sum(clientele.visits), clientele.orders):
        raise RuntimeError(f"{visits} visits and {orders} orders are counted, of {clientele.orders}.")
    sizes = await store.sizes(segments.segments)
    found = {name: await listing.count(query.of(it.when, now=NOON)) for name, it in segments.segments.items()}
    if sizes != found:
        wrong = {name: (sizes[name], found[name]) for name in sizes if sizes[name] != found[name]}
        raise RuntimeError(f"Segments that hold other numbers than their rules find: {wrong}")


def _rate(samples: Sequence[Sample]) -> int:
    return round(statistics.median(it.rate for it in samples))


def _medians(samples: Sequence[Sample]) -> dict[str, int]:
    return {name: round(statistics.median(it.cpu[name] for it in samples)) for name in samples[0].cpu}
