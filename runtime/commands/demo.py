"""`hub demo`: customers for a hub that runs."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import asyncio
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def demo(
    hub_json: Annotated[
        Path, typer.Option(envvar="HUB_JSON", help="The hub.json of the hub to play to.", dir_okay=False)
    ] = Path(".hub/hub.json"),
) -> None:
    """Publish the demo's journey, and let the customers of a small coffee shop come and go until stopped."""
    from runtime.demo import opening

    asyncio.run(opening.keep_open(hub_json))
