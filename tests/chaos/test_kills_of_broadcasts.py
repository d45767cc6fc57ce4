"""Parts of a hub are killed while a broadcast goes out; then everybody has it once, and nobody has it twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from random import Random
from uuid import UUID

import pytest

from tests.chaos import killer
from tests.chaos.sdk import deliver
from tests.chaos.stage import Stage
from tests.chaos.test_kills import fatal_workers, starve
from tests.traffic.running import HUB, until

ROUNDS = int(os.environ.get("HUB_CHAOS_ROUNDS", "1"))
SEED = int(os.environ.get("HUB_CHAOS_SEED") or Random().randrange(10**9))
ROUND_SECONDS = 120
RECIPIENTS = 3_000
CALLS_A_BATCH = 300
KILLING_SECONDS = 8.0
PER_MINUTE = 30_000
"""A pace that lets it go out over the time in which parts are killed."""
SETTLED_SECONDS = 90
KILLED = ("worker", "mongod", "worker", "temporal", "router", "worker")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.mark.timeout(90 + ROUND_SECONDS * ROUNDS)
async def test_whatever_is_killed_everybody_hears_of_a_broadcast_and_nobody_twice(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    people = [f"reader-{number}" for number in range(RECIPIENTS)]
    await gather(stage, people)
    deaths: Counter[str] = Counter()
    for number in range(ROUNDS):
        moments = killer.plan(random, KILLING_SECONDS, KILLED)
        with capsys.disabled():
            print(f"\nchaos, HUB_CHAOS_SEED={SEED}, broadcast {number + 1} of {ROUNDS}: {moments}", flush=True)  # noqa: T201
        before = await received(stage)

        async with fatal_workers(stage, ("tell", "send"), random) as fatal:
            broadcast_id = await create(stage, f"Round {number}")
            await asyncio.gather(stage.killer.kill_each(moments), starve(stage, [*fatal.values()]))
            await until(lambda it=broadcast_id: finished(stage, it), seconds=SETTLED_SECONDS, what="it is finished")  # type: ignore[misc]
            deaths.update(step for step, worker in fatal.items() if worker.returncode == -signal.SIGKILL)

        expected = Counter({f"{name}@example.com": 1 for name in people})
        got = await received(stage) - before
        assert (expected - got, got - expected) == (Counter(), Counter())
        row = await stage.rows["broadcasts"].find_one({"_id": broadcast_id}) or {}
        assert (row["queued"], row["left_out"]) == (RECIPIENTS, 0)
        assert await stage.rows["broadcast_pages"].count_documents({}) == 0
    assert set(deaths) <= {"tell", "send"}


async def gather(stage: Stage, people: list[str]) -> None:
    """Let so many customers be in a segment."""
    file = stage.data / "readers.segment.yaml"
    file.write_text("segment: readers\nwhen: profile.reader = true\n", encoding="utf-8")
    await hub(stage, "segments", "publish", str(file))
    calls = [
        {
            "type": "identify",
            "messageId": f"comes-{name}",
            "userId": name,
            "traits": {"email": f"{name}@example.com", "reader": True},
        }
        for name in people
    ]
    for start in range(0, len(calls), CALLS_A_BATCH):
        await deliver(stage.http, calls[start : start + CALLS_A_BATCH])
    await stage.hub.settle()


async def create(stage: Stage, name: str) -> UUID:
    """Store a broadcast by the command that marketers use, and give its id."""
    said = ("--segment", "readers", "--template", "chaos-plain", "--per-minute", str(PER_MINUTE))
    line = await hub(stage, "broadcasts", "create", name, *said)
    return UUID(line.partition(" ")[0])


async def finished(stage: Stage, broadcast_id: UUID) -> bool:
    row = await stage.rows["broadcasts"].find_one({"_id": broadcast_id})
    return row is not None and row["state"] == "finished"


async def received(stage: Stage) -> Counter[str]:
    """Count what lies in the inbox by address; a message that was sent twice lies there twice."""
    return Counter([message["to"] for message in await stage.hub.inbox()])


async def hub(stage: Stage, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        HUB,
        *words,
        env={**os.environ, **stage.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode().strip()
