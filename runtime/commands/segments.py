"""`hub segments check|preview|publish|delete|list|ready|rfm`: rules that pick customers, defined in files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts
from runtime.known import Rollups, known_offline

if TYPE_CHECKING:
    from hub.definitions import Published
    from hub.rankings.rfm import Grid
    from hub.segments.model import Segment
    from hub.segments.preview import Preview
    from hub.segments.ready import Ready
    from hub.settings import Settings

app = typer.Typer()
segments = typer.Typer(help="Segments: check a file, see whom it picks, publish it.", no_args_is_help=True)
app.add_typer(segments, name="segments")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.segment.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@segments.command()
def check(file: File, rollup: Rollups = None) -> None:
    """Name every problem of a segment, with line and column. Needs no server."""
    from hub.segments import language

    segment = language.read(texts.read(file), known_offline(rollup or ()))
    typer.echo(f"{file.name}: {segment.name} has no problem.")


@segments.command()
def preview(file: File, *, as_json: AsJson = False) -> None:
    """Tell what a segment would be if it were published: how many, whose money, whom it shares, who comes and goes."""
    from hub.segments import preview as previewing
    from hub.segments import service
    from runtime import wiring
    from runtime.on_database import on_database

    source = texts.read(file)

    async def ask(_: "Settings") -> "tuple[Segment, Preview]":
        segment = await service.read(source)
        return segment, await previewing.preview(segment, now=wiring.clock())

    segment, found = on_database(ask)
    if as_json:
        typer.echo(json.dumps(_as_json(segment, found)))
        return
    typer.echo(f"{segment.name}: {segment.written}")
    typer.echo(f"  {found.members.count} of {found.total} customers")
    for it in found.revenue:
        share = "" if it.share is None else f", {it.share:.1%} of all"
        typer.echo(f"  {it.theirs.amount} {it.theirs.currency} paid{share}")
    for name, count in found.overlaps.items():
        typer.echo(f"  {count} are in {name}")
    typer.echo(f"  {found.coming.count} would come, {found.going.count} would go")


@segments.command()
def publish(
    file: File, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Publish a segment as a new version. Profiles that are there already are sorted by the back-fill."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("segment", key, lambda key: _publish(source, key), news="counts from now on"))


@segments.command()
def delete(
    name: Annotated[str, typer.Argument(help="The segment.")],
    key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = "",
) -> None:
    """Take a segment away. Refused while other segments, journeys, broadcasts or contents ask for it."""
    from runtime.on_database import on_database

    on_database(lambda _: _delete(name, key or uuid.uuid4().hex))
    typer.echo(f"{name} is deleted: nobody is in it any more.")


@segments.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the live segments, how many are in, and how far everybody is sorted by them."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"segments": listed}))
        return
    for it in listed:
        typer.echo(f"{it['name']} version {it['version']}: {it['size']} in, {it['percent']} % sorted; {it['rule']}")
    if not listed:
        typer.echo("There is no segment yet. docs/segments.md shows how one is written.")


@segments.command()
def ready(
    names: Annotated[list[str] | None, typer.Argument(help="Those of these names; all, if there are none.")] = None,
    *,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the named ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the segments that come with the hub, or publish some of them. One that was changed stays as it is."""
    from hub.segments import ready as gallery
    from runtime.on_database import on_database

    if publish and not names:
        raise typer.BadParameter("Name the segments that are to be published.", param_hint="NAMES")
    chosen = gallery.named(names or ()) or gallery.shipped()
    if publish:
        for it in chosen:
            typer.echo(_published_ready(it))
        return
    live = on_database(lambda _: gallery.published())
    if as_json:
        listed = [
            {
                "name": it.name,
                "description": it.description,
                "rule": it.written,
                "source": it.source,
                "published": it.name in live,
            }
            for it in chosen
        ]
        typer.echo(json.dumps({"segments": listed}))
        return
    for one in chosen:
        typer.echo(f"{one.name}{' (published)' if one.name in live else ''}: {one.description} {one.written}")


