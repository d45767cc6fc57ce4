"""Files of rows, as they are read and written."""

import asyncio
import csv
import gzip
import json
import stat
from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from hub.bulk.rows import BadRow
from integrations.files import reading, writing
from integrations.files.columns import bare, harmless
from integrations.files.reading import UnreadableFile

ROWS: list[dict[str, Any]] = [
    {"userId": "ada", "email": "ada@example.com", "vip": True, "visits": 3, "city": {"name": "Köln", "code": "01067"}},
    {"userId": "bob", "phone": "+4917012345678", "note": '=HYPERLINK("x")', "tags": ["a", 1], "visits": 2.5},
    {"userId": "cyd", "note": "'quoted", "vip": False, "mixed": "1"},
    {"userId": "dan", "mixed": 1},
]
KINDS = ["rows.csv", "rows.csv.gz", "rows.jsonl", "rows.ndjson.gz", "rows.parquet"]


def read(path: Path) -> list[Any]:
    with reading.opened(path) as found:
        return [(it.reason, it.message) if isinstance(it, BadRow) else it for it in found.rows]


def write(path: Path, *rows: Mapping[str, Any]) -> int:
    async def source() -> AsyncIterator[Mapping[str, Any]]:
        for row in rows:
            yield row

    return asyncio.run(writing.write(path, source, note=lambda: None))


def csv_of(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file = path / "rows.csv"
    file.write_bytes("\n".join(lines).encode(encoding))
    return file


@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_is_read_back_as_it_was(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    assert write(path, *ROWS) == len(ROWS)

    assert read(path) == ROWS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=12)
values = st.one_of(texts, st.booleans(), st.integers(-(2**50), 2**50), st.lists(texts, max_size=3))
rows = st.dictionaries(st.sampled_from(["a", "b", "c.d", "c.e"]), values, min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, min_size=1, max_size=5))
def test_whatever_stands_in_a_table_comes_back(
    tmp_path_factory: pytest.TempPathFactory, flat: list[dict[str, Any]]
) -> None:
    nested = [
        {name: it for name, it in row.items() if "." not in name}
        | ({"c": inner} if (inner := {name[2:]: it for name, it in row.items() if "." in name}) else {})
        for row in flat
    ]
    path = tmp_path_factory.mktemp("table") / "rows.csv"

    write(path, *nested)

    assert read(path) == nested


def test_no_cell_of_a_csv_is_a_formula_to_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    hostile = ["=1+1", "+1+1", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1"]  # noqa: RUF001 - a full-width sign is one too

    write(path, *({"=evil": it} for it in hostile))

    with path.open(newline="", encoding="utf-8") as file:
        assert [cell for row in csv.reader(file) for cell in row] == [f"'{it}" for it in ["=evil", *hostile]]


@pytest.mark.parametrize("text", ["+4917012345678", "-5", "-5,25", "plain", "a=b", ""])
def test_a_number_and_a_plain_text_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@given(texts)
def test_what_was_made_harmless_is_made_bare_again(text: str) -> None:
    assert bare(harmless(text)) == text


@pytest.mark.parametrize("text", ["'=1", "''+x", "'+1", "'", "it's", "=1", "\n=1"])
def test_an_apostrophe_of_the_text_itself_is_kept(text: str) -> None:
    assert bare(harmless(text)) == text


def test_a_csv_is_text_unless_its_column_names_another_kind(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "zip,visits:number,vip:boolean,tags:json,a.b", '01067,3,TRUE,"[1]",x', "1,2.5,false,,")

    assert read(path) == [
        {"zip": "01067", "visits": 3, "vip": True, "tags": [1], "a": {"b": "x"}},
        {"zip": "1", "visits": 2.5, "vip": False},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_of_a_spreadsheet_is_read(tmp_path: Path, delimiter: str) -> None:
    path = csv_of(
        tmp_path, delimiter.join(["userId", "city"]), delimiter.join(["ada", "Köln"]), "", encoding="utf-8-sig"
    )

    assert read(path) == [{"userId": "ada", "city": "Köln"}]


def test_a_bad_row_is_a_fault_in_its_place_and_its_neighbours_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"userId,visits:number\nada,1\nbob\ncyd,many\n\xff\xfe,2\ndan,4\n")

    assert read(path) == [
        {"userId": "ada", "visits": 1},
        ("bad_row", "The row has 1 cells, and there are 2 columns."),
        ("bad_cell", "The column `visits:number` holds something that is no number."),
        ("not_utf8", "The row holds a text that is not UTF-8."),
        {"userId": "dan", "visits": 4},
    ]


def test_a_line_that_is_not_json_is_a_fault_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\nnonsense\n\n[1]\n{"a": 2}')

    assert read(path) == [
        {"a": 1},
        ("not_json", "The line is not JSON."),
        ("not_json", "The line is no JSON object."),
        {"a": 2},
    ]


def test_columns_that_contradict_each_other_are_a_fault(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "a,a.b", "1,2", "1,")

    assert read(path) == [
        ("bad_column", "The column `a.b` lies inside a column that is a value."),
        {"a": "1"},
    ]


def test_a_parquet_file_of_others_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    parquet.write_table(
        pa.table({"born": [date(2000, 2, 29)], "paid": [Decimal("1.50")], "at": [{"x": 1}], "none": [None]}), path
    )

    assert read(path) == [{"born": date(2000, 2, 29), "paid": Decimal("1.50"), "at": {"x": 1}}]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("rows.xlsx", b"", "rows.xlsx: a file is .csv, .jsonl, .ndjson (each also .gz) or .parquet."),
        ("rows.csv", b"", "rows.csv is empty: its first line names the columns."),
        ("rows.csv.gz", b"a,b\n", "rows.csv.gz is no gzip file."),
        ("rows.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 99)[:-9], "rows.jsonl.gz is no whole gzip file."),
        ("rows.parquet", b"PAR1", "rows.parquet is no Parquet file."),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(UnreadableFile) as raised:
        read(path)

    assert raised.value.message == sentence


def test_a_file_that_cannot_be_written_to_its_end_is_not_there(tmp_path: Path) -> None:
    async def source() -> AsyncIterator[Mapping[str, Any]]:
        yield {"a": 1}
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        asyncio.run(writing.write(tmp_path / "rows.jsonl", source, note=lambda: None))

    assert list(tmp_path.iterdir()) == []


def test_progress_tells_how_much_has_been_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"a": "x" * 1_000}) + "\n" for _ in range(1_000)))

    with reading.opened(path) as found:
        begun = found.share()
        for _ in found.rows:
            pass
        assert (begun, found.share()) == (0.0, 1.0)
