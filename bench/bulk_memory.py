"""`bulk_memory`: by how many MB this process grows while a large file comes in, and while it goes out again.

It is compared with the most that the first tenth has needed, by when all is warm: what is flat grows by nothing to
speak of, however long the file. `HUB_BENCH_ROWS` says how many rows: a million take six minutes on two cores that
others use as well, so that ten million need about an hour.
"""

import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import imports
from bench.line import Line, say
from bench.stage import stage
from hub.bulk import exports
from hub.bulk.rows import RowKind
from integrations.files import writing
from runtime import processes

VARIABLE: Final = "HUB_BENCH_ROWS"
USUAL: Final = 1_000_000
LOOKS: Final = 1_000
"""How often it is looked at in all."""


async def measure() -> AsyncIterator[Line]:
    """Bring in one file, and write what came of it into one of each kind that is written differently."""
    processes.spare_garbage_collection()
    rows = int(os.environ.get(VARIABLE, USUAL))
    watches = {name: Watch(name, rows) for name in ("import", "export.jsonl", "export.csv", "export.parquet")}
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        file = imports.file(Path(folder), rows)
        async with stage(with_temporal=False) as on:
            await imports.import_(on.client, file, watch=watches["import"].saw)
            file.unlink()
            for name in [it for it in watches if it != "import"]:
                out = Path(folder) / name
                await writing.write(out, lambda: exports.rows(RowKind.EVENTS), note=watches[name].saw_one)
                out.unlink()
    yield Line(
        bench="bulk_memory",
        unit="MB",
        higher_is_better=False,
        ours=[max(it.grown for it in watches.values())],
        beside={"rows": rows, **{it.name: it.told for it in watches.values()}},
    )


def resident_megabytes() -> float:
    """Tell how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


@dataclass(slots=True)
class Watch:
    """Looks at the memory of this process, in MB, while so many rows pass."""

    name: str
    rows: int
    look: Callable[[], float] = resident_megabytes
    seen: int = 0
    _begun_at: float = field(default_factory=time.perf_counter)
    _peaks: list[float] = field(default_factory=lambda: [0.0] * 10)
    _looked_at: int = 0

    def saw_one(self) -> None:
        """Note that one more row has passed."""
        self.saw(self.seen + 1)

    def saw(self, seen: int) -> None:
        """Note that so many have passed in all."""
        before, self.seen = self.seen, seen
        if not before:
            self._begun_at = time.perf_counter()
        if seen - self._looked_at < self.rows / LOOKS and seen < self.rows:
            return
        self._looked_at = seen
        tenth = min(9, (seen - 1) * 10 // self.rows)
        self._peaks[tenth] = max(self._peaks[tenth], self.look())
        if before * 10 // self.rows != seen * 10 // self.rows:
            say(f"  {self.name}: {seen} rows, {self._peaks[tenth]:.0f} MB, {self.rate:.0f} rows/s")

    @property
    def grown(self) -> float:
        """How much more was needed after the first tenth than in it, in MB."""
        return max(self._peaks) - self._peaks[0]

    @property
    def rate(self) -> float:
        """Rows a second so far."""
        return self.seen / max(time.perf_counter() - self._begun_at, 1e-9)

    @property
    def told(self) -> dict[str, float]:
        """The most that the first tenth has needed, and the most of all, in MB."""
        return {"first_tenth_mb": round(self._peaks[0], 1), "peak_mb": round(max(self._peaks), 1)}
