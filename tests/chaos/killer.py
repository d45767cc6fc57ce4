"""Kills the parts of a running hub, each at a random moment."""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.runtime.watching import running, until

PARTS = ("mongod", "temporal", "router", "worker", "api")
RESTART_SECONDS = 60


class Killer:
    """Knows a hub by its `hub.json`, which names the processes as they are now."""

    def __init__(self, hub_json: Path) -> None:
        self._hub_json = hub_json

    def pid(self, part: str) -> int:
        """The process id of a part as it is now; the supervisor keeps it fresh."""
        pids: dict[str, int] = json.loads(self._hub_json.read_text(encoding="utf-8"))["pids"]
        return pids[part]

    async def kill(self, part: str) -> None:
        """Kill a part as soon as it runs, without a word."""
        await until(lambda: running(self.pid(part)), within=RESTART_SECONDS)
        os.kill(self.pid(part), signal.SIGKILL)

    async def kill_each(self, moments: Sequence[tuple[float, str]]) -> None:
        """Kill parts at their moments, in seconds from now."""
        await asyncio.gather(*(self._kill_at(moment, part) for moment, part in moments))

    async def _kill_at(self, moment: float, part: str) -> None:
        await asyncio.sleep(moment)
        await self.kill(part)


def plan(random: Random, within: float, parts: Sequence[str] = PARTS) -> list[tuple[float, str]]:
    """Choose a moment for each part."""
    return sorted((round(random.uniform(0, within), 2), part) for part in parts)
