"""`hub content check|publish|delete|list`: what is shown on pages, signs and to the staff, defined in files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import drafts, texts
from runtime.known import Rollups, known_offline

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
content = typer.Typer(help="Content that is shown and not sent: check a file, publish it.", no_args_is_help=True)
app.add_typer(content, name="content")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.content.yaml.")]
Key = Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@content.command()
def check(file: File, rollup: Rollups = None, snippet: drafts.Snippets = None) -> None:
    """Name every problem of a content, with line and column. Needs no server."""
    from hub.content import language

    read = language.read(texts.read(file), known_offline(rollup or ()), drafts.snippets(snippet))
    typer.echo(f"{file.name}: {read.name} has no problem.")


@content.command()
def publish(file: File, key: Key = "") -> None:
    """Publish a content as a new version. It is shown from now on."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("content", key, lambda key: _publish(source, key), news="is shown from now on"))


@content.command()
def delete(name: Annotated[str, typer.Argument(help="The content.")], key: Key = "") -> None:
    """Take a content away: it is shown to nobody any more."""
    from runtime.on_database import on_database

    on_database(lambda _: _delete(name, key or uuid.uuid4().hex))
    typer.echo(f"{name} is deleted: nobody is shown it any more.")


@content.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the live contents with their surfaces."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"contents": listed}))
        return
    for it in listed:
        audience = it["audience"] or "everybody"
        typer.echo(f"{it['name']} version {it['version']}: {it['surface']}, for {audience}")
    if not listed:
        typer.echo("There is no content yet. docs/surfaces.md shows how one is written.")


async def _publish(source: str, key: str) -> "Published":
    from hub.content import service
    from runtime import wiring

    return await service.publish(source, by="cli", key=key, now=wiring.clock())


async def _delete(name: str, key: str) -> None:
    from hub.access import audit
    from hub.content import service
    from hub.kit import ids
    from runtime import wiring

    deleted = await service.delete(name, by="cli", key=key, now=wiring.clock())
    cause = ids.key_of("cli", "delete content", key)
    await audit.record(audit.OPERATOR, audit.deletion("delete content", deleted), at=wiring.clock(), cause=cause)


async def _listed() -> list[dict[str, Any]]:
    from hub.content import language, store

    read = [(it, language.read(it.source, None)) for it in await store.DEFINITIONS.live()]
    return [
        {
            "name": document.name,
            "version": document.number,
            "publishedAt": document.published_at.isoformat(),
            "surface": content.surface.value,
            "audience": content.audience.written if content.audience else None,
            "priority": content.priority,
        }
        for document, content in read
    ]
