"""`import`: rows a second of a file of profiles that are read, checked and durable, against the bare write.

Ours is what `hub import` does with a JSON Lines file, note of its progress included. The baseline writes the very same
documents, ready-made, in the same batches and as durably, one after the other: the least that any import can do. Beside
it, how much memory ours holds while the file grows tenfold.
"""

import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import orjson

from bench.line import SAMPLES, Line, say
from bench.stage import stage
from hub import database
from hub.bulk import imports
from hub.bulk.imports import BATCH, File
from hub.bulk.rows import RowKind
from hub.events.store import EventDocument
from integrations.files import reading
from runtime import processes, wiring

ROWS: Final = 50_000
TENFOLD: Final = 10


async def measure() -> AsyncIterator[Line]:
    """Measure both in turn, each on an empty collection."""
    processes.spare_garbage_collection()
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        file, large = _file(Path(folder), ROWS), _file(Path(folder), ROWS * TENFOLD)
        async with stage(with_temporal=False) as on:
            await _import(on.client, file)  # warms up
            for _ in range(SAMPLES):
                ours.append(ROWS / await _import(on.client, file))
                documents = await EventDocument.get_pymongo_collection().find().to_list()
                bare.append(ROWS / await _write(on.client, documents))
                del documents
                say(f"  import: {ours[-1]:.0f} rows/s, bare: {bare[-1]:.0f} rows/s")
            before = _resident_megabytes()
            await _import(on.client, large)
            grown = _resident_megabytes() - before
    beside = {"grown_mb_for_tenfold": round(grown, 1)}
    yield Line(bench="import", unit="rows/s", higher_is_better=True, ours=ours, baseline=bare, beside=beside)


def _file(folder: Path, count: int) -> Path:
    path = folder / f"{count}.jsonl"
    with path.open("wb") as file:
        for number in range(count):
            row: dict[str, Any] = {
                "userId": f"customer-{number}",
                "email": f"customer-{number}@example.com",
                "firstName": "Ada",
                "lastName": "Lovelace",
                "country": "DE",
                "vip": number % 9 == 0,
                "visits": number % 100,
            }
            file.write(orjson.dumps(row) + b"\n")
    return path


async def _import(client: database.Client, path: Path) -> float:
    await _emptied(client)
    begun_at = time.perf_counter()
    with reading.opened(path) as found:
        begun = await imports.begin(File(RowKind.PROFILES, path.name, reading.digest(path)), now=wiring.clock())
        accepted = [it.accepted async for it in imports.run(begun, found.rows, wiring.clock)][-1]
    seconds = time.perf_counter() - begun_at
    stored = await EventDocument.get_pymongo_collection().estimated_document_count()
    if stored != accepted:
        raise RuntimeError(f"{accepted} rows were accepted and {stored} are stored.")
    return seconds


async def _write(client: database.Client, documents: list[dict[str, Any]]) -> float:
    await _emptied(client)
    begun_at = time.perf_counter()
    for start in range(0, len(documents), BATCH):
        await EventDocument.get_pymongo_collection().insert_many(documents[start : start + BATCH], ordered=False)
    return time.perf_counter() - begun_at


async def _emptied(client: database.Client) -> None:
    await client.drop_database(database.DEFAULT_NAME)
    await database.migrate(client, wiring.DOCUMENTS)


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6 if os.name == "posix" else 0.0
