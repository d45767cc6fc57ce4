"""A hub as its users have it: `hub up` in a process of its own, addressed by what `hub.json` says."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from hub import database
from hub.settings import Settings
from runtime import addresses

HUB = Path(sys.executable).with_name("hub")
READY_SECONDS = 60
POLL_SECONDS = 0.25
MESSAGES_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class RunningHub:
    """What a test does with a running hub. `facts` is its `hub.json`, `work_list` its collection of events."""

    facts: dict[str, Any]
    work_list: Any

    async def publish(self, journey: Path) -> None:
        """Publish a journey file, by the command that marketers use."""
        environment = {**os.environ, "HUB_MONGO_URL": self.facts["mongo_url"]}
        process = await asyncio.create_subprocess_exec(
            HUB, "journeys", "publish", journey, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()

    async def settle(self, *, seconds: float = 120) -> None:
        """Wait until every accepted event is applied and routed."""

        async def routed() -> bool:
            return await self.work_list.find_one({"part": {"$gte": 0}, "routed": False}) is None

        await until(routed, seconds=seconds, what="every event is routed")

    async def inbox(self) -> list[dict[str, Any]]:
        """Read every message that a customer has got, page by page."""
        messages: list[dict[str, Any]] = []
        older: str | None = f"{self.facts['inbox_url']}?limit={MESSAGES_A_PAGE}"
        async with httpx2.AsyncClient(
            base_url=self.facts["url"], headers={"Accept": "application/json"}, timeout=30
        ) as client:
            while older:
                answer = await client.get(older)
                answer.raise_for_status()
                page = answer.json()
                messages += page["messages"]
                older = page["older"]
        return messages


UNASKED = dict.fromkeys(("HUB_CONSENT_EMAIL", "HUB_CONSENT_PUSH", "HUB_CONSENT_SMS"), "opt_out")
"""The environment of a hub whose customers may be written to without being asked: it is not consent that is tested."""


@asynccontextmanager
async def hub_up(folder: Path, *, demo: bool = False, **environment: str) -> AsyncIterator[RunningHub]:
    """Start `hub up`, wait until it is ready, and stop it in the end as Ctrl-C does.

    `environment` is added to ours.
    """
    output = folder / "hub-up.log"
    data = folder / "data"
    # Any port: at 8000 and after, other hubs of this machine may be starting at the same time.
    shop = "--demo" if demo else "--no-demo"
    command = [HUB, "up", shop, "--data", data, "--port", str(addresses.free_port())]
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=asyncio.subprocess.STDOUT, env={**os.environ, **environment}
        )
    client = None
    try:

        async def ready() -> bool:
            assert process.returncode is None, f"hub up ended:\n{output.read_text(encoding='utf-8')}"
            return (data / "hub.json").exists()

        await until(ready, seconds=READY_SECONDS, what="hub up has written hub.json")
        facts = json.loads((data / "hub.json").read_text(encoding="utf-8"))
        client = database.connect(Settings(mongo_url=SecretStr(facts["mongo_url"])))
        yield RunningHub(facts, client.get_default_database(database.DEFAULT_NAME)["events"])
    finally:
        if client is not None:
            await client.close()
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), 60)


async def until(holds: Callable[[], Awaitable[object]], *, seconds: float, what: str) -> None:
    """Ask until a condition holds, for a bounded time."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"After {seconds} s it does not hold that {what}."
        await asyncio.sleep(POLL_SECONDS)
