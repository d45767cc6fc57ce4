"""`journeys`: 2,000 runs entering evenly within ten seconds, against one workflow per run.

Counted are finished runs per CPU second, over router, worker, Temporal and MongoDB. Whoever brings the customers in
(an API process; here this one) is counted on neither side. Beside it stands how long the first message took.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from temporalio.client import Client

from bench import shoppers
from bench.baselines import workflow_per_run as plain
from bench.line import SAMPLES, Line, percentile, say
from bench.proc import CpuMeter
from bench.stage import Stage, stage
from hub.journeys.model import Status
from hub.journeys.runs import RunDocument
from hub.messaging.model import State
from hub.messaging.store import MessageDocument
from runtime import wiring

RUNS = 2_000
SECONDS = 10.0
PLAIN_RUNS = 300
PLAIN_RATE = 15.0
"""Runs a second: as many as two cores can take of it."""

WARM_UP = 20
TICK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Sample:
    """Finished runs per CPU second, CPU milliseconds a run by process, and seconds from entry to send (p99)."""

    rate: float
    cpu: dict[str, float]
    to_send: float


async def measure() -> AsyncIterator[Line]:
    """Measure both in turn, each on servers of its own."""
    ours: list[Sample] = []
    baseline: list[Sample] = []
    for _ in range(SAMPLES):
        for samples, side, take in ((ours, "ours", _ours), (baseline, "plain", _plain)):
            async with stage(with_temporal=True) as on:
                samples.append(await take(on))
            say(f"  {side}: {samples[-1]}")
    yield Line(
        bench="journeys",
        unit="runs/CPU-s",
        higher_is_better=True,
        ours=[it.rate for it in ours],
        baseline=[it.rate for it in baseline],
        beside={
            "cpu_ms_per_run_ours": _medians(ours),
            "cpu_ms_per_run_baseline": _medians(baseline),
            "entry_to_send_p99_s_ours": round(statistics.median(it.to_send for it in ours), 3),
            "entry_to_send_p99_s_baseline": round(statistics.median(it.to_send for it in baseline), 3),
        },
    )


async def _ours(on: Stage) -> Sample:
    await on.start("router", "runtime.cli", "router")
    await on.start("worker", "bench.quiet_worker")
    await shoppers.identify(RUNS + WARM_UP)
    await shoppers.publish(shoppers.SEND_WAIT_BRANCH_SEND)
    await shoppers.check_out(range(RUNS, RUNS + WARM_UP))
    await _sent(WARM_UP)
    cpu, begun = CpuMeter(on.pids), wiring.clock()
    await _evenly(RUNS, RUNS / SECONDS, shoppers.check_out)
    await _sent(RUNS + WARM_UP)
    used = cpu.seconds()
    return _sample(used, RUNS, await shoppers.seconds_to_first_send(since=begun))


async def _sent(runs: int) -> None:
    await shoppers.until_counted(RunDocument.get_pymongo_collection(), {"status": Status.FINISHED}, runs)
    await shoppers.until_counted(MessageDocument.get_pymongo_collection(), {"state": State.SENT}, 2 * runs)


async def _plain(on: Stage) -> Sample:
    await on.start("worker", plain.__name__)
    temporal = await Client.connect(on.settings.temporal_address)
    store = on.client.get_default_database()
    customers, finished = PLAIN_RUNS + WARM_UP, {"status": "finished"}
    await store["plain_profiles"].insert_many([{"_id": str(it), "vip": it % 2 == 0} for it in range(customers)])

    async def enter(numbers: range) -> None:
        for number in numbers:
            order = plain.Order(str(number), "1", time.time(), shoppers.WAIT_SECONDS)
            await temporal.start_workflow(
                plain.RunWorkflow.run, order, id=f"plain/{order.run_id}", task_queue=plain.TASK_QUEUE
            )

    await enter(range(PLAIN_RUNS, customers))
    await shoppers.until_counted(store[plain.RUNS], finished, WARM_UP)
    cpu, begun = CpuMeter(on.pids), time.time()
    await _evenly(PLAIN_RUNS, PLAIN_RATE, enter)
    await shoppers.until_counted(store[plain.RUNS], finished, customers)
    used = cpu.seconds()
    messages = store[plain.MESSAGES].find({"template": "first", "entered_at": {"$gte": begun}})
    return _sample(used, PLAIN_RUNS, [it["sent_at"] - it["entered_at"] async for it in messages])


async def _evenly(count: int, rate: float, enter: Callable[[range], Awaitable[None]]) -> None:
    """Let customers in at a steady rate, in twenty small groups a second, as an API gets them."""
    begun = time.perf_counter()
    entered = 0
    while entered < count:
        wanted = min(count, int((time.perf_counter() - begun) * rate) + 1)
        if wanted > entered:
            await enter(range(entered, wanted))
            entered = wanted
        await asyncio.sleep(TICK_SECONDS)


def _sample(used: dict[str, float], runs: int, to_send: list[float]) -> Sample:
    cpu = {name: seconds / runs * 1000 for name, seconds in used.items()}
    return Sample(runs / sum(used.values()), cpu, percentile(to_send, 99))


def _medians(samples: list[Sample]) -> dict[str, float]:
    return {name: round(statistics.median(it.cpu[name] for it in samples), 2) for name in samples[0].cpu}
