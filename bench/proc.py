"""What processes cost, as the kernel counts it: CPU with all their threads, and memory with shared pages divided."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")


class CpuMeter:
    """Counts CPU seconds of processes from the moment it is made."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._begun = {name: _cpu_seconds(pid) for name, pid in pids.items()}

    def seconds(self) -> dict[str, float]:
        """CPU seconds of each process until now, with the children it has buried."""
        return {name: _cpu_seconds(pid) - self._begun[name] for name, pid in self._pids.items()}


def descendants(pid: int) -> list[int]:
    """List a process and all that it started, and that these started."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def memory_megabytes(pid: int) -> float:
    """Give the proportional set size: a page that three processes share counts a third."""
    lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _cpu_seconds(pid: int) -> float:
    return sum(map(int, _stat(pid)[11:15])) / _TICKS_A_SECOND


def _stat(pid: int) -> list[str]:
    """Read the fields behind the command's name, which may hold anything; empty if the process is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
