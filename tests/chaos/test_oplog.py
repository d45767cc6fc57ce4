"""More is written than the oplog holds while the router does not work: it finds all of it in the work list."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from bson import Timestamp
from pydantic import SecretStr

import hub.database
from hub.database import Client, Database
from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.settings import Settings
from runtime import addresses
from runtime.embedded import mongod, programs
from runtime.embedded.programs import Program
from runtime.leash import Child, Leash
from runtime.wiring import DOCUMENTS
from tests.traffic.running import until

PEOPLE = 20
BATCHES = 35
BATCH = 100
MOST_EXTRA = 100
LETTER = "x" * 24_000
"""What makes an event large: together the batches are 84 MB, and the oplog holds 64."""

SOURCE = Source("shop", Trust.SERVER)


@pytest.fixture
async def forgetful(leash: Leash, tmp_path: Path, settings: Settings) -> AsyncIterator[Settings]:
    """A mongod that makes a checkpoint every second: what no checkpoint holds yet, the oplog does not forget."""
    real = programs.mongod(settings, libraries=tmp_path / "lib")
    program = tmp_path / "mongod"
    program.write_text(f'#!/bin/sh\nexec {real.path} "$@" --syncdelay 1\n', encoding="ascii")
    program.chmod(0o700)
    port = addresses.free_port()
    child = await mongod.start(
        leash,
        Program(program, real.env),
        folder=tmp_path / "mongo",
        port=port,
        log=tmp_path / "mongod.log",
        settings=settings,
    )
    yield settings.model_copy(update={"mongo_url": SecretStr(mongod.url(port))})
    await child.stop(within=10)


@asynccontextmanager
async def router(leash: Leash, folder: Path, settings: Settings) -> AsyncIterator[Child]:
    """Run `hub router`, and yield when it has leased its parts."""
    env = {
        "HUB_MONGO_URL": settings.mongo_url.get_secret_value(),
        "HUB_SECRET_KEY": settings.secret_key.get_secret_value(),
        "TEMPORAL_ADDRESS": "127.0.0.1:1",  # nobody: no journey is published here
    }
    command = [sys.executable, "-m", "runtime.cli", "router"]
    child = await leash.start("router", command, log=folder / "router.log", env=env)
    yield child
    await child.stop(within=10)


async def write(first: int, batches: int) -> None:
    """Have batches accepted, each event with a letter of its own number."""
    for number in range(first, first + batches):
        calls = [
            orjson.dumps(
                {
                    "type": "track",
                    "event": "Letter Written",
                    "messageId": f"letter-{number}-{place}",
                    "userId": f"reader-{place % PEOPLE}",
                    "properties": {"letter": LETTER},
                }
            )
            for place in range(BATCH)
        ]
        receipt = await accept(SOURCE, calls, now=datetime.now(UTC))
        assert receipt.accepted == BATCH


async def routed(database: Database, events: int) -> None:
    async def all_routed() -> bool:
        return await database["events"].count_documents({"routed": True}) == events

    await until(all_routed, seconds=90, what=f"{events} events are routed")


async def outwrite(client: Client, since: Timestamp) -> int:
    """Write until the oplog has forgotten all that was written before `since`, and tell how many batches it took."""
    oplog = client["local"]["oplog.rs"]
    await write(1, BATCHES)
    for extra in range(MOST_EXTRA):
        entry = await oplog.find_one({}, sort=[("$natural", 1)])
        if entry is not None and entry["ts"] > since:
            return BATCHES + extra
        await write(1 + BATCHES + extra, 1)
        await asyncio.sleep(0.2)
    raise AssertionError("The oplog does not forget.")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("ending", [signal.SIGSTOP, signal.SIGKILL])
async def test_events_that_the_oplog_has_forgotten_are_routed_and_counted_once(
    leash: Leash, tmp_path: Path, forgetful: Settings, ending: signal.Signals
) -> None:
    async with hub.database.connect(forgetful) as client:
        rows = await hub.database.migrate(client, DOCUMENTS)
        async with router(leash, tmp_path, forgetful) as first:
            await write(0, 1)
            await routed(rows, BATCH)
            await asyncio.sleep(1.5)  # by now it rests and listens to the oplog
            os.kill(first.pid, ending)
            events = BATCH * (1 + await outwrite(client, since=Timestamp(int(time.time()) + 1, 0)))

            if ending is signal.SIGSTOP:
                os.kill(first.pid, signal.SIGCONT)
                await routed(rows, events)
            else:
                async with router(leash, tmp_path, forgetful):
                    await routed(rows, events)

        counted = [profile["events"] async for profile in rows["profiles"].find()]
        assert counted == [events // PEOPLE] * PEOPLE
