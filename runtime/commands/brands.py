"""`hub brands check|publish|list`: how a brand looks and speaks in its messages."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
brands = typer.Typer(help="Brand kits: logo, colours, fonts and words of a brand.", no_args_is_help=True)
app.add_typer(brands, name="brands")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.brand.yaml.")]


@brands.command()
def check(file: File) -> None:
    """Name every problem of a brand kit, with line and column. Needs no server."""
    from hub.wording import brands as language

    kit = language.read(texts.read(file))
    typer.echo(f"{file.name}: {kit.brand} has no problem.")


@brands.command()
def publish(
    file: File, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Publish a brand kit. Messages look so a second later; templates are held against it when they are published."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("brand", key, lambda key: _publish(source, key), news="counts from now on"))


@brands.command(name="list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False) -> None:
    """List the brand kits in their newest versions."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"brands": listed}))
        return
    for it in listed:
        typer.echo(f"{it['brand']} version {it['version']}: {it['name']}, {', '.join(it['colours'].values())}")
    if not listed:
        typer.echo("There is no brand kit yet. docs/messages.md shows how one is written.")


async def _publish(source: str, key: str) -> "Published":
    from hub.wording import brand_store
    from runtime import wiring

    return await brand_store.publish(source, by="cli", key=key, now=wiring.clock())


async def _listed() -> list[dict[str, Any]]:
    from hub.wording import brand_store
    from hub.wording import brands as language

    read = [(it.number, language.read(it.source)) for it in await brand_store.DEFINITIONS.live()]
    return [
        {"brand": kit.brand, "version": number, "name": kit.name, "colours": dict(kit.colours)} for number, kit in read
    ]
