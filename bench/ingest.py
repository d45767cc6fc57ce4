"""`ingest`: events a second through HTTP, in batches of 100 over 8 connections, against a bare endpoint.

Measured with no and with 2 % repeated ids; the line holds the share at which we stand worse, `beside` the other.
"""

import asyncio
import statistics
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from bench.baselines import bare_ingest
from bench.line import SAMPLES, Line, say
from bench.load import BATCH
from bench.proc import CpuMeter
from bench.stage import Stage, stage
from hub import database
from hub.access import keys
from hub.access.grants import KeyKind
from hub.settings import Environment
from runtime import addresses, wiring

BATCHES = 150
REPEATED = (0, 2)
"""How many calls of a hundred were sent before."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Events a second, and CPU microseconds an event of the server and of mongod."""

    rate: float
    server: float
    mongod: float


@dataclass(frozen=True, slots=True)
class Side:
    """A server that is measured: its name, its port, and where it stores."""

    name: str
    port: int
    database: str


async def measure() -> AsyncIterator[Line]:
    """Measure both shares, ours and the baseline in turn."""
    async with stage(with_temporal=False) as on:
        key = await keys.create(KeyKind.CLIENT, "shop", env=Environment.DEV, now=wiring.clock())
        ours, bare = await _serve(on, key)
        samples: dict[tuple[str, int], list[Sample]] = {}
        # The share without repeats comes first: after a repeat the hub is wary for a while.
        for repeated in REPEATED:
            for seed in range(SAMPLES + 1):
                for side in (ours, bare):
                    sample = await _sample(on, side, key, repeated=repeated, seed=seed)
                    say(f"  {side.name}, {repeated} % repeated: {sample}")
                    if seed > 0:  # the first round only warms up
                        samples.setdefault((side.name, repeated), []).append(sample)
    lines = [_line(samples["ours", it], samples["bare", it], it) for it in REPEATED]
    worse, better = sorted(lines, key=lambda line: line.ratio)
    beside = {"at_the_other_share": {"ratio": round(better.ratio, 3), **better.beside}}
    yield replace(worse, beside={**worse.beside, **beside})


async def _serve(on: Stage, key: str) -> tuple[Side, Side]:
    port, bare_port = addresses.free_port(18_000), addresses.free_port(19_000)
    api = await on.start("ours", "runtime.cli", "api", api_bind=f"{addresses.LOOPBACK}:{port}")
    bare = await on.start("bare", bare_ingest.__name__, str(bare_port), key)
    await api.ready(addresses.listening(port), within=30)
    await bare.ready(addresses.listening(bare_port), within=30)
    return Side("ours", port, database.DEFAULT_NAME), Side("bare", bare_port, bare_ingest.DATABASE)


async def _sample(on: Stage, side: Side, key: str, *, repeated: int, seed: int) -> Sample:
    events = on.client[side.database]["events"]
    await events.drop()
    await database.migrate(on.client, wiring.DOCUMENTS)
    arguments = (str(side.port), key, str(BATCHES), str(repeated), str(seed), "strangers")
    generator = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load", *arguments), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    if generator.stdin is None or generator.stdout is None:
        raise RuntimeError("The generator has no pipes.")
    await generator.stdout.readline()
    cpu = CpuMeter({"server": on.pids[side.name], "mongod": on.pids["mongod"]})
    generator.stdin.write(b"go\n")
    seconds = float(await generator.stdout.readline())
    used = cpu.seconds()
    await generator.wait()
    stored = await events.count_documents({})
    _check(stored, repeated)
    sent = BATCHES * BATCH
    return Sample(sent / seconds, used["server"] / sent * 1e6, used["mongod"] / sent * 1e6)


def _check(stored: int, repeated: int) -> None:
    """A server that loses or doubles events is not measured."""
    expected = BATCHES * BATCH - (BATCHES - 16) * repeated
    if stored != expected:
        raise RuntimeError(f"{expected} events were sent, {stored} are stored.")


def _line(ours: list[Sample], bare: list[Sample], repeated: int) -> Line:
    def cpu(samples: list[Sample]) -> dict[str, float]:
        return {
            "server": round(statistics.median(it.server for it in samples)),
            "mongod": round(statistics.median(it.mongod for it in samples)),
        }

    return Line(
        bench="ingest",
        unit="events/s",
        higher_is_better=True,
        ours=[it.rate for it in ours],
        baseline=[it.rate for it in bare],
        beside={
            "repeated_percent": repeated,
            "cpu_us_per_event_ours": cpu(ours),
            "cpu_us_per_event_baseline": cpu(bare),
        },
    )
