"""`hub shipping check|publish`: the rules of shipping are a file."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.commerce.shipping_store import Published

app = typer.Typer()
shipping = typer.Typer(help="The rules of shipping: check a file, publish it.", no_args_is_help=True)
app.add_typer(shipping, name="shipping")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.shipping.yaml.")]


@shipping.command()
def check(file: File) -> None:
    """Name every problem of a table and what may be wrong with its fees, with line and column. Needs no server."""
    from hub.commerce import shipping_language

    found = shipping_language.read(texts.read(file))
    for warning in found.warnings:
        typer.echo(f"{file.name}:{warning}")
    typer.echo(f"{file.name}: {found.name} has no problem.")


@shipping.command()
def publish(
    file: File,
    key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = "",
) -> None:
    """Put a table in force, as a new version."""
    from runtime.on_database import on_database

    source = texts.read(file)
    published = on_database(lambda _: _publish(source, key or uuid.uuid4().hex))
    for warning in published.warnings:
        typer.echo(f"{file.name}:{warning}")
    state = "is in force" if published.new else "was there already: nothing has changed"
    typer.echo(f"Version {published.number} {state}.")


async def _publish(source: str, key: str) -> "Published":
    from hub.access import audit
    from hub.commerce import shipping_store
    from hub.kit import ids
    from runtime import wiring

    published = await shipping_store.publish(source, by="cli", key=key, now=wiring.clock())
    if published.change:
        cause = ids.key_of("cli", "publish shipping rules", key)
        await audit.record(audit.OPERATOR, published.change, at=wiring.clock(), cause=cause)
    return published
