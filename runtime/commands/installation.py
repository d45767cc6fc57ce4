"""`hub migrate` and `hub health`: what an installation needs, and whether it has it."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import asyncio
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Make every collection and index. Repeating it changes nothing."""
    from runtime import configuration, migration

    asyncio.run(migration.migrate(configuration.read_settings()))


@app.command()
def health(
    *, ready: Annotated[bool, typer.Option("--ready", help="Ask also for MongoDB, Temporal and migrations.")] = False
) -> None:
    """Ask the API on this machine; the exit code is 3 while it is not ready."""
    from runtime import configuration, readiness

    settings = configuration.read_settings()
    typer.echo(asyncio.run(readiness.ask(f"http://{settings.api_bind}", ready=ready)))
