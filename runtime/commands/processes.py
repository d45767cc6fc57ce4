"""`hub api`, `hub worker`, `hub router`: one process each, until a signal ends it."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import typer
import uvloop

app = typer.Typer()


@app.command()
def api() -> None:
    """Serve HTTP: GraphQL, events in, pages."""
    from runtime import configuration, processes

    uvloop.run(processes.api(configuration.read_settings()))


@app.command()
def worker() -> None:
    """Drive journeys and send messages."""
    from runtime import configuration, processes

    uvloop.run(processes.worker(configuration.read_settings()))


@app.command()
def router() -> None:
    """Apply events to profiles and route them to journeys."""
    from runtime import configuration, processes

    uvloop.run(processes.router(configuration.read_settings()))
