"""Reading: a file of rows, one after the other, in memory that does not grow with it.

`.csv`, `.jsonl` or `.ndjson`, also with `.gz` behind it, and `.parquet`.
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

import orjson

from hub.bulk.rows import BadRow, Row
from hub.kit.errors import HubError
from integrations.files.columns import Column, bare, nested

_CHUNK: Final = 1 << 20
_PARQUET_ROWS: Final = 1_000
LONGEST_CELL: Final = 1 << 20


class UnreadableFile(HubError):
    """A file that is not what its name says, or of a kind that is not read."""

    code = "UNREADABLE_FILE"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an open file, a fault where one cannot be read, and how far they have been read: from 0 to 1."""

    rows: Iterator[Row | BadRow]
    share: Callable[[], float]


def digest(path: Path) -> str:
    """Tell a file by all its bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def opened(path: Path) -> AbstractContextManager[Rows]:
    """Open a file by what its name says.

    Raises:
        UnreadableFile: no such kind of file is read, or it cannot be begun.
    """
    name = path.name.lower()
    if name.endswith(".parquet"):
        return _parquet(path)
    plain = name.removesuffix(".gz")
    if plain.endswith(".csv"):
        return _text(path, _csv_rows)
    if plain.endswith((".jsonl", ".ndjson")):
        return _text(path, _json_rows)
    raise UnreadableFile(f"{path.name}: a file is .csv, .jsonl, .ndjson (each also .gz) or .parquet.")


@contextmanager
def _text(path: Path, rows_of: Callable[[IO[bytes], str], Generator[Row | BadRow]]) -> Iterator[Rows]:
    size = path.stat().st_size
    with path.open("rb") as raw:
        inner = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if path.name.lower().endswith(".gz") else raw
        with closing(rows_of(inner, path.name)) as rows:
            yield Rows(rows, lambda: raw.tell() / size if size else 1.0)


def _csv_rows(file: IO[bytes], name: str) -> Generator[Row | BadRow]:
    csv.field_size_limit(LONGEST_CELL)
    # A spreadsheet writes a byte order mark; what is no UTF-8 is found in its row, and harms no other.
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _table(csv.reader(lines, delimiter=_delimiter(lines, name)), name)
    finally:
        lines.detach()  # the file is closed by whoever opened it


def _table(table: Iterator[list[str]], name: str) -> Iterator[Row | BadRow]:
    try:
        columns = [Column.of(header) for header in map(bare, next(table))]
    except StopIteration:
        raise UnreadableFile(f"{name} is empty: its first line names the columns.") from None
    while True:
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error:
            yield BadRow("bad_row", f"The row has a cell of more than {LONGEST_CELL} characters.")
            continue
        if cells:
            yield _csv_row(columns, cells)


def _delimiter(lines: io.TextIOWrapper, name: str) -> str:
    """Tell by the line of the columns what parts them: in half of Europe a spreadsheet writes semicolons."""
    try:
        header = lines.readline()
        lines.seek(0)
    except (OSError, EOFError):
        raise UnreadableFile(f"{name} is no gzip file.") from None
    return max(",;\t", key=header.count)


def _csv_row(columns: list[Column], cells: list[str]) -> Row | BadRow:
    if len(cells) != len(columns):
        return BadRow("bad_row", f"The row has {len(cells)} cells, and there are {len(columns)} columns.")
    if any(map(_is_broken, cells)):
        return BadRow("not_utf8", "The row holds a text that is not UTF-8.")
    try:
        return nested(columns, [column.read(cell) for column, cell in zip(columns, cells, strict=True)])
    except BadRow as error:
        return error


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= it <= "\udfff" for it in text)


def _json_rows(file: IO[bytes], name: str) -> Generator[Row | BadRow]:
    try:
        for line in file:
            if not (text := line.strip()):
                continue
            try:
                row = orjson.loads(text)
            except orjson.JSONDecodeError:
                yield BadRow("not_json", "The line is not JSON.")
                continue
            yield row if isinstance(row, dict) else BadRow("not_json", "The line is no JSON object.")
    except (OSError, EOFError):
        raise UnreadableFile(f"{name} is no whole gzip file.") from None


@contextmanager
def _parquet(path: Path) -> Iterator[Rows]:
    try:
        from pyarrow import ArrowInvalid, parquet  # noqa: PLC0415  an extra: only who has such files installs it
    except ImportError:
        raise UnreadableFile("Parquet needs the extra `data`: pip install 'engagement-hub[data]'.") from None
    try:
        file = parquet.ParquetFile(path)
    except ArrowInvalid:
        raise UnreadableFile(f"{path.name} is no Parquet file.") from None
    read = 0

    def rows() -> Iterator[Row | BadRow]:
        nonlocal read
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
            columns = [Column.of(name) for name in batch.schema.names]
            for values in zip(*(it.to_pylist() for it in batch.columns), strict=True):
                read += 1
                yield _parquet_row(columns, values)

    with file:
        total = file.metadata.num_rows
        yield Rows(rows(), lambda: read / total if total else 1.0)


def _parquet_row(columns: list[Column], values: tuple[Any, ...]) -> Row | BadRow:
    try:
        return nested(columns, [_parquet_value(*it) for it in zip(columns, values, strict=True)])
    except BadRow as error:
        return error


def _parquet_value(column: Column, value: Any) -> Any:
    """Read a value. Only what is written as JSON is more than its type says."""
    return column.read(value) if column.kind and isinstance(value, str) else value
