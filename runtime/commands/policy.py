"""`hub policy check|publish|show`: how often and when customers may be told something, defined in a file."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
policy = typer.Typer(help="The contact policy: check its file, publish it, show it.", no_args_is_help=True)
app.add_typer(policy, name="policy")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A contact.policy.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@policy.command()
def check(file: File) -> None:
    """Name every problem of a policy, with line and column. Needs no server."""
    from hub.contact import language

    read = language.read(texts.read(file))
    typer.echo(f"{file.name}: the policy has no problem ({len(read.caps)} caps, {len(read.quiet)} quiet hours).")


@policy.command()
def publish(
    file: File, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Publish the policy as a new version. It holds for everything that is not sent yet."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("policy", key, lambda key: _publish(source, key), news="holds"))


@policy.command()
def show(*, as_json: AsJson = False) -> None:
    """Show the policy that holds, as it was written."""
    from runtime.on_database import on_database

    live = on_database(lambda _: _live())
    if as_json:
        typer.echo(json.dumps({"policy": live}))
    elif live:
        typer.echo(live["source"].rstrip("\n"))
    else:
        typer.echo("There is no policy yet: nothing is capped. docs/policy.md shows how one is written.")


async def _publish(source: str, key: str) -> "Published":
    from hub.contact import service
    from runtime import wiring

    return await service.publish(source, by="cli", key=key, now=wiring.clock())


async def _live() -> dict[str, Any] | None:
    from hub.contact import store
    from hub.contact.model import NAME

    found = await store.DEFINITIONS.live([NAME])
    return next(
        ({"version": it.number, "publishedAt": it.published_at.isoformat(), "source": it.source} for it in found), None
    )
