"""`hub up` as a person has it: one process that starts the others."""

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

import hub.database
from hub.settings import Settings
from tests.runtime.watching import running, until

READY_SECONDS = 60
PARTS = ["mongod", "temporal", "router", "worker", "api"]
KEYS = ["write_key", "server_key", "admin_key"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


class Up:
    """A running `hub up`, and what it has published."""

    def __init__(self, process: asyncio.subprocess.Process, data: Path) -> None:
        self.process = process
        self.data = data

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.data / "hub.json").read_text(encoding="utf-8"))
        return facts

    @property
    def told(self) -> str:
        """What the process has told a person."""
        return (self.data / "told").read_text(encoding="utf-8")

    async def end(self, ending: signal.Signals) -> int:
        self.process.send_signal(ending)
        return await self.process.wait()


@asynccontextmanager
async def hub_up(data: Path, **environment: str) -> AsyncIterator[Up]:
    told = data / "told"
    with told.open("ab") as progress:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "runtime.cli", "up", "--no-demo", "--data", str(data)),
            stderr=progress,
            env={**os.environ, **environment},
        )
    up = Up(process, data)
    try:
        await until(lambda: (data / "hub.json").exists() or process.returncode is not None, within=READY_SECONDS)
        assert process.returncode is None, told.read_text(encoding="utf-8")
        yield up
    finally:
        if process.returncode is None:
            await up.end(signal.SIGTERM)


def rows(up: Up) -> hub.database.Client:
    return hub.database.connect(Settings(mongo_url=up.facts["mongo_url"]))


async def test_it_runs_and_stops_and_finds_its_data_again(tmp_path: Path) -> None:
    async with hub_up(tmp_path) as first:
        facts = first.facts
        assert list(facts["pids"]) == PARTS
        assert stat.S_IMODE((tmp_path / "hub.json").stat().st_mode) == 0o600
        async with httpx2.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"{facts['url']}/readyz")).status_code == 200
        async with rows(first) as client:
            await client["kept"]["rows"].insert_one({"_id": "before"})

        assert await first.end(signal.SIGINT) == 0

    assert not (tmp_path / "hub.json").exists()
    assert not any(running(pid) for pid in facts["pids"].values())

    async with hub_up(tmp_path) as second:
        async with rows(second) as client:
            assert await client["kept"]["rows"].find_one() == {"_id": "before"}
        assert [second.facts[key] for key in KEYS] == [facts[key] for key in KEYS]


async def test_a_signal_that_comes_twice_at_once_is_one_wish_and_the_hub_stops_in_order(tmp_path: Path) -> None:
    async with hub_up(tmp_path) as up:
        pids = up.facts["pids"]

        up.process.send_signal(signal.SIGINT)  # another number: two of the same may arrive as one
        assert await up.end(signal.SIGTERM) == 0

        assert up.told.splitlines()[-1] == "Stopping"
        assert not any(running(pid) for pid in pids.values())
        assert [json.loads(line)["event"] for line in (tmp_path / "logs" / "worker.log").read_text().splitlines()] == [
            *("started", "stopped")
        ]


async def test_a_killed_part_is_started_again_and_a_killed_hub_leaves_nothing(tmp_path: Path) -> None:
    async with hub_up(tmp_path) as up:
        before = up.facts["pids"]
        for name in PARTS:
            os.kill(before[name], signal.SIGKILL)
        await until(lambda: all(up.facts["pids"][name] != before[name] for name in PARTS), within=30)
        pids = up.facts["pids"]
        assert all(running(pid) for pid in pids.values())

        await up.end(signal.SIGKILL)

        await until(lambda: not any(running(pid) for pid in pids.values()))
        await until(lambda: not (tmp_path / "hub.json").exists())


async def test_the_servers_of_the_environment_are_used_and_outlive_the_hub(
    tmp_path: Path, mongo_url: str, temporal_address: str
) -> None:
    # A database of its own: what another hub has sealed with its secret, this one could not open.
    url = mongo_url.replace(f"/test_{os.getpid()}", "/theirs")
    assert url != mongo_url
    async with hub_up(tmp_path, HUB_MONGO_URL=url, TEMPORAL_ADDRESS=temporal_address) as up:
        assert list(up.facts["pids"]) == ["router", "worker", "api"]
        assert (up.facts["mongo_url"], up.facts["temporal_address"]) == (url, temporal_address)
        await up.end(signal.SIGTERM)

    async with hub.database.connect(Settings(mongo_url=mongo_url)) as client:
        assert (await client.admin.command("ping"))["ok"] == 1


@pytest.mark.parametrize("variable", ["HUB_MONGOD", "HUB_TEMPORAL"])
async def test_a_server_that_cannot_start_is_one_sentence(tmp_path: Path, variable: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "runtime.cli", "up", "--no-demo", "--data", str(tmp_path)),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, variable: "/nowhere/server"},
    )
    _, told = await process.communicate()

    assert process.returncode == 1
    assert told.decode().splitlines()[-1] == (
        f"hub: {variable} names /nowhere/server, which is not a program that can be run."
    )
