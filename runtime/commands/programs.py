"""`hub programs check|plan|apply|simulate|list`: loyalty programs, defined in files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts
from runtime.known import Rollups, known_offline

if TYPE_CHECKING:
    from hub.programs.service import Planned
    from hub.tiers.trying import Trial

app = typer.Typer()
programs = typer.Typer(help="Loyalty programs: check files, plan what they change, apply them.", no_args_is_help=True)
app.add_typer(programs, name="programs")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.program.yaml.")]
Files = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Files, each a NAME.program.yaml.")
]
DAYS = ["%Y-%m-%d"]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@programs.command()
def check(file: File, rollup: Rollups = None) -> None:
    """Name every problem of a program, with line and column, and say what it is about. Needs no server."""
    from hub.programs import language
    from hub.programs.summary import summary

    program = language.read(texts.read(file), known_offline(rollup or ()))
    typer.echo(f"{file.name}: {program.name} has no problem.")
    for spoken in program.texts:
        typer.echo(f"{spoken}: {summary(program, spoken)}")


@programs.command()
def plan(files: Files, *, as_json: AsJson = False) -> None:
    """Say what applying files would change. Changes nothing."""
    from runtime.on_database import on_database

    sources = [texts.read(it) for it in files]
    planned = on_database(lambda _: _plan(sources))
    if as_json:
        typer.echo(json.dumps({"programs": [_row(it, trial) for it, trial in planned]}))
    for it, trial in () if as_json else planned:
        typer.echo(f"{it.name}: {it.state}, version {it.number}")
        for (was, tier), members in sorted(trial.moves.items(), key=lambda move: -move[1]):
            typer.echo(f"  {members} of {trial.members} members go from {was or 'no tier'} to {tier or 'no tier'}")


@programs.command()
def apply(
    files: Files, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Make each file the newest version of its program and activate it. Orders from now on earn by it."""
    from runtime.on_database import on_database

    sources = [texts.read(it) for it in files]
    for name, number, new in on_database(lambda _: _apply(sources, key or uuid.uuid4().hex)):
        state = "is active from now on" if new else "was active already: nothing has changed"
        typer.echo(f"{name} version {number} {state}.")


@programs.command()
def simulate(
    file: File,
    since: Annotated[datetime, typer.Option("--from", formats=DAYS, help="The first day, in the program's zone.")],
    until: Annotated[datetime, typer.Option("--until", formats=DAYS, help="The day after the last one.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what a program would have given for the orders of a past time, rule by rule. Changes nothing."""
    from runtime.on_database import on_database

    source = texts.read(file)
    found = on_database(lambda _: _simulate(source, since, until))
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(f"{found['program']}: {found['orders']} orders of {found['members']} customers")
    for name, points in found["points"].items():
        typer.echo(f"{name}: {points} points")
    for it in found["rules"]:
        typer.echo(f"{it['name']}: {it['points']} for {it['orders']} orders of {it['members']} customers")


@programs.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the programs with their newest and their active version."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"programs": listed}))
        return
    for it in listed:
        active = f"version {it['active']} is active" if it["active"] else "none is active"
        typer.echo(f"{it['name']} version {it['version']}, {active}")
    if not listed:
        typer.echo("There is no program yet. docs/loyalty.md shows how one is written.")


async def _plan(sources: list[str]) -> "list[tuple[Planned, Trial]]":
    from hub.programs import language, service
    from hub.tiers import trying
    from runtime import wiring

    planned = await service.plan(sources)
    now = wiring.clock()
    return [
        (it, await trying.tried(language.read(source, None), now=now))
        for it, source in zip(planned, sources, strict=True)
    ]


async def _apply(sources: list[str], key: str) -> list[tuple[str, int, bool]]:
    from hub.access import audit
    from hub.kit import ids
    from hub.programs import service
    from runtime import wiring

    await service.plan(sources)  # all of them, or none
    done = []
    for place, source in enumerate(sources):
        once, now = f"{key}/{place}", wiring.clock()
        drafted = await service.draft(source, by="cli", key=once, now=now)
        activated = await service.activate(drafted.version, by="cli", key=once, now=now)
        if activated.new:
            version = activated.activation.version
            change = audit.Change("activate program", version.name, None, {"version": version.number})
            await audit.record(audit.OPERATOR, change, at=now, cause=ids.key_of("cli", "activate program", once))
        done.append((drafted.version.name, activated.activation.version.number, activated.new))
    return done


async def _simulate(source: str, since: datetime, until: datetime) -> dict[str, Any]:
    from hub.earning import simulating
    from hub.programs import service
    from runtime import wiring

    program = await service.read(source)
    first, last = (it.replace(tzinfo=program.zone) for it in (since, until))
    found = await simulating.simulate(program, first, last, now=wiring.clock())
    return {
        "program": program.name,
        "orders": found.orders,
        "members": found.members,
        "points": found.points,
        "rules": [
            {"name": name, "points": it.points, "orders": it.orders, "members": it.members}
            for name, it in found.rules.items()
        ],
    }


async def _listed() -> list[dict[str, Any]]:
    from hub.programs import service, store

    known = await service.current()
    return [
        {"name": it.name, "version": it.number, "active": active.number if active else None}
        for it in await store.DEFINITIONS.live()
        for active in [known.newest(it.name)]
    ]


def _row(it: "Planned", trial: "Trial") -> dict[str, Any]:
    moves = [{"was": was, "tier": tier, "members": members} for (was, tier), members in trial.moves.items()]
    tiers = {"members": trial.members, "up": trial.up, "down": trial.down, "moves": moves}
    return {"name": it.name, "state": it.state.value, "version": it.number, "tiers": tiers}
