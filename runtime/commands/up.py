"""`hub up`: the whole hub on this machine."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def up(
    port: Annotated[
        int, typer.Option(help="Port of the API; the next free one if it is taken.", min=1, max=65535)
    ] = 8000,
    data: Annotated[Path, typer.Option(help="Folder for data, logs and hub.json.", file_okay=False)] = Path(".hub"),
    *,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Let a shop's customers come and go.")] = True,
) -> None:
    """Start MongoDB, Temporal, the API, a worker and a router; stop them all with Ctrl-C.

    HUB_MONGO_URL or TEMPORAL_ADDRESS, if set, name a server that is used instead of one of its own.
    """
    from runtime import configuration, supervisor

    supervisor.up(configuration.read_settings(), data=data, port=port, demo=demo)
