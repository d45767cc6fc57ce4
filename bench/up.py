"""`up_seconds`, `up_memory`: how long `hub up` takes until it is ready, demo included, and how much memory it all has.

Each start is a first one, on a folder of its own.
"""

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench.line import SAMPLES, Line, say
from bench.proc import descendants, memory_megabytes
from runtime import addresses

READY_SECONDS = 60.0
SETTLE_SECONDS = 10.0
"""How long the hub runs before its memory is read: the demo's customers are about by then."""


async def measure() -> AsyncIterator[Line]:
    """Start the hub several times."""
    samples = [await _sample() for _ in range(SAMPLES)]
    seconds, megabytes = zip(*samples, strict=True)
    yield Line("up_seconds", "s", higher_is_better=False, ours=seconds)
    yield Line("up_memory", "MB", higher_is_better=False, ours=megabytes)


async def _sample() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as data:
        port = str(addresses.free_port(18_000))
        begun = time.perf_counter()
        command = (sys.executable, "-m", "runtime.cli", "up", "--data", data, "--port", port)
        hub = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not (Path(data) / "hub.json").exists():  # noqa: ASYNC110  another process writes it
                    await asyncio.sleep(0.05)
            seconds = time.perf_counter() - begun
            await asyncio.sleep(SETTLE_SECONDS)
            megabytes = {pid: memory_megabytes(pid) for pid in descendants(hub.pid)}
        finally:
            hub.send_signal(signal.SIGTERM)
            await hub.wait()
    say(f"  ready after {seconds:.1f} s, {sum(megabytes.values()):.0f} MB in {len(megabytes)} processes")
    return seconds, sum(megabytes.values())
