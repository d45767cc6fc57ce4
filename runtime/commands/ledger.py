"""`hub ledger verify|liability|roll-forward|export`: whether the points are right, and their books."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.books.model import Liability, RollForward
    from hub.kit.money import Money
    from hub.ledger.verifying import Verified

app = typer.Typer()
ledger = typer.Typer(help="The points ledger: compute it again, and read its books.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")

AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]
Program = Annotated[str, typer.Argument(help="The program's name.")]
MOMENT = ["%Y-%m-%dT%H:%M:%S%z"]
At = Annotated[
    datetime | None,
    typer.Option(formats=MOMENT, help="By the postings of then, such as 2026-11-01T00:00:00Z."),
]


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


@ledger.command()
def liability(program: Program, at: At = None, *, as_json: AsJson = False) -> None:
    """Say what the points of a program will cost: now, or at a past moment."""
    from runtime.on_database import on_database

    found = on_database(lambda _: _liability(program, at))
    if as_json:
        typer.echo(json.dumps({"liability": [_cost_row(it) for it in found]}))
    for it in () if as_json else found:
        cost = f"{_amount(it.full)}, {_amount(it.expected)} expected" if it.full else "no cost is said"
        typer.echo(f"{it.wallet}: {it.points.spendable} points ({it.points.held} held), {cost}")


async def _liability(program: str, at: datetime | None) -> "list[Liability]":
    from hub.books import service
    from runtime import wiring

    return await service.liability(program, at, now=wiring.clock())


def _cost_row(it: "Liability") -> dict[str, object]:
    costs = {"breakage": it.breakage, "fullCost": _amount(it.full), "expectedCost": _amount(it.expected)}
    return {"wallet": it.wallet, "points": it.points.spendable, **asdict(it.points), **costs}


def _amount(money: "Money | None") -> str | None:
    return f"{money.amount} {money.currency}" if money else None


@ledger.command()
def roll_forward(
    program: Program,
    month: Annotated[str, typer.Argument(help="A month in the program's zone, such as 2026-11.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say how the points of a program came and went in a month."""
    from runtime.on_database import on_database

    found = on_database(lambda _: _roll_forward(program, month))
    lines = [asdict(it) for it in found.lines]
    if as_json:
        closed_at = found.closed_at and found.closed_at.isoformat()
        typer.echo(json.dumps({"program": program, "month": str(found.month), "closedAt": closed_at, "lines": lines}))
    for line in () if as_json else lines:
        wallet, brand = line.pop("wallet"), line.pop("brand")
        typer.echo(f"{wallet}, {brand}: {', '.join(f'{name} {points}' for name, points in line.items())}")


async def _roll_forward(program: str, month: str) -> "RollForward":
    from hub.books import service
    from hub.books.model import Month
    from runtime import wiring

    return await service.roll_forward(program, Month.of(month), now=wiring.clock())


@ledger.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A .csv, .jsonl (each also .gz) or .parquet.")],
    program: Annotated[str | None, typer.Option(help="Of this program only.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=MOMENT, help="Booked then or later.")] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=MOMENT, help="Booked before; now, if it is left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write every entry of the ledger into a file, with its account, for other books."""
    from runtime.on_database import on_database

    written = on_database(lambda _: _export(file, program, since, until))
    typer.echo(json.dumps({"rows": written, "file": str(file)}) if as_json else f"{written} rows in {file}.")


async def _export(file: Path, program: str | None, since: datetime | None, until: datetime | None) -> int:
    from hub.books import entries
    from hub.books.entries import Booked
    from hub.ledger import flushing
    from runtime import wiring
    from runtime.commands import exports

    now = wiring.clock()
    await flushing.flush_all(now=now)
    wanted = Booked(program, since, min(until or now, now))
    what = {"kind": "ledger", "program": program, "from": since and since.isoformat(), "to": wanted.until.isoformat()}
    return await exports.write(what, file, lambda: entries.rows(wanted), total=None)
