"""`hub deliveries`: how many messages nobody can vouch for."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def deliveries(
    brand: Annotated[
        list[str] | None, typer.Option(help="Those of this brand; again for another. Else of all.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
) -> None:
    """Count the messages that may not have arrived, and those that went out twice, of a million."""
    from hub.messaging import doubts
    from runtime.on_database import on_database

    found = on_database(lambda _: doubts.numbers(brand or ()))
    if as_json:
        shares = {
            "unknownPerMillion": found.unknown_per_million,
            "duplicatesPerMillion": found.duplicates_per_million,
        }
        typer.echo(json.dumps({**asdict(found), **shares}))
        return
    typer.echo(f"{found.messages} messages")
    typer.echo(f"{found.unknown} unknown, {found.unknown_per_million:.1f} of a million")
    typer.echo(f"{found.duplicates} twice, {found.duplicates_per_million:.1f} of a million")
