"""Every part of a hub is killed while two hundred runs are in flight, and then everything is counted."""

import asyncio
import itertools
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from tests.chaos import killer
from tests.chaos.sdk import deliver
from tests.chaos.shoppers import WAITING, Shopper, as_expected, letters_of, shoppers
from tests.chaos.stage import SETTLED_SECONDS, Stage
from tests.runtime.watching import until

ROUNDS = int(os.environ.get("HUB_CHAOS_ROUNDS", "1"))
SEED = int(os.environ.get("HUB_CHAOS_SEED") or Random().randrange(10**9))
ROUND_SECONDS = 120
CAMPAIGN = 10
"""From how many rounds on every place to die at must have been met."""

SENDING_SECONDS = 3.0
"""How long the shoppers keep coming."""
KILLING_SECONDS = 9.0
"""How long parts are killed: from the first shopper to the last message, were there no faults."""
STARVING_SECONDS = 20.0
SHOPPERS_A_BATCH = 10
WAVERING_EVERY_SECONDS = 0.6

STEPS = (("save", "send"), ("decide", "send"))
"""At which steps a worker kills itself, in turn of the rounds. See fatal_worker.py."""
FATAL_WORKER = Path(__file__).with_name("fatal_worker.py")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.mark.timeout(60 + ROUND_SECONDS * ROUNDS)
async def test_whatever_is_killed_nothing_acknowledged_is_lost_and_everybody_is_told_once(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    people: list[Shopper] = []
    deaths: Counter[str] = Counter()
    for number in range(ROUNDS):
        prefix = f"round{number}"
        coming = shoppers(prefix, random)
        moments = killer.plan(random, KILLING_SECONDS)
        with capsys.disabled():
            print(f"\nchaos, HUB_CHAOS_SEED={SEED}, round {number + 1} of {ROUNDS}: {moments}", flush=True)  # noqa: T201
        people += coming

        async with fatal_workers(stage, STEPS[number % 2], random) as fatal:
            brought, wavered, *_ = await asyncio.gather(
                bring(stage, coming, random),
                waver(stage, coming, until_ended=len(people)),
                stage.killer.kill_each(moments),
                starve(stage, [*fatal.values()]),
            )
            await stage.over(len(people))
            deaths.update(step for step, worker in fatal.items() if worker.returncode == -signal.SIGKILL)

        assert brought == {call["messageId"] for shopper in coming for call in shopper.calls()}
        acknowledged = brought | wavered
        assert await stage.timeline(acknowledged) == len(acknowledged)
        assert await stage.counted(prefix) == len(acknowledged)
        expected, got = letters_of(people), as_expected(await stage.letters(), people)
        assert (expected - got, got - expected) == (Counter(), Counter())
        assert await stage.decided() == Counter({None: len(people), "already_in": sum(it.twice for it in people)})

    assert letters_of(people).total() == 2 * WAITING * ROUNDS
    wanted = {step for steps in STEPS[:ROUNDS] for step in steps}
    # Which worker gets to a step is Temporal's choice: over a campaign each has died at each, in one round perhaps not.
    assert set(deaths) == wanted if ROUNDS >= CAMPAIGN else set(deaths) <= wanted


async def bring(stage: Stage, coming: Sequence[Shopper], random: Random) -> set[str]:
    """Let shoppers come in batches, some of which are sent once more, and give the message ids acknowledged."""
    acknowledged: set[str] = set()

    async def visit(moment: float, batch: Sequence[Shopper], *, again: bool) -> None:
        await asyncio.sleep(moment)
        calls = [call for shopper in batch for call in shopper.calls()]
        acknowledged.update(await deliver(stage.http, calls))
        if again:
            await deliver(stage.http, calls)

    await asyncio.gather(
        *(
            visit(
                random.uniform(0, SENDING_SECONDS),
                coming[start : start + SHOPPERS_A_BATCH],
                again=random.random() < 0.2,
            )
            for start in range(0, len(coming), SHOPPERS_A_BATCH)
        )
    )
    return acknowledged


async def waver(stage: Stage, coming: Sequence[Shopper], *, until_ended: int) -> set[str]:
    """Have those who waver choose anew until so many runs are over, and give the message ids acknowledged."""
    acknowledged: set[str] = set()
    ends = time.monotonic() + SETTLED_SECONDS
    times = itertools.count()
    while time.monotonic() < ends and await stage.ended() < until_ended:
        change = next(times)
        acknowledged |= await deliver(stage.http, [it.wavering(change) for it in coming if it.wavers])
        await asyncio.sleep(WAVERING_EVERY_SECONDS)
    return acknowledged


async def starve(stage: Stage, fatal: Sequence[asyncio.subprocess.Process]) -> None:
    """Kill the hub's own worker whenever it comes up, so that the fatal ones get the work, until they are dead."""
    ends = time.monotonic() + STARVING_SECONDS
    while time.monotonic() < ends and any(process.returncode is None for process in fatal):
        await stage.killer.kill("worker")
        await asyncio.sleep(1)


@asynccontextmanager
async def fatal_workers(
    stage: Stage, steps: Sequence[str], random: Random
) -> AsyncIterator[Mapping[str, asyncio.subprocess.Process]]:
    """Have workers beside the hub's own, each of which kills itself between two steps as soon as it gets to them."""
    logs = {step: stage.data / "logs" / f"fatal_{step}.log" for step in steps}
    processes = {step: await fatal_worker(stage, step, random.randint(1, 2), log) for step, log in logs.items()}
    try:
        await until(lambda: all("started" in log.read_text(encoding="utf-8") for log in logs.values()), within=60)
        yield processes
    finally:
        for process in processes.values():
            if process.returncode is None:
                process.kill()
                await process.wait()


async def fatal_worker(stage: Stage, step: str, count: int, log: Path) -> asyncio.subprocess.Process:
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, FATAL_WORKER, step, str(count)),
            stdout=output,
            stderr=output,
            env={**os.environ, **stage.environment},
        )