@segments.command()
def rfm(
    rollup: Annotated[str, typer.Option(help="What counts as buying: a rollup that adds something up.")] = "purchases",
    *,
    as_json: AsJson = False,
) -> None:
    """Tell how recently, how often and for how much customers have bought, each in fifths: 5 is the best."""
    from hub.rankings import rfm as grading
    from runtime.on_database import on_database

    found = on_database(lambda _: grading.grid(rollup))
    if as_json:
        typer.echo(json.dumps(_grid_as_json(found)))
        return
    for it in found.cells:
        spent = ", ".join(f"{one.amount} {one.currency or ''}".strip() for one in it.revenue)
        scores = f"recency {it.recency}, frequency {it.frequency}, monetary {it.monetary}"
        typer.echo(f"{scores}: {it.customers} customers, {spent}")
    typer.echo(f"{found.customers} customers in all, and {found.others} who have bought and have no sum.")


def _published_ready(one: "Ready") -> str:
    """Publish a ready segment, and give the line that tells of it."""
    from hub.definitions import Published
    from hub.segments import ready as gallery
    from runtime import publishing, wiring

    async def do(key: str) -> Published:
        return await gallery.publish(one, by="cli", key=key, now=wiring.clock())

    try:
        return publishing.publish("segment", "", do, news="counts from now on")
    except gallery.ChangedByTheShop as error:
        return error.message


async def _publish(source: str, key: str) -> "Published":
    from hub.segments import service
    from runtime import wiring

    return await service.publish(source, by="cli", key=key, now=wiring.clock())


async def _delete(name: str, key: str) -> None:
    from hub.access import audit
    from hub.broadcasts import store as broadcasts
    from hub.content import service as content
    from hub.journeys import usage
    from hub.kit import ids
    from hub.programs import service as programs
    from hub.rewards import service as rewards
    from hub.segments import service
    from runtime import wiring

    shown = [*await content.users_of(name), *await rewards.users_of(name), *await programs.users_of(name)]
    used_by = [*await usage.of_segment(name), *await broadcasts.waiting_for(name), *shown]
    deleted = await service.delete(name, used_by=used_by, by="cli", key=key, now=wiring.clock())
    cause = ids.key_of("cli", "delete segment", key)
    await audit.record(audit.OPERATOR, audit.deletion("delete segment", deleted), at=wiring.clock(), cause=cause)


async def _listed() -> list[dict[str, Any]]:
    from hub.segments import language, store, tallying

    live = await store.DEFINITIONS.live()
    sizes = await store.sizes([it.name for it in live])
    found = [(it, *await tallying.progress(it)) for it in live]
    return [
        {
            "name": it.name,
            "version": it.number,
            "rule": language.read_published(it.source).written,
            "publishedAt": it.published_at.isoformat(),
            "size": sizes[it.name],
            "percent": 100 * done // total if total else 100,
        }
        for it, done, total in found
    ]


def _grid_as_json(found: "Grid") -> dict[str, Any]:
    cells = [
        {
            "recency": it.recency,
            "frequency": it.frequency,
            "monetary": it.monetary,
            "customers": it.customers,
            "revenue": [{"amount": str(one.amount), "currency": one.currency} for one in it.revenue],
        }
        for it in found.cells
    ]
    return {"customers": found.customers, "others": found.others, "cells": cells}


def _as_json(segment: "Segment", found: "Preview") -> dict[str, Any]:
    counted = {"members": found.members, "coming": found.coming, "going": found.going}
    return {
        "name": segment.name,
        "rule": segment.written,
        "total": found.total,
        **{name: {"count": it.count, "examples": [str(one) for one in it.examples]} for name, it in counted.items()},
        "revenue": [
            {
                "currency": it.theirs.currency,
                "theirs": str(it.theirs.amount),
                "everybodys": str(it.everybodys.amount),
                "share": it.share,
            }
            for it in found.revenue
        ],
        "overlaps": dict(found.overlaps),
    }
