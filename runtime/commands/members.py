"""`hub members joins`: who enrolled how many members, in which store."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.membership.report import Joins

app = typer.Typer()
members = typer.Typer(help="Members of programs: count who joined.", no_args_is_help=True)
app.add_typer(members, name="members")


@members.command()
def joins(
    program: Annotated[str, typer.Argument(help="The program that they joined.")],
    since: Annotated[datetime, typer.Option(help="From when on, in UTC.")],
    until: Annotated[datetime | None, typer.Option(help="Before when, in UTC; now, if left out.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
) -> None:
    """Count who joined by store and associate, and how many of them have bought since. A person counts once."""
    from runtime.on_database import on_database

    found = on_database(lambda _: _joins(program, since, until))
    if as_json:
        typer.echo(json.dumps({"program": program, "joins": [_as_json(it) for it in found]}))
        return
    for it in found:
        place = f"{it.store_id or 'no store'}, {it.associate_id or 'nobody'}"
        typer.echo(f"{place}: {it.joins} joined, {it.first_purchases} have bought")
    if not found:
        typer.echo("Nobody joined in this time.")


async def _joins(program: str, since: datetime, until: datetime | None) -> "list[Joins]":
    from hub.membership import report, service
    from runtime import wiring

    await service.program_of(program)
    ends = until.replace(tzinfo=UTC) if until else wiring.clock()
    return await report.joins(program, since.replace(tzinfo=UTC), ends)


def _as_json(counted: "Joins") -> dict[str, str | int | None]:
    return {
        "storeId": counted.store_id,
        "associateId": counted.associate_id,
        "joins": counted.joins,
        "firstPurchases": counted.first_purchases,
    }
