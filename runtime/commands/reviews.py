"""`hub reviews check|publish|show`: which reviews are refused, held, or approve themselves, defined in a file."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
reviews = typer.Typer(help="The rules of reviews: check their file, publish it, show it.", no_args_is_help=True)
app.add_typer(reviews, name="reviews")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A rules.reviews.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@reviews.command()
def check(file: File) -> None:
    """Name every problem of the rules, with line and column. Needs no server."""
    from hub.reviews import language

    language.read(texts.read(file))
    typer.echo(f"{file.name}: the rules have no problem.")


@reviews.command()
def publish(
    file: File, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Publish the rules as a new version. They hold for all reviews that come from now on."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("review rules", key, lambda key: _publish(source, key), news="holds"))


@reviews.command()
def show(*, as_json: AsJson = False) -> None:
    """Show the rules that hold, as they were written."""
    from runtime.on_database import on_database

    live = on_database(lambda _: _live())
    if as_json:
        typer.echo(json.dumps({"rules": live}))
    elif live:
        typer.echo(live["source"].rstrip("\n"))
    else:
        typer.echo(
            "There are no rules yet: each review waits for the staff. docs/reviews.md shows how they are written."
        )


async def _publish(source: str, key: str) -> "Published":
    from hub.reviews import service
    from runtime import wiring

    return await service.publish(source, by="cli", key=key, now=wiring.clock())


async def _live() -> dict[str, Any] | None:
    from hub.reviews import store
    from hub.reviews.language import NAME

    found = await store.DEFINITIONS.live([NAME])
    return next(
        ({"version": it.number, "publishedAt": it.published_at.isoformat(), "source": it.source} for it in found), None
    )
