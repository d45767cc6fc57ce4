"""Looks at processes from outside."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path


def running(pid: int) -> bool:
    """A zombie has ended: only whoever adopted it has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until(holds: Callable[[], object], *, within: float = 10) -> None:
    """Nothing tells when another process has got so far: look again and again."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
