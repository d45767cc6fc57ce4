"""`hub rollups check|publish|list|status|backfill`: what is counted of every profile, defined in files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
rollups = typer.Typer(
    help="Rollups, preferences and stages: check a file, publish it, see what counts.", no_args_is_help=True
)
app.add_typer(rollups, name="rollups")

File = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        readable=True,
        help="A NAME.rollup.yaml, NAME.preference.yaml, engagement.yaml or stages.yaml.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@rollups.command()
def check(
    file: File,
    rollup: Annotated[list[str] | None, typer.Option(help="A published rollup that stages may read.")] = None,
) -> None:
    """Name every problem of a definition, with line and column. Needs no server."""
    from hub.rollups import language, service

    definition = language.read(texts.read(file), rollups=[service.PURCHASES, *(rollup or ())])
    typer.echo(f"{file.name}: {definition.name} has no problem.")


@rollups.command()
def publish(
    file: File, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Publish a definition as a new version. Profiles that are there already are counted by the back-fill."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("rollup", key, lambda key: _publish(source, key), news="counts from now on"))


@rollups.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the published definitions, with the version that counts."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"rollups": listed}))
    for it in () if as_json else listed:
        typer.echo(f"{it['name']} version {it['version']}, published {it['publishedAt']}")


@rollups.command()
def status(*, as_json: AsJson = False) -> None:
    """Tell how far the back-fill of each definition has come."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _status())
    if as_json:
        typer.echo(json.dumps({"rollups": listed}))
    for it in () if as_json else listed:
        typer.echo(f"{it['name']} version {it['version']}: {it['done']} of {it['total']} profiles, {it['percent']} %")


@rollups.command()
def backfill(*, as_json: AsJson = False) -> None:
    """Complete all profiles for the newest definitions now, beside what the routers do of it by themselves."""
    from runtime.on_database import on_database

    done = on_database(lambda _: _backfill())
    typer.echo(json.dumps({"profiles": done}) if as_json else f"{done} profiles know the newest definitions.")


async def _publish(source: str, key: str) -> "Published":
    from hub.rollups import service
    from hub.segments import service as segments
    from runtime import wiring

    return await service.publish(source, by="cli", key=key, now=wiring.clock(), needed=await segments.windows())


async def _listed() -> list[dict[str, Any]]:
    from hub.rollups import store
    from hub.rollups.tallies import is_tally

    return [
        {"name": it.name, "version": it.number, "publishedAt": it.published_at.isoformat()}
        for it in await store.DEFINITIONS.live()
        if not is_tally(it.name)
    ]


async def _status() -> list[dict[str, Any]]:
    from hub.rollups import store
    from hub.rollups.tallies import is_tally

    live = [it for it in await store.DEFINITIONS.live() if not is_tally(it.name)]
    found = [(it, *await store.progress(it.edition)) for it in live]
    return [
        {
            "name": it.name,
            "version": it.number,
            "done": done,
            "total": total,
            "percent": 100 * done // total if total else 100,
        }
        for it, done, total in found
    ]


async def _backfill() -> int:
    from rich.console import Console
    from rich.progress import Progress

    from hub.intake import backfill as filling
    from hub.intake.standing import Definitions
    from runtime import wiring

    defined = await Definitions().current()
    with Progress(console=Console(stderr=True)) as shown:
        bar = shown.add_task("Profiles")
        left = True
        while left:
            left = bool(await filling.step(defined, now=wiring.clock()))
            done, total = await filling.progress(defined)
            shown.update(bar, completed=done, total=total)
    return done
