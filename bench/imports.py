"""`import`: rows a second of a file of profiles that are read, checked and durable, against the bare write.

Ours is what `hub import` does with a JSON Lines file, note of its progress included. The baseline writes the very same
documents, ready-made, in the same batches and as durably, one after the other: the least that any import can do.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Callable
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


async def measure() -> AsyncIterator[Line]:
    """Measure both in turn, each on an empty collection."""
    processes.spare_garbage_collection()
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        people = file(Path(folder), ROWS)
        async with stage(with_temporal=False) as on:
            await import_(on.client, people)  # warms up
            for _ in range(SAMPLES):
                ours.append(ROWS / await import_(on.client, people))
                documents = await EventDocument.get_pymongo_collection().find().to_list()
                bare.append(ROWS / await _write(on.client, documents))
                del documents
                say(f"  import: {ours[-1]:.0f} rows/s, bare: {bare[-1]:.0f} rows/s")
    yield Line(bench="import", unit="rows/s", higher_is_better=True, ours=ours, baseline=bare)


def file(folder: Path, count: int) -> Path:
    """Write a file of so many profiles."""
    path = folder / f"{count}.jsonl"
    with path.open("wb") as opened:
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
            opened.write(orjson.dumps(row) + b"\n")
    return path


async def import_(client: database.Client, path: Path, watch: Callable[[int], None] = lambda _: None) -> float:
    """Bring a file into an empty database, tell `watch` how many rows are read, and give the seconds it took."""
    await _emptied(client)
    begun_at = time.perf_counter()
    with reading.opened(path) as found:
        begun = await imports.begin(File(RowKind.PROFILES, path.name, reading.digest(path)), now=wiring.clock())
        accepted = 0
        async for it in imports.run(begun, found.rows, wiring.clock):
            accepted = it.accepted
            watch(it.read)
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
