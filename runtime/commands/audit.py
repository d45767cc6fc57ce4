"""`hub audit verify`: whether anybody touched what the audit tells."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.access.chain import Head

app = typer.Typer()
audit = typer.Typer(help="The audit: who changed or read what.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command()
def verify(
    noted: Annotated[str, typer.Option(help="NUMBER:HASH of an earlier verification, kept elsewhere.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
) -> None:
    """Walk the chain of all entries, and name the first at which somebody tampered."""
    from hub.access import audit as entries
    from runtime.on_database import on_database

    earlier = _head_of(noted) if noted else None
    verdict = on_database(lambda _: entries.verify(earlier))
    head, fault = verdict.head, verdict.fault
    if as_json:
        found = {"number": fault.number, "tampering": fault.tampering} if fault else None
        typer.echo(json.dumps({"entries": head.number, "hash": head.hash, "fault": found}))
    elif fault:
        typer.echo(f"Entry {fault.number} was {fault.tampering}.")
    else:
        typer.echo(f"{head.number} entries, none was touched. Note for later: {head.number}:{head.hash}")
    raise typer.Exit(1 if fault else 0)


def _head_of(noted: str) -> "Head":
    from hub.access.chain import Head

    number, _, hashed = noted.partition(":")
    if not number.isdecimal() or len(hashed) != 64:  # noqa: PLR2004 - the length of a SHA-256
        raise typer.BadParameter("A noted head is NUMBER:HASH, as this command prints it.", param_hint="--noted")
    return Head(int(number), hashed)
