"""`hub surfaces`: where customers meet what the shop has to say, and what is live there."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hub.surfaces.model import LiveMessage

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@app.command()
def surfaces(*, as_json: AsJson = False) -> None:
    """List each surface, such as `email` or `popup`, with every message that is live there."""
    from hub.surfaces import service
    from runtime.on_database import on_database

    found = on_database(lambda _: service.live())
    if as_json:
        shown = {surface.value: [_as_json(it) for it in messages] for surface, messages in found.items()}
        typer.echo(json.dumps({"surfaces": shown}))
        return
    for surface, messages in found.items():
        typer.echo(f"{surface}: {len(messages)}")
        for it in messages:
            typer.echo(f"  {_line(it)}")


def _line(message: "LiveMessage") -> str:
    if message.content:
        return f"{message.content} version {message.version}"
    return f"{message.template} of {message.brand}/{message.topic}, by {_origin(message)}"


def _origin(message: "LiveMessage") -> str:
    if message.broadcast:
        return f"the broadcast {message.broadcast}"
    return f"{message.journey} version {message.version} step {message.step}" if message.journey else "the hub itself"


def _as_json(message: "LiveMessage") -> dict[str, Any]:
    return {
        "template": message.template,
        "brand": message.brand,
        "topic": message.topic,
        "journey": message.journey,
        "version": message.version,
        "step": message.step,
        "broadcast": message.broadcast,
        "content": message.content,
    }
