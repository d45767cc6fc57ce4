"""`hub posters create|change|list`: codes to scan, and words to text, by which customers join a program."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import functools
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hub.access.audit import Change
    from hub.access.model import Caller
    from hub.commerce.posters import Poster
    from hub.settings import Settings

app = typer.Typer()
posters = typer.Typer(help="Posters: codes to scan, and words to text, that lead into a program.", no_args_is_help=True)
app.add_typer(posters, name="posters")

Code = Annotated[str, typer.Argument(help="The code of the poster, as `list` shows it.")]
Expires = Annotated[datetime | None, typer.Option(help="When its time is over, in UTC; never, if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@posters.command()
def create(  # noqa: PLR0917 - a poster has as many sides
    program: Annotated[str, typer.Argument(help="The program that one joins by it.")],
    purpose: Annotated[str, typer.Option(help="What its code is for: join or redeem.")] = "join",
    brand: Annotated[str, typer.Option(help="In whose name.")] = "default",
    store_: Annotated[str, typer.Option("--store", help="In which store it hangs.")] = "",
    campaign: Annotated[str, typer.Option(help="What it belongs to.")] = "",
    word: Annotated[str, typer.Option(help="What one may text instead of scanning: up to three words.")] = "",
    consent_version: Annotated[str, typer.Option(help="Which text of the terms it shows.")] = "",
    expires: Expires = None,
    key: Annotated[str, typer.Option(help="Idempotency key: repeating it makes one poster.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Make a poster, and print its code and the address for its QR code."""
    from hub.commerce import posters_store
    from hub.commerce.posters import Purpose, Wanted
    from hub.kit import ids
    from hub.membership import service
    from runtime import wiring

    if purpose not in set(Purpose):
        raise typer.BadParameter(f"{purpose!r} is none of {', '.join(Purpose)}.", param_hint="--purpose")
    wanted = Wanted(
        Purpose(purpose),
        program,
        brand,
        store_ or None,
        campaign or None,
        word or None,
        consent_version or None,
        _utc(expires),
    )
    cause = ids.key_of("hub posters create", key or uuid.uuid4().hex)

    async def make() -> "tuple[Poster | None, Poster]":
        return None, await service.make_poster(_operator(), wanted, cause=cause, now=wiring.clock())

    _say(_told(make, functools.partial(posters_store.told, "create poster"), cause), as_json=as_json)


@posters.command()
def change(
    code: Code,
    *,
    enabled: Annotated[bool, typer.Option(help="Whether its code is taken.")] = True,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Switch a poster on or off, and set its end."""
    from hub.commerce import posters_store

    async def make() -> "tuple[Poster | None, Poster]":
        return await posters_store.change(_operator(), code, enabled=enabled, expires_at=_utc(expires))

    _say(_told(make, functools.partial(posters_store.told, "change poster"), uuid.uuid4()), as_json=as_json)


@posters.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the posters, the newest hundred."""
    from hub.commerce import posters_store
    from hub.kit.pages import MOST, Span
    from runtime.on_database import on_database

    async def read(settings: "Settings") -> "list[tuple[Poster, str]]":
        return [(it, settings.public_url) for _, it in (await posters_store.page(Span(MOST))).rows]

    found = on_database(read)
    if as_json:
        typer.echo(json.dumps({"posters": [_as_json(*it) for it in found]}))
        return
    for it in found:
        typer.echo(_line(*it))
    if not found:
        typer.echo("There is no poster yet. docs/membership.md shows how one is made.")


def _utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time else None


def _operator() -> "Caller":
    """Whoever runs the command line: limited to nothing."""
    from hub.access.model import Caller, CallerKind

    return Caller(CallerKind.STAFF, "operator", frozenset())


def _told(
    do: "Callable[[], Awaitable[tuple[Poster | None, Poster]]]",
    tell: "Callable[[Poster | None, Poster], Change]",
    cause: uuid.UUID,
) -> "tuple[Poster, str]":
    """Do it, tell the audit, and give the poster with the address of this hub."""
    from hub.access import audit
    from runtime import wiring
    from runtime.on_database import on_database

    async def done(settings: "Settings") -> "tuple[Poster, str]":
        before, after = await do()
        await audit.record(audit.OPERATOR, tell(before, after), at=wiring.clock(), cause=cause)
        return after, settings.public_url

    return on_database(done)


def _say(found: "tuple[Poster, str]", *, as_json: bool) -> None:
    typer.echo(json.dumps(_as_json(*found)) if as_json else _line(*found))


def _line(poster: "Poster", url: str) -> str:
    shown = _as_json(poster, url)
    where = ", ".join(f"{name} {shown[name]}" for name in ("storeId", "campaign", "word", "expiresAt") if shown[name])
    state = "" if poster.enabled else " (off)"
    return f"{shown['url']} {shown['purpose']} {shown['program']}{state}{': ' if where else ''}{where}"


def _as_json(poster: "Poster", url: str) -> dict[str, Any]:
    about = poster.about
    return {
        "code": poster.code,
        "url": f"{url.rstrip('/')}/q/{poster.code}",
        "purpose": about.purpose.value,
        "program": about.program,
        "brand": about.brand,
        "storeId": about.store_id,
        "campaign": about.campaign,
        "word": about.word,
        "consentVersion": about.consent_version,
        "enabled": poster.enabled,
        "expiresAt": about.expires_at.isoformat() if about.expires_at else None,
        "madeAt": poster.made_at.isoformat(),
    }
