"""Keeps children running: one that ends unasked is started again, and all stop in the reverse of their order."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from runtime.leash import Child, ChildEnded

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 10.0
"""A child that has run this long is not in a loop of crashes: the pauses begin anew."""

STOP_SECONDS = 10.0

Start = Callable[[], Awaitable[Child]]


@dataclass(slots=True)
class _Kept:
    child: Child
    start: Start
    may_finish: bool
    task: asyncio.Task[None] = field(init=False)


class Keeper:
    """Children by name, in order of their start.

    `say` is told every unasked end, `changed` is called whenever `pids` is another.
    """

    def __init__(self, *, say: Callable[[str], None], changed: Callable[[], None]) -> None:
        self._say = say
        self._changed = changed
        self._kept: dict[str, _Kept] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each child."""
        return {name: kept.child.pid for name, kept in self._kept.items()}

    async def start(self, name: str, start: Start, *, may_finish: bool = False) -> Child:
        """Start a child and keep it running. One that `may_finish` is let go when it ends with exit code 0."""
        child = await start()
        kept = self._kept[name] = _Kept(child, start, may_finish)
        kept.task = asyncio.create_task(self._keep(name, kept))
        self._changed()
        return child

    async def stop(self) -> None:
        """Stop all, the last started first, each before the next. From now on nobody is started again."""
        for kept in self._kept.values():
            kept.task.cancel()
        while self._kept:
            _, kept = self._kept.popitem()
            await asyncio.wait([kept.task])
            await kept.child.stop(within=STOP_SECONDS)

    async def _keep(self, name: str, kept: _Kept) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            code = await kept.child.wait()
            if code == 0 and kept.may_finish:
                del self._kept[name]
                self._changed()
                return
            if time.monotonic() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._say(f"{name} {_how(code)}; it is started again")
            kept.child = await self._again(kept, pause)
            self._changed()
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _again(self, kept: _Kept, pause: float) -> Child:
        while True:
            await asyncio.sleep(pause)
            try:
                return await kept.start()
            except ChildEnded as ended:
                self._say(ended.message)
                pause = LONGEST_PAUSE_SECONDS


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
