"""`hub export profiles|events|orders|segment|audience`: files of rows, out of the hub."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hub.bulk.rows import Row, RowKind
    from hub.settings import Settings
    from integrations.files.audiences import Platform
    from integrations.files.writing import Source

app = typer.Typer()
export = typer.Typer(help="Files: everything of a kind, who is in a segment, or hashes of them.", no_args_is_help=True)
app.add_typer(export, name="export")

File = Annotated[Path, typer.Argument(dir_okay=False, help="A .csv, .jsonl (each also .gz) or .parquet.")]
Name = Annotated[str, typer.Argument(help="The name of a live segment.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@export.command()
def profiles(file: File, *, as_json: AsJson = False) -> None:
    """Write all profiles into a file, in the shape in which `hub import` reads them."""
    _whole("profiles", file, as_json=as_json)


@export.command()
def events(file: File, *, as_json: AsJson = False) -> None:
    """Write all events into a file, in the shape in which `hub import` reads them."""
    _whole("events", file, as_json=as_json)


@export.command()
def orders(file: File, *, as_json: AsJson = False) -> None:
    """Write all orders into a file, in the shape in which `hub import` reads them."""
    _whole("orders", file, as_json=as_json)


@export.command()
def segment(name: Name, file: File, *, as_json: AsJson = False) -> None:
    """Write who is in a segment into a file, each as `hub export profiles` does, with since when they are in."""
    _told(lambda: _segment(name, file), file, as_json=as_json)


@export.command()
def audience(
    name: Name,
    file: File,
    for_: Annotated[str, typer.Option("--for", help="google or meta: whose customer list it is to be.")],
    brand: Annotated[str, typer.Option(help="Whose advertising the customers have said yes to.")] = "default",
    *,
    as_json: AsJson = False,
) -> None:
    """Write hashed addresses of a segment for an advertising platform: of those who have said yes to `advertising`.

    Nothing but the hashes is in the file.
    """
    from integrations.files.audiences import Platform
    from runtime.on_database import on_database

    if for_ not in [*Platform]:
        raise typer.BadParameter(f"one of {', '.join(Platform)}.", param_hint="--for")
    written, size = on_database(lambda settings: _audience(name, file, Platform(for_), brand, settings))
    if as_json:
        typer.echo(json.dumps({"rows": written, "members": size, "file": str(file)}))
    else:
        typer.echo(f"{written} of {size} members in {file}.")


def _whole(kind: str, file: Path, *, as_json: bool) -> None:
    from hub.bulk.rows import RowKind

    _told(lambda: _rows(RowKind(kind), file), file, as_json=as_json)


def _told(export: Callable[[], Awaitable[int]], file: Path, *, as_json: bool) -> None:
    from runtime.on_database import on_database

    written = on_database(lambda _: export())
    typer.echo(json.dumps({"rows": written, "file": str(file)}) if as_json else f"{written} rows in {file}.")


async def _rows(kind: "RowKind", file: Path) -> int:
    from hub.bulk import exports

    total = await exports.count(kind)
    return await write({"kind": kind.value}, file, lambda: exports.rows(kind), total=total)


async def _segment(name: str, file: Path) -> int:
    from hub.bulk import members

    size = await _size(name)
    return await write({"kind": "segment", "segment": name}, file, lambda: members.rows(name), total=size)


async def _audience(name: str, file: Path, platform: "Platform", brand: str, settings: "Settings") -> tuple[int, int]:
    from hub.bulk import audiences
    from integrations.files.audiences import hashed

    await audiences.check(brand, settings)
    size = await _size(name)

    async def rows() -> "AsyncIterator[Row]":
        async for it in audiences.reached(name, brand, settings):
            yield hashed(it, platform)

    what = {"kind": "audience", "segment": name, "for": platform.value, "brand": brand}
    return await write(what, file, rows, total=size), size


async def _size(name: str) -> int:
    """Tell how many are in a segment, and whether all are sorted by it."""
    from hub.segments import service, store, tallying

    live = await service.live(name)
    sorted_, total = await tallying.progress(live)
    if sorted_ < total:
        typer.echo(f"{name}: {sorted_} of {total} profiles are sorted so far; who is not yet is left out.", err=True)
    return (await store.sizes([name]))[name]


async def write(what: Mapping[str, Any], file: Path, source: "Source", *, total: int | None) -> int:
    """Note in the audit what is exported, and write it. `total` is how many rows there may be, where that is known."""
    from hub.access import audit
    from hub.access.audit import Change
    from hub.kit import ids
    from integrations.files import writing
    from runtime import bars, wiring

    export_id = ids.new_id()
    # Told before the first row is read: who breaks it off has seen some of it.
    brands = frozenset({what["brand"]} if "brand" in what else ())
    change = Change("export", str(export_id), None, what, brands=brands)
    cause = ids.key_of("cli", f"export {export_id}")
    await audit.record(audit.OPERATOR, change, at=wiring.clock(), cause=cause)
    with bars.new() as bar:
        shown = bar.add_task(f"Exporting {what.get('segment', what['kind'])}", total=total)
        return await writing.write(file, source, note=lambda: bar.advance(shown))
