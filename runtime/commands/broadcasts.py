"""`hub broadcasts create|list|show|pause|resume|cancel`: one message to everybody in a segment."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from hub.broadcasts.model import Broadcast
    from hub.broadcasts.numbers import Numbers
    from hub.broadcasts.service import Changed
    from hub.profiles.model import Channel

app = typer.Typer()
broadcasts = typer.Typer(help="Broadcasts: one message to everybody in a segment.", no_args_is_help=True)
app.add_typer(broadcasts, name="broadcasts")

Id = Annotated[str, typer.Argument(metavar="ID", help="The id of the broadcast, as `list` shows it.")]
Key = Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")]
_BEST: Final = "best"
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@broadcasts.command()
def create(  # noqa: PLR0917 - a broadcast has as many sides
    name: Annotated[str, typer.Argument(help="What people call it.")],
    segment: Annotated[str, typer.Option(help="Those who are in it at the start are told.")],
    template: Annotated[str, typer.Option(help="A stored template.")],
    channel: Annotated[
        list[str] | None,
        typer.Option(
            help="email, push, sms or inbox; again for the next to try. `best` tries the customer's best of them first."
        ),
    ] = None,
    brand: Annotated[str, typer.Option(help="In whose name.")] = "default",
    topic: Annotated[str, typer.Option(help="What it is about: a topic of the class marketing.")] = "marketing",
    at: Annotated[
        str,
        typer.Option(
            help="When, with its offset: 2026-12-01T09:00+01:00; `best` is each customer's best hour. Else at once."
        ),
    ] = "",
    local: Annotated[str, typer.Option(help="When by each customer's own clock: 2026-12-01T09:00.")] = "",
    per_minute: Annotated[int | None, typer.Option(help="Messages a minute at most.")] = None,
    priority: Annotated[int, typer.Option(help="0 to 100; what journeys say has 50.")] = 25,
    key: Key = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Store a broadcast, which starts by itself when its time has come."""
    from hub.broadcasts import service
    from hub.broadcasts.model import BEST_OF, Definition
    from runtime import wiring

    asked = channel or []
    usual = [it.value for it in BEST_OF] if _BEST in asked else ["email"]
    definition = Definition(
        name=name,
        segment=segment,
        template=template,
        channels=_channels([it for it in asked if it != _BEST] or usual),
        brand=brand,
        topic=topic,
        at=_time(at, "--at") if at not in {"", _BEST} else None,
        local_at=_time(local, "--local") if local else None,
        per_minute=per_minute,
        priority=priority,
        best_first=_BEST in asked,
        at_best_hour=at == _BEST,
    )
    key = key or uuid.uuid4().hex

    _say(_changed(lambda: service.create(definition, by="cli", key=key, now=wiring.clock()), key), as_json=as_json)


@broadcasts.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the hundred newest broadcasts, where they stand, and how many were sent."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _newest())
    if as_json:
        typer.echo(json.dumps({"broadcasts": [_as_json(*it) for it in listed]}))
        return
    for it in listed:
        typer.echo(_line(*it))
    if not listed:
        typer.echo("There is no broadcast yet. docs/broadcasts.md shows how one is made.")


@broadcasts.command()
def show(broadcast: Id, *, as_json: AsJson = False) -> None:
    """Show a broadcast with its numbers."""
    from hub.broadcasts import store
    from runtime.on_database import on_database

    wanted = _id(broadcast)

    async def find() -> "tuple[Broadcast, Numbers]":
        return await _counted(await store.find(wanted))

    _say(on_database(lambda _: find()), as_json=as_json)


@broadcasts.command()
def pause(broadcast: Id, key: Key = "", *, as_json: AsJson = False) -> None:
    """Hold a broadcast: what no sender has begun to send waits."""
    from hub.broadcasts import service
    from runtime import wiring

    wanted = _id(broadcast)
    _say(_changed(lambda: service.pause(wanted, now=wiring.clock()), key), as_json=as_json)


@broadcasts.command()
def resume(broadcast: Id, key: Key = "", *, as_json: AsJson = False) -> None:
    """Let a paused broadcast go on from where it was."""
    from hub.broadcasts import service
    from runtime import wiring

    wanted = _id(broadcast)
    _say(_changed(lambda: service.resume(wanted, now=wiring.clock()), key), as_json=as_json)


@broadcasts.command()
def cancel(broadcast: Id, key: Key = "", *, as_json: AsJson = False) -> None:
    """End a broadcast for good: nobody else hears of it."""
    from hub.broadcasts import service
    from runtime import wiring

    wanted = _id(broadcast)
    _say(_changed(lambda: service.cancel(wanted, now=wiring.clock()), key), as_json=as_json)


