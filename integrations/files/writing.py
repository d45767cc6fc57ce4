"""Writing: rows into a file, one after the other. It has its name only when it is whole, and only its owner reads it.

A table names its columns before its first row, so that the rows are gone through twice: once to see what they hold.
"""

import csv
import gzip
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import orjson

from hub.bulk.rows import HUB, Row
from integrations.files.columns import Column, ColumnKind, flat, harmless, written
from integrations.files.reading import UnreadableFile

_PARQUET_ROWS: Final = 10_000

Source = Callable[[], AsyncIterator[Row]]
"""Gives all rows, each time it is called."""
Note = Callable[[], None]
"""Is called for every row that was written."""


async def write(path: Path, source: Source, *, note: Note) -> int:
    """Write all rows into a file of the kind that its name says, and tell how many they were.

    Raises:
        UnreadableFile: no such kind of file is written.
    """
    name = path.name.lower()
    plain = name.removesuffix(".gz")
    if name.endswith(".parquet"):
        return await _parquet(path, source, note)
    if plain.endswith((".jsonl", ".ndjson")):
        with _begun(path) as file:
            return await _json_lines(file, source, note)
    if plain.endswith(".csv"):
        columns = await _columns(source)
        with _begun(path) as file:
            return await _csv(file, source, columns, note)
    raise UnreadableFile(f"{path.name}: a file is .csv, .jsonl, .ndjson (each also .gz) or .parquet.")


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """Give the name under which a file is written, and rename it when all is there."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.touch(mode=0o600)
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _begun(path: Path) -> Iterator[IO[bytes]]:
    with _part(path) as part, part.open("wb") as raw:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
                yield file  # type: ignore[misc]  # it writes bytes, as any file
        else:
            yield raw
        raw.flush()
        os.fsync(raw.fileno())


async def _json_lines(file: IO[bytes], source: Source, note: Note) -> int:
    written = 0
    async for row in source():
        file.write(orjson.dumps({name: it for name, it in row.items() if it is not None}, default=str) + b"\n")
        written += 1
        note()
    return written


async def _csv(file: IO[bytes], source: Source, columns: list[Column], note: Note) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow([harmless(column.header) for column in columns])
    written = 0
    async for row in source():
        values = dict(flat(row))
        table.writerow([column.write(values.get(column.path)) for column in columns])
        written += 1
        note()
    text.detach()  # the file is closed by whoever opened it
    return written


async def _parquet(path: Path, source: Source, note: Note) -> int:
    try:
        import pyarrow as pa  # noqa: PLC0415  an extra: only who wants such files installs it
        from pyarrow import parquet  # noqa: PLC0415  as above
    except ImportError:
        raise UnreadableFile("Parquet needs the extra `data`: pip install 'engagement-hub[data]'.") from None
    columns = await _columns(source)
    types = {ColumnKind.NUMBER: pa.float64(), ColumnKind.BOOLEAN: pa.bool_()}
    schema = pa.schema(
        [(_parquet_name(it), types.get(it.kind, pa.string()) if it.kind else pa.string()) for it in columns]
    )
    written = 0
    with _part(path) as part, parquet.ParquetWriter(part, schema) as writer:
        batch: list[dict[str, Any]] = []

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            batch.clear()

        async for row in source():
            values = dict(flat(row))
            batch.append({_parquet_name(it): _parquet_value(it, values.get(it.path)) for it in columns})
            written += 1
            note()
            if len(batch) >= _PARQUET_ROWS:
                flush()
        flush()
    return written


def _parquet_name(column: Column) -> str:
    """Name a column: what its type says needs no word of its own."""
    return column.header if column.kind is ColumnKind.JSON else ".".join(column.path)


def _parquet_value(column: Column, value: Any) -> Any:
    if value is None or column.kind in {ColumnKind.NUMBER, ColumnKind.BOOLEAN}:
        return value
    return written(value) if column.kind is None else orjson.dumps(value, default=str).decode()


async def _columns(source: Source) -> list[Column]:
    """See what the rows hold: the columns in the order in which they come up, those of the hub last."""
    kinds: dict[tuple[str, ...], set[ColumnKind | None]] = {}
    async for row in source():
        for path, value in flat(row):
            found = kinds.setdefault(path, set())
            if value is not None:
                found.add(_kind_of(value))
    columns = [Column(path, _common(found)) for path, found in kinds.items()]
    return sorted(columns, key=lambda it: it.path[0] == HUB)


def _common(kinds: set[ColumnKind | None]) -> ColumnKind | None:
    """Tell what a column is. One of several kinds is written as JSON, which tells them apart."""
    return ColumnKind.JSON if len(kinds) > 1 else next(iter(kinds), None)


def _kind_of(value: Any) -> ColumnKind | None:
    if isinstance(value, bool):
        return ColumnKind.BOOLEAN
    if isinstance(value, int | float):
        return ColumnKind.NUMBER
    return ColumnKind.JSON if isinstance(value, list | Mapping) else None
