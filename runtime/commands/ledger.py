"""`hub ledger verify`: whether the points are right."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.ledger.verifying import Verified

app = typer.Typer()
ledger = typer.Typer(help="The points ledger: compute it again.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")

AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@ledger.callback()
def _group() -> None:
    """Keep `verify` a verb of a group while it is the only one."""


@ledger.command()
def verify(*, as_json: AsJson = False) -> None:
    """Compute all points again from their entries and tell every difference. Exit code 1 if there is one."""
    from runtime.on_database import on_database

    verified = on_database(lambda _: _verified())
    if as_json:
        typer.echo(json.dumps(asdict(verified), default=str))
    else:
        typer.echo(f"{verified.purses} purses, {verified.postings} postings, {verified.entries} entries.")
        for it in verified.differences:
            typer.echo(f"{it.program} {it.owner}: {it.what}: kept {it.kept}, computed {it.computed}")
        typer.echo(f"{len(verified.differences)} differences." if verified.differences else "No difference.")
    if verified.differences:
        raise typer.Exit(1)


async def _verified() -> "Verified":
    from hub.ledger import verifying

    return await verifying.verify()