def _id(written: str) -> uuid.UUID:
    try:
        return uuid.UUID(written)
    except ValueError:
        raise typer.BadParameter("An id is taken from `hub broadcasts list`.", param_hint="ID") from None


def _time(written: str, option: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter("A time is written as 2026-12-01T09:00.", param_hint=option) from None


def _channels(written: list[str]) -> "tuple[Channel, ...]":
    from hub.profiles.model import Channel

    if unknown := sorted(set(written) - set(Channel)):
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(Channel)}.", param_hint="--channel")
    return tuple(Channel(it) for it in written)


def _changed(do: Callable[[], Awaitable["Changed"]], key: str) -> "tuple[Broadcast, Numbers]":
    """Do it, tell the audit, and give the broadcast as it stands then."""
    from hub.access import audit
    from hub.kit import ids
    from runtime import wiring
    from runtime.on_database import on_database

    async def done() -> "tuple[Broadcast, Numbers]":
        changed = await do()
        if change := changed.change:
            cause = ids.key_of("cli", change.what, key or uuid.uuid4().hex)
            await audit.record(audit.OPERATOR, change, at=wiring.clock(), cause=cause)
        return await _counted(changed.broadcast)

    return on_database(lambda _: done())


async def _counted(broadcast: "Broadcast") -> "tuple[Broadcast, Numbers]":
    from hub.broadcasts import numbers

    return broadcast, numbers.of(broadcast, (await numbers.tallies([broadcast.id]))[broadcast.id])


async def _newest() -> "list[tuple[Broadcast, Numbers]]":
    from hub.broadcasts import numbers, store
    from hub.kit.pages import MOST, Span

    found = [it for _, it in (await store.page(Span(MOST))).rows]
    tallies = await numbers.tallies([it.id for it in found])
    return [(it, numbers.of(it, tallies[it.id])) for it in found]


def _say(found: "tuple[Broadcast, Numbers]", *, as_json: bool) -> None:
    typer.echo(json.dumps(_as_json(*found)) if as_json else _line(*found))


def _line(broadcast: "Broadcast", numbers: "Numbers") -> str:
    said = broadcast.definition
    when = "" if broadcast.started_at else f", starts {broadcast.starts_at.isoformat(timespec='minutes')}"
    why = f" ({broadcast.reason})" if broadcast.reason else ""
    counted = {
        "recipients": numbers.recipients,
        "to come": numbers.to_come,
        "waiting": numbers.waiting,
        "sent": numbers.sent,
        "delivered": numbers.delivered,
        "skipped": sum(numbers.skipped.values()),
        "failed": numbers.failed,
        "unknown": numbers.unknown,
        "cancelled": numbers.cancelled,
        "left out": numbers.left_out,
        "opened": numbers.opened,
        "clicked": numbers.clicked,
        "bounced": numbers.bounced,
        "complained of": numbers.complained,
    }
    told = "".join(f", {count} {what}" for what, count in counted.items() if count)
    return f"{broadcast.id} {said.name}: {broadcast.state.value}{why}; {said.template} to {said.segment}{when}{told}"


def _as_json(broadcast: "Broadcast", numbers: "Numbers") -> dict[str, Any]:
    said = broadcast.definition
    times = {
        "at": said.at,
        "localAt": said.local_at,
        "createdAt": broadcast.created_at,
        "startsAt": broadcast.starts_at,
        "startedAt": broadcast.started_at,
        "endedAt": broadcast.ended_at,
    }
    return {
        "id": str(broadcast.id),
        "name": said.name,
        "state": broadcast.state.value,
        "reason": broadcast.reason,
        "segment": said.segment,
        "template": said.template,
        "channels": [it.value for it in said.channels],
        "brand": said.brand,
        "topic": said.topic,
        "perMinute": said.per_minute,
        "bestChannel": said.best_first,
        "bestHour": said.at_best_hour,
        "priority": said.priority,
        **{name: it.isoformat() if it else None for name, it in times.items()},
        "numbers": {
            "recipients": numbers.recipients,
            "toCome": numbers.to_come,
            "leftOut": numbers.left_out,
            "waiting": numbers.waiting,
            "sent": numbers.sent,
            "delivered": numbers.delivered,
            "skipped": dict(numbers.skipped),
            "failed": numbers.failed,
            "unknown": numbers.unknown,
            "cancelled": numbers.cancelled,
            "opened": numbers.opened,
            "clicked": numbers.clicked,
            "bounced": numbers.bounced,
            "complained": numbers.complained,
        },
    }
