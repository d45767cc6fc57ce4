"""`hub import`: files of rows, into the hub."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hub.bulk.imports import ImportDocument, Refused
    from hub.bulk.rows import RowKind
    from hub.settings import Settings

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@app.command(name="import")
def import_(
    kind: Annotated[str, typer.Argument(help="profiles, events, orders, consents or reviews.")],
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="A .csv, .jsonl (each also .gz) or .parquet."),
    ],
    report: Annotated[
        Path | None, typer.Option(help="Where refused rows are told with their reasons; by default FILE.refused.jsonl.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Bring in the rows of a file. Broken off, the same call goes on where it was; no row is taken twice.

    The exit code is 1 if a row was refused.
    """
    from runtime.on_database import on_database

    wanted = _kind(kind)
    told_in = report or file.with_name(f"{file.name}.refused.jsonl")
    begun = on_database(lambda settings: _import(wanted, file, told_in, settings))
    if as_json:
        answer: Mapping[str, Any] = {"rows": begun.read, "accepted": begun.accepted, "refused": begun.refused}
        typer.echo(json.dumps({**answer, "report": str(told_in) if begun.refused else None}))
    else:
        typer.echo(f"{begun.read} rows: {begun.accepted} accepted, {begun.refused} refused.")
        if begun.refused:
            typer.echo(f"Why rows were refused stands in {told_in}.", err=True)
    if begun.refused:
        raise typer.Exit(1)


async def _import(kind: "RowKind", file: Path, told_in: Path, settings: "Settings") -> "ImportDocument":
    from hub.access.audit import Change
    from hub.bulk import imports
    from integrations.files import reading
    from runtime import bars, wiring

    with reading.opened(file) as found, bars.new() as bar:
        begun = await imports.begin(imports.File(kind, file.name, reading.digest(file)), now=wiring.clock())
        _told(told_in, until=begun.read)
        if begun.read:
            typer.echo(f"Going on after {begun.read} rows.", err=True)
        shown = bar.add_task(f"Importing {kind}", total=1.0)
        async for it in imports.run(begun, found.rows, wiring.clock, region=settings.phone_region):
            _tell(told_in, it.just_refused)
            bar.update(shown, completed=found.share(), description=f"Importing {kind}: {it.read} rows")
            begun.read, begun.accepted, begun.refused = it.read, it.accepted, it.refused
    after = {"kind": kind.value, "rows": begun.read, "accepted": begun.accepted, "refused": begun.refused}
    await _audit(Change("import", str(begun.id), None, after), cause=f"import {begun.id}")
    return begun


async def _audit(change: Any, *, cause: str) -> None:
    from hub.access import audit
    from hub.kit import ids
    from runtime import wiring

    await audit.record(audit.OPERATOR, change, at=wiring.clock(), cause=ids.key_of("cli", cause))


def _told(report: Path, *, until: int) -> None:
    """Forget what was told of rows after those that are noted as read: it will be told again."""
    if report.exists():
        kept = [line for line in report.read_bytes().splitlines(keepends=True) if _row_of(line) <= until]
        report.write_bytes(b"".join(kept if until else ()))
        if not kept or not until:
            report.unlink()


def _row_of(line: bytes) -> float:
    try:
        return int(json.loads(line)["row"])
    except (ValueError, KeyError, TypeError):  # cut off by a kill
        return float("inf")


def _tell(report: Path, refused: "Sequence[Refused]") -> None:
    if not refused:
        return
    with report.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"row": it.row, "code": it.code, "message": it.message}) + "\n" for it in refused)


def _kind(word: str) -> "RowKind":
    from hub.bulk.rows import RowKind

    try:
        return RowKind(word)
    except ValueError:
        raise typer.BadParameter(f"one of {', '.join(RowKind)}.", param_hint="KIND") from None
