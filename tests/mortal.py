"""A process that is really killed: SIGKILL before MongoDB gets a write, or when MongoDB has it and the process does not
know.

    python -m tests.mortal

It reads one task a line from stdin, and forks for each: so Python and the hub are loaded once, and every task has a
process, a client and sessions of its own. It answers each with the signal that ended it, or 0 where it was done.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo.monitoring import CommandListener

import hub.database
from hub.database import Database
from hub.intake import backfill, merging
from hub.intake.standing import Definitions
from hub.privacy.service import Privacy
from hub.profiles.model import Profile
from hub.settings import Settings
from hub.vouchers import redeeming, sweeping
from hub.vouchers.codes import Codes
from hub.vouchers.redeeming import Wish
from runtime.wiring import DOCUMENTS
from tests.conftest import ROOT

WRITES: Final = frozenset({"insert", "update", "delete", "findAndModify", "commitTransaction"})
Task = Mapping[str, str]


class Deadly(CommandListener):
    """Kills its own process after so many halves of a write."""

    def __init__(self, length: int) -> None:
        self._left = length

    def started(self, event: Any) -> None:
        self._burn(event)

    def succeeded(self, event: Any) -> None:
        self._burn(event)

    def failed(self, event: Any) -> None:
        self._burn(event)

    def _burn(self, event: Any) -> None:
        if event.command_name not in WRITES:
            return
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


async def _merge(task: Task, settings: Settings) -> None:
    del settings
    await merging.merge(UUID(task["head"]), UUID(task["other"]), key=UUID(task["key"]), now=_now(task))


async def _unmerge(task: Task, settings: Settings) -> None:
    del settings
    await merging.unmerge(UUID(task["other"]), key=UUID(task["key"]), now=_now(task))


async def _erase(task: Task, settings: Settings) -> None:
    await Privacy(settings, DOCUMENTS).erase(UUID(task["profile"]), now=_now(task))


async def _fill(task: Task, settings: Settings) -> None:
    del settings
    while await backfill.step(await Definitions().current(), now=_now(task)):
        pass


async def _redeem(task: Task, settings: Settings) -> None:
    wish = Wish(task["reward"], UUID(task["key"]))
    await redeeming.redeem(Profile(UUID(task["profile"])), wish, Codes(settings), now=_now(task))


async def _sweep(task: Task, settings: Settings) -> None:
    del settings
    while await sweeping.sweep(now=_now(task)):
        pass


WORK: Final[Mapping[str, Callable[[Task, Settings], Awaitable[None]]]] = {
    "merge": _merge,
    "unmerge": _unmerge,
    "erase": _erase,
    "fill": _fill,
    "redeem": _redeem,
    "sweep": _sweep,
}


def _now(task: Task) -> datetime:
    return datetime.fromisoformat(task["now"])


async def _do(task: Task, settings: Settings) -> None:
    async with hub.database.connect(settings, Deadly(int(task["length"]))) as client:
        await hub.database.use(client, DOCUMENTS)
        await WORK[task["work"]](task, settings)


class Mortals:
    """Does tasks in processes that die."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def died(self, length: int, work: str, **given: object) -> bool:
        """Do some work in a process that is killed after `length` halves of a write, and tell whether it was."""
        task = {"work": work, "length": str(length), **{name: str(value) for name, value in given.items()}}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(task).encode() + b"\n")
        await self._process.stdin.drain()
        status = int(await self._process.stdout.readline())
        assert status in {0, -signal.SIGKILL}, status
        return status != 0


@asynccontextmanager
async def mortals(settings: Settings, database: Database) -> AsyncIterator[Mortals]:
    """Load the hub once, for as many processes as die in the block."""
    env = {
        **os.environ,
        "HUB_MONGO_URL": settings.mongo_url.get_secret_value(),
        "HUB_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    assert database.name in env["HUB_MONGO_URL"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.mortal",
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Mortals(process)
    finally:
        if process.stdin:
            process.stdin.close()
        await process.wait()


def _tasks() -> Iterator[Task]:
    for line in sys.stdin:
        yield json.loads(line)


def _main() -> None:
    for task in _tasks():
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(_do(task, Settings()))
            except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on as its parent
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
