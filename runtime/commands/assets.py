"""`hub assets upload|list`: pictures of mails."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hub.settings import Settings
    from hub.wording.assets import Asset, Stored

app = typer.Typer()
assets = typer.Typer(help="Pictures of mails: bring them, list them.", no_args_is_help=True)
app.add_typer(assets, name="assets")

Picture = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A PNG, JPEG, GIF or WebP.")]


@assets.command()
def upload(file: Picture) -> None:
    """Store a picture and print its public address. The same bytes have the same address."""
    from runtime.on_database import on_database

    async def bring(settings: "Settings") -> str:
        stored = await _upload(file.read_bytes())
        return _address(stored.asset, settings)

    typer.echo(on_database(bring))


@assets.command(name="list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False) -> None:
    """List the pictures that were brought last."""
    from hub.wording import assets as stored
    from runtime.on_database import on_database

    async def ask(settings: "Settings") -> list[dict[str, Any]]:
        return [
            {"url": _address(it, settings), "width": it.picture.width, "height": it.picture.height, "size": it.size}
            for it in await stored.newest()
        ]

    listed = on_database(ask)
    if as_json:
        typer.echo(json.dumps({"assets": listed}))
        return
    for it in listed:
        typer.echo(f"{it['url']} {it['width']} x {it['height']}, {it['size']} bytes")
    if not listed:
        typer.echo("There is no picture yet.")


async def _upload(content: bytes) -> "Stored":
    from hub.access import audit
    from hub.kit import ids
    from hub.wording import assets as stored
    from runtime import wiring

    key = uuid.uuid4().hex
    done = await stored.upload(content, by="cli", key=key, now=wiring.clock())
    if done.new:
        change = audit.Change("upload asset", done.asset.hash, None, {"size": done.asset.size})
        cause = ids.key_of("cli", "upload asset", key)
        await audit.record(audit.OPERATOR, change, at=wiring.clock(), cause=cause)
    return done


def _address(asset: "Asset", settings: "Settings") -> str:
    return settings.public_url.rstrip("/") + asset.path
