"""`ingest_apply`: events a second that are stored *and* applied, against the same HTTP route with no router behind it.

A hundred thousand people come back by Zipf's law. The generator sends as fast as it is answered; on our side it is held
while two thousand events wait to be applied, so that the figure is one which the hub keeps up with: its clock runs
until the last event is applied, and a lag of two seconds at the end is no measurement. Fair because both sides are the
same program on servers of their own, warmed by the same people; the other does all of it but apply.
"""

import asyncio
import signal
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.line import SAMPLES, Line, say
from bench.load import BATCH
from bench.proc import CpuMeter
from bench.stage import Stage, stage
from hub.access import keys
from hub.access.grants import KeyKind
from hub.events.store import EventDocument
from hub.profiles.store import ProfileDocument
from hub.settings import Environment
from runtime import addresses, wiring

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
WARM_UP_BATCHES = 100
BATCHES = 400
MOST_WAITING = 3_000
"""So few that the generator is never held for long: a server closes a connection on which it hears nothing for 5 s."""
MOST_LAG_SECONDS = 2.0
LOOK_SECONDS = 0.05
COUNT_SECONDS = 0.2
"""How often the waiting events are counted, which costs MongoDB as much as a few dozen of them. Four times as often, it
took an eighth of MongoDB's time from what is measured."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Events a second, the lag in seconds when the last one was accepted, and CPU microseconds an event."""

    rate: float
    lag: float
    cpu: dict[str, float]


async def measure() -> AsyncIterator[Line]:
    """Measure both sides in turn, each on servers of its own."""
    ours: list[Sample] = []
    bare: list[Sample] = []
    for _ in range(SAMPLES):
        for samples, name, applied in ((ours, "stored and applied", True), (bare, "stored", False)):
            async with stage(with_temporal=False) as on:
                samples.append(await _sample(on, applied=applied))
            say(f"  {name}: {samples[-1]}")
    yield Line(
        bench="ingest_apply",
        unit="events/s",
        higher_is_better=True,
        ours=[it.rate for it in ours],
        baseline=[it.rate for it in bare],
        beside={
            "lag_s": max(it.lag for it in ours),
            "cpu_us_per_event_ours": _medians(ours),
            "cpu_us_per_event_baseline": _medians(bare),
        },
    )


async def _sample(on: Stage, *, applied: bool) -> Sample:
    key = await keys.create(KeyKind.SERVER, "shop", env=Environment.DEV, now=wiring.clock())
    port = addresses.free_port()
    api = await on.start("api", "runtime.cli", "api", api_bind=f"{addresses.LOOPBACK}:{port}")
    await api.ready(addresses.listening(port), within=30)
    if applied:
        await on.start("router", "runtime.cli", "router")
    await _send(port, key, WARM_UP_BATCHES, seed=0, applied=applied)
    cpu = CpuMeter(on.pids)
    seconds, lag = await _send(port, key, BATCHES, seed=1, applied=applied)
    used = cpu.seconds()
    if lag >= MOST_LAG_SECONDS:
        raise RuntimeError(f"Apply was {lag:.1f} s behind: this is no rate that the hub keeps up with.")
    sent = BATCHES * BATCH
    await _check(sent + WARM_UP_BATCHES * BATCH, applied=applied)
    return Sample(sent / seconds, round(lag, 3), {name: used[name] / sent * 1e6 for name in on.pids})


async def _send(port: int, key: str, batches: int, *, seed: int, applied: bool) -> tuple[float, float]:
    """Send batches, and tell how many seconds it took and how many of them passed after the last answer."""
    arguments = (str(port), key, str(batches), "0", str(seed), "returning")
    generator = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load", *arguments), stdin=PIPE, stdout=PIPE
    )
    if generator.stdin is None or generator.stdout is None:
        raise RuntimeError("The generator has no pipes.")
    await generator.stdout.readline()
    begun = time.perf_counter()
    generator.stdin.write(b"go\n")
    answered = asyncio.create_task(generator.stdout.readline())
    if applied:
        await _hold(generator, answered)
    if not await answered:
        raise RuntimeError("The generator broke off.")
    last = time.perf_counter()
    while applied and await _waiting(1):  # noqa: ASYNC110  another process empties the list
        await asyncio.sleep(LOOK_SECONDS)
    await generator.wait()
    ended = time.perf_counter()
    return ended - begun, ended - last


async def _hold(generator: Process, answered: asyncio.Task[bytes]) -> None:
    """Let the generator send only while few events wait, until it has sent all."""
    sending = True
    while not answered.done():
        many = await _waiting(MOST_WAITING) == MOST_WAITING
        if many == sending:
            sending = not many
            with suppress(ProcessLookupError):  # it has just sent the last one
                generator.send_signal(signal.SIGCONT if sending else signal.SIGSTOP)
        await asyncio.wait([answered], timeout=COUNT_SECONDS)
    with suppress(ProcessLookupError):  # held with its last word said, it would never end
        generator.send_signal(signal.SIGCONT)


async def _waiting(most: int) -> int:
    """Count the events that are not applied yet, no further than to `most`."""
    where = {"accepted_at": {"$gt": EARLIEST}, "routed": False}  # as the index of the work list has it
    return await EventDocument.get_pymongo_collection().count_documents(where, limit=most)


async def _check(sent: int, *, applied: bool) -> None:
    """A hub that loses or doubles events is not measured."""
    stored = await EventDocument.get_pymongo_collection().count_documents({})
    found = await ProfileDocument.get_pymongo_collection().aggregate(
        [{"$group": {"_id": None, "events": {"$sum": "$events"}}}]
    )
    counted = sum([row["events"] async for row in found])
    if (stored, counted) != (sent, sent if applied else 0):
        raise RuntimeError(f"{sent} events were sent, {stored} are stored and {counted} counted in profiles.")


def _medians(samples: list[Sample]) -> dict[str, int]:
    return {name: round(statistics.median(it.cpu[name] for it in samples)) for name in samples[0].cpu}
