"""The `hub` command. Exit codes: 0 done, 1 failed, 2 wrong use, 3 not ready."""

import importlib
import pkgutil
import sys

import typer

from hub.kit.errors import HubError
from runtime import commands
from runtime.errors import NotReady, WrongSettings

FAILED, WRONG_USE, NOT_READY = 1, 2, 3


def application() -> typer.Typer:
    """Gather the verbs of `runtime.commands`."""
    app = typer.Typer(
        name="hub",
        help="The engagement hub: one profile of each customer, and journeys that speak to them once.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for module in pkgutil.iter_modules(commands.__path__):
        app.add_typer(importlib.import_module(f"{commands.__name__}.{module.name}").app)
    return app


def main() -> None:
    """Run one verb. A failure that was foreseen is one sentence on stderr; a traceback is a fault of ours."""
    try:
        application()()
    except HubError as error:
        typer.echo(f"hub: {error.message}", err=True)
        sys.exit({WrongSettings: WRONG_USE, NotReady: NOT_READY}.get(type(error), FAILED))


if __name__ == "__main__":
    main()
