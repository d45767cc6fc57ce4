"""Posters, the flusher and mongod are killed while points are posted: what was acknowledged is there, once."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from pydantic import SecretStr

import hub.database
from hub.ledger import flushing, store, verifying
from hub.ledger.model import posting_id
from hub.ledger.moving import Transfer
from hub.settings import Settings
from runtime import addresses, wiring
from runtime.embedded import mongod, programs
from runtime.leash import Child, Leash
from tests.chaos import poster
from tests.chaos.poster import OWNERS, POSTERS, PROGRAM
from tests.conftest import ROOT

ROUNDS = int(os.environ.get("HUB_CHAOS_ROUNDS", "0"))
COUNT = 1_000 * ROUNDS or 300
KILLS = 4 * ROUNDS or 3
SEED = int(os.environ.get("HUB_CHAOS_SEED") or Random().randrange(10**9))
PAUSE_SECONDS = (0.3, 1.2)
PATIENCE_MILLISECONDS = 30_000

Start = Callable[[], Awaitable[Child]]


@pytest.mark.timeout(120 + 60 * ROUNDS)
async def test_each_acknowledged_posting_is_there_once_whatever_is_killed(
    leash: Leash, server_data: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, port = Random(SEED), addresses.free_port()
    settings = settings.model_copy(
        update={"mongo_url": SecretStr(mongod.url(port)), "mongo_timeout_ms": PATIENCE_MILLISECONDS}
    )
    program = programs.mongod(settings, libraries=server_data / "lib")
    data = server_data / f"postings {os.getpid()}"

    async def database() -> Child:
        log = tmp_path / "mongod.log"
        child = await mongod.start(leash, program, folder=data, port=port, log=log, settings=settings)
        async with hub.database.connect(settings) as client:
            # What a killed process had begun holds two purses for a minute otherwise, and the test waits.
            await client.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": 2})
        return child

    def process(*words: str) -> Awaitable[Child]:
        return leash.start(words[0], [*_COMMAND, *words], log=tmp_path / f"{words[0]}.log", env=_environment(settings))

    starts: dict[str, Start] = {
        "mongod": database,
        "flusher": lambda: process("flush"),
        **{
            f"poster {share}": lambda share=share: process("post", str(tmp_path), str(share), str(COUNT))  # type: ignore[misc]
            for share in range(POSTERS)
        },
    }
    children = {"mongod": await starts["mongod"]()}
    async with hub.database.connect(settings) as client:
        await hub.database.migrate(client, wiring.DOCUMENTS)
        children |= {name: await start() for name, start in starts.items() if name not in children}
        killed = await _killing(children, starts, chance)
        with capsys.disabled():
            print(f"\nchaos, HUB_CHAOS_SEED={SEED}, {COUNT} postings, killed: {dict(killed)}", flush=True)  # noqa: T201
        await children["flusher"].stop(within=5)
        await hub.database.use(client, wiring.DOCUMENTS)
        await _all_is_there_once(tmp_path)
    await children["mongod"].stop(within=10)


_COMMAND = (sys.executable, "-m", "tests.chaos.poster")


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "HUB_MONGO_URL": settings.mongo_url.get_secret_value(),
        "HUB_MONGO_TIMEOUT_MS": str(PATIENCE_MILLISECONDS),
        "HUB_SECRET_KEY": settings.secret_key.get_secret_value(),
        "PYTHONPATH": str(ROOT),
    }


async def _killing(children: dict[str, Child], starts: dict[str, Start], chance: Random) -> Counter[str]:
    """Kill one after the other and start it again, then wait until all is acknowledged."""
    killed: Counter[str] = Counter()
    posters = [name for name in children if name.startswith("poster")]
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
        name = chance.choice(sorted(children))
        if not _runs(children[name]):
            continue  # a poster that has all its answers
        os.kill(children[name].pid, signal.SIGKILL)
        await children[name].wait()
        killed[name] += 1
        children[name] = await starts[name]()
    assert [await children[name].wait() for name in posters] == [0] * POSTERS
    return killed


def _runs(child: Child) -> bool:
    try:
        os.kill(child.pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _all_is_there_once(folder: Path) -> None:
    told = {number: what for share in range(POSTERS) for number, what in poster.acknowledged(folder, share).items()}
    assert told.keys() == set(range(COUNT))
    before = await verifying.verify()
    assert before.differences == [], f"HUB_CHAOS_SEED={SEED}"
    await flushing.flush([poster.owner(number) for number in range(OWNERS)])
    after = await verifying.verify()
    assert after == before, f"HUB_CHAOS_SEED={SEED}"
    posted = {number: ids for number in told if told[number] == "posted" for ids in [_ids(number)]}
    wanted = [it for ids in posted.values() for it in ids]
    found = await store.postings(wanted, PROGRAM, [])
    assert found.keys() == set(wanted), f"HUB_CHAOS_SEED={SEED}"
    assert after.postings == len(wanted), f"HUB_CHAOS_SEED={SEED}"


def _ids(number: int) -> list[UUID]:
    request = poster.asked(number)
    if isinstance(request, Transfer):
        return [posting_id(PROGRAM, f"{request.key}/{side}") for side in ("out", "into")]
    return [request.posting]
