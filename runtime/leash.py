"""Child processes that cannot outlive the process that started them.

Each child leads a process group of its own, so that a Ctrl-C in the terminal reaches only us and we choose the order
of the end. A watcher process knows the groups and kills them when our end of its pipe closes, even by `kill -9`.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from hub.kit.errors import HubError

_SHIM = str(Path(__file__).with_name("leash_shim.py"))
_PYTHON = (sys.executable, "-I", "-S", _SHIM)
_TAIL_BYTES = 16_384

T = TypeVar("T")


class ChildEnded(HubError):
    """A child ended, or stayed silent past its deadline, before it was ready."""

    code = "CHILD_ENDED"

    def __init__(self, name: str, *, reason: str, log: Path) -> None:
        super().__init__(f"{name} did not start: {reason} (see {log})")
        self.name = name
        self.reason = reason


class Child:
    """A process on the leash: `pid` is the command's own, its output goes to `log`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, *, log: Path, leash: "Leash") -> None:
        self.name = name
        self.pid = process.pid
        self.log = log
        self._log_start = log.stat().st_size
        self._process = process
        self._ended = asyncio.create_task(self._reap(leash))

    async def _reap(self, leash: "Leash") -> int:
        code = await self._process.wait()
        self._signal_group(signal.SIGKILL)  # whatever the child itself had started
        leash.forget(self)
        return code

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    async def wait(self) -> int:
        """Wait for the end; the answer is the exit code, or minus the number of the signal."""
        return await asyncio.shield(self._ended)

    async def stop(self, *, within: float) -> None:
        """Ask the child to end, and kill it with all it started if it has not after `within` seconds."""
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await asyncio.wait([self._ended], timeout=within)
        if not self._ended.done():
            self._signal_group(signal.SIGKILL)
        await self._ended

    async def ready(self, check: Coroutine[Any, Any, T], *, within: float) -> T:
        """Answer `check`, which waits until the child serves.

        Raises:
            ChildEnded: the child ended first, or `within` seconds have passed.
        """
        checking = asyncio.create_task(check)
        try:
            await asyncio.wait([checking, self._ended], timeout=within, return_when=asyncio.FIRST_COMPLETED)
            # Where the child has ended, somebody else answers at its address.
            if checking.done() and not self._ended.done():
                return checking.result()
        finally:
            checking.cancel()
            await asyncio.wait([checking])
        if self._ended.done():
            reason = next(iter(self.last_lines()), f"it ended with exit code {self._ended.result()}")
        else:
            reason = f"it was not ready after {within:g} s"
        raise ChildEnded(self.name, reason=reason, log=self.log)

    def last_lines(self) -> list[str]:
        """The last lines that this child has written into its log, the newest first."""
        with self.log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, end - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return [line.strip() for line in reversed(lines) if line.strip()]


class Leash:
    """Holds children. At the end of the `with` block, or of this process, none of them is left.

    `lock`, an open file, stays open until then, also when this process was killed; `notice`, a file that tells others
    of the children, is removed with them.
    """

    def __init__(self, *, lock: int | None = None, notice: Path | None = None) -> None:
        self._lock = () if lock is None else (lock,)
        self._notices = () if notice is None else (str(notice.absolute()),)
        self._children: set[Child] = set()

    async def __aenter__(self) -> Self:
        watched, self._pipe = os.pipe()
        # A session of its own: whoever kills our process group does not kill the watcher with it.
        self._watcher = await asyncio.create_subprocess_exec(
            *_PYTHON,
            "watch",
            *self._notices,
            stdin=watched,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=self._lock,
            start_new_session=True,
            cwd="/",
        )
        os.close(watched)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = list(self._children)
        os.close(self._pipe)
        self._pipe = -1
        await self._watcher.wait()
        for child in left:
            await child.wait()

    async def start(
        self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
    ) -> Child:
        """Start a command given by absolute path, its output appended to `log`. `env` is added to ours."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *_PYTHON,
                "run",
                str(self._pipe),
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                pass_fds=(self._pipe,),
                start_new_session=True,
            )
        child = Child(name, process, log=log, leash=self)
        self._children.add(child)
        return child

    def forget(self, child: Child) -> None:
        """Take an ended child off the list: its number may soon be somebody else's."""
        self._children.discard(child)
        if self._pipe >= 0:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._pipe, b"-%d\n" % child.pid)
