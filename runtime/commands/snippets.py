"""`hub snippets check|publish|approve|list|outdated`: what many templates say in the same words."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
snippets = typer.Typer(help="Snippets: what many templates say in the same words.", no_args_is_help=True)
app.add_typer(snippets, name="snippets")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.snippet.yaml.")]
Key = Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@snippets.command()
def check(file: File) -> None:
    """Name every problem of a snippet, with line and column. Needs no server."""
    from hub.wording import snippets as language

    snippet = language.read(texts.read(file))
    typer.echo(f"{file.name}: {snippet.name} has no problem.")


@snippets.command()
def publish(file: File, key: Key = "") -> None:
    """Publish a snippet as a new version, to which somebody else has to agree."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("snippet", key, lambda key: _publish(source, key), news="waits for a second person"))


@snippets.command()
def approve(
    name: Annotated[str, typer.Argument(help="The snippet.")],
    version: Annotated[int, typer.Argument(help="The version that is agreed to.")],
    key: Key = "",
) -> None:
    """Agree to a version that somebody else has published. Templates published from now on say it."""
    from runtime.on_database import on_database

    agreed = on_database(lambda _: _approve(name, version, key or uuid.uuid4().hex))
    state = "is said from now on" if agreed.new else "was agreed to already: nothing has changed"
    typer.echo(f"{name} version {version} {state}.")


@snippets.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the snippets that templates may say, and the versions that wait for a second person."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"snippets": listed}))
        return
    for it in listed:
        agreed = f"version {it['agreed']} is said" if it["agreed"] else "no version is said"
        waits = f", version {it['newest']} waits for a second person" if it["newest"] != it["agreed"] else ""
        typer.echo(f"{it['name']}: {agreed}{waits}")
    if not listed:
        typer.echo("There is no snippet yet. docs/messages.md shows how one is written.")


@snippets.command()
def outdated(*, as_json: AsJson = False) -> None:
    """List the templates that say another version of a snippet than the one that was agreed to."""
    from dataclasses import asdict

    from hub.wording import snippet_store
    from runtime.on_database import on_database

    found = on_database(lambda _: snippet_store.outdated())
    if as_json:
        typer.echo(json.dumps({"outdated": [asdict(it) for it in found]}))
        return
    for it in found:
        typer.echo(f"{it.template} version {it.version} says {it.snippet} version {it.says}, agreed is {it.agreed}")
    if not found:
        typer.echo("Every template says what was agreed to.")


@snippets.command(name="outdated-messages")
def outdated_messages(
    since: Annotated[datetime | None, typer.Option(help="Those that went out since then, in UTC.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List what went out with other words of a snippet than were agreed to by then, and how many messages."""
    from dataclasses import asdict

    from hub.messaging import wordings
    from hub.messaging.store import EARLIEST
    from runtime.on_database import on_database

    from_then = since.replace(tzinfo=UTC) if since else EARLIEST
    found = on_database(lambda _: wordings.outdated(from_then))
    if as_json:
        typer.echo(json.dumps({"messages": [asdict(it) for it in found]}, default=datetime.isoformat))
        return
    for it in found:
        count = f"{it.messages} message{'' if it.messages == 1 else 's'}"
        said = f"said {it.snippet} version {it.said}, agreed is {it.agreed}"
        typer.echo(f"{count} of {it.template} {said}: from {it.first_at.isoformat()} to {it.last_at.isoformat()}")
    if not found:
        typer.echo("Every message that went out said what was agreed to.")


async def _publish(source: str, key: str) -> "Published":
    from hub.wording import snippet_store
    from runtime import wiring

    return await snippet_store.publish(source, by="cli", key=key, now=wiring.clock())


async def _approve(name: str, version: int, key: str) -> "Published":
    from hub.access import audit
    from hub.kit import ids
    from hub.wording import snippet_store
    from runtime import wiring

    agreed = await snippet_store.approve(name, version, by="cli", key=key, now=wiring.clock())
    if agreed.new:
        change = audit.Change("approve snippet", name, None, {"version": version})
        cause = ids.key_of("cli", "approve snippet", key)
        await audit.record(audit.OPERATOR, change, at=wiring.clock(), cause=cause)
    return agreed


async def _listed() -> list[dict[str, Any]]:
    from hub.wording import snippet_store

    agreed = await snippet_store.approved()
    return [
        {"name": it.name, "newest": it.number, "agreed": agreed[it.name].version if it.name in agreed else None}
        for it in await snippet_store.DEFINITIONS.live()
    ]
