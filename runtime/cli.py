"""The `hub` command. Exit codes: 0 done, 1 failed, 2 wrong use, 3 not ready."""

import importlib
import os
import pkgutil
import sys
from typing import Final

import typer

from hub.kit.errors import HubError
from runtime import commands
from runtime.errors import Broken, NotReady, UnusableFile, WrongSettings

FAILED, WRONG_USE, NOT_READY = 1, 2, 3

_NOT_ALLOWED: Final = frozenset({13, 18})
"""MongoDB's codes for who may not do this, and for a user or password that is wrong."""


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
    except Exception as error:
        told = _foreseen(error)
        if told is None:
            raise
        typer.echo(f"hub: {told.message}", err=True)
        sys.exit({WrongSettings: WRONG_USE, NotReady: NOT_READY}.get(type(told), FAILED))


def _foreseen(error: Exception) -> HubError | None:
    """Say in the hub's own words what went wrong, if that was foreseen."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, UnicodeDecodeError):
        return UnusableFile("A file that was to be read is not UTF-8 text.")
    if isinstance(error, OSError):
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        if error.filename is not None:
            return UnusableFile(f"{error.filename} cannot be used: {reason}.")
        return Broken(f"The system refused what was needed: {reason}.")
    return _of_mongodb(error)


def _of_mongodb(error: Exception) -> HubError | None:
    """Say what MongoDB said, never in the driver's own words: they may repeat an address, and with it a password."""
    from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError  # noqa: PLC0415

    from hub import database  # noqa: PLC0415  both wait until something has gone wrong: `hub --help` is quick

    if not isinstance(error, PyMongoError):
        return None
    if isinstance(error, InvalidURI | ConfigurationError):
        return WrongSettings("HUB_MONGO_URL is not the address of a MongoDB.")
    if database.is_away(error):
        return NotReady("MongoDB does not answer: look at HUB_MONGO_URL and the server.")
    if isinstance(error, OperationFailure) and error.code in _NOT_ALLOWED:
        return WrongSettings("MongoDB does not let the user in HUB_MONGO_URL do this.")
    return Broken(f"MongoDB refused what was asked of it: {type(error).__name__}.")


if __name__ == "__main__":
    main()
