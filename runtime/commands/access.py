"""`hub token` and `hub keys`: lets people and machines in."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from hub.access.audit import Change
    from hub.access.keys import KeyDocument
    from hub.settings import Settings

T = TypeVar("T")
WordT = TypeVar("WordT", bound=StrEnum)

app = typer.Typer()
keys = typer.Typer(help="Keys of machines, partners, devices and staff.", no_args_is_help=True)
app.add_typer(keys, name="keys")

KeyId = Annotated[str, typer.Argument(help="The second-last part of a key: hub_ENV_ID_….")]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command()
def token(customer: Annotated[str, typer.Option(help="The customer's user id.")]) -> None:
    """Make a customer's token, valid for thirty days."""
    from hub.access import tokens
    from runtime import configuration, wiring

    typer.echo(tokens.issue(configuration.read_settings(), customer, now=wiring.clock()))


@keys.command()
def create(
    *,
    kind: Annotated[
        str, typer.Option(help="client (inside an app or page), server, staff, partner, or device (a till, a kiosk).")
    ],
    source: Annotated[str, typer.Option(help="The id of the source whose events it sends.")],
    person: Annotated[str, typer.Option(help="For staff: whose it is, by an id and not by an address.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="For staff; several times for several roles.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="For partners; several times for several. For a device that is a till: tills:write."),
    ] = None,
    brand: Annotated[list[str] | None, typer.Option(help="Limits it to this brand; several times for several.")] = None,
    store_: Annotated[
        list[str] | None, typer.Option("--store", help="Limits it to this store; several times for several.")
    ] = None,
    expires: Annotated[datetime | None, typer.Option(help="When it is over, in UTC.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key. It is shown once. Without --person and --role, a key of staff is an admin's."""
    from hub.access import keys as store
    from hub.access.audit import Change
    from hub.access.grants import Grant, KeyKind, told
    from hub.access.model import Role, Scope

    wanted = _word(KeyKind, kind, "--kind")
    nobodys = [Role.ADMIN] if wanted is KeyKind.STAFF and not person else []
    grant = Grant(
        wanted,
        source,
        person,
        frozenset(_word(Role, it, "--role") for it in role or nobodys),
        frozenset(_word(Scope, it, "--scope") for it in scope or ()),
        frozenset(brand or ()),
        frozenset(store_ or ()),
        expires.replace(tzinfo=UTC) if expires else None,
    )

    async def make(settings: "Settings", now: datetime) -> "tuple[tuple[str, str | None], Change]":
        key_id = store.new_id()
        key = await store.make(grant, key_id=key_id, env=settings.env, now=now)
        return (key_id, key), Change("create key", key_id, None, told(grant), grant.brands, grant.stores)

    key_id, key = _changed(make)
    typer.echo(json.dumps({"id": key_id, "key": key}) if as_json else key)


@keys.command()
def rotate(
    key_id: KeyId,
    overlap: Annotated[
        str, typer.Option(help="How long the older secret goes on working, as 30m or 7d; until revoked, if left out.")
    ] = "",
    as_json: Json = False,  # noqa: FBT002  an option of the command line
) -> None:
    """Give a key a second secret, which is shown once. Id, source and limits stay."""
    from hub.access import keys as store
    from hub.access.audit import Change
    from hub.kit import durations

    both_live = durations.parse(overlap) if overlap else None

    async def change(settings: "Settings", now: datetime) -> "tuple[str | None, Change]":
        key = await store.rotate(key_id, cause=uuid.uuid4().hex, env=settings.env, now=now, overlap=both_live)
        after = await store.load(key_id)
        about = (after.grant.brands, after.grant.stores)
        return key, Change("rotate key", key_id, None, {"last4": after.last4}, *about)

    key = _changed(change)
    typer.echo(json.dumps({"id": key_id, "key": key}) if as_json else key)


@keys.command()
def revoke(
    key_id: KeyId,
    older: Annotated[bool, typer.Option("--older", help="End only the secret that a rotation has replaced.")] = False,  # noqa: FBT002  an option of the command line
    as_json: Json = False,  # noqa: FBT002  the same
) -> None:
    """Make a key useless within a second."""
    from hub.access import keys as store
    from hub.access.audit import Change

    async def change(_settings: "Settings", now: datetime) -> "tuple[KeyDocument, Change]":
        await (store.revoke_older(key_id) if older else store.revoke(key_id, now=now))
        after = await store.load(key_id)
        what = "revoke older secret" if older else "revoke key"
        about = (after.grant.brands, after.grant.stores)
        return after, Change(what, key_id, None, {"revoked_at": after.revoked_at}, *about)

    after = _changed(change)
    done = f"The older secret of {key_id} is revoked." if older else f"{key_id} is revoked."
    typer.echo(json.dumps(_shown(after)) if as_json else done)


@keys.command("list")
def list_(
    as_json: Json = False,  # noqa: FBT002  an option of the command line
) -> None:
    """List every key, the newest first, without secrets."""
    from hub.access import keys as store
    from runtime.on_database import on_database

    async def read(_settings: "Settings") -> "Sequence[KeyDocument]":
        return await store.all_keys()

    rows = [_shown(it) for it in on_database(read)]
    if as_json:
        typer.echo(json.dumps(rows))
    for row in [] if as_json else rows:
        state = "revoked" if row["revoked_at"] else f"used {row['used_on'] or 'never'}"
        typer.echo(f"{row['id']}  …{row['last4']}  {row['kind']}  {row['source']}  {row['person']}  {state}")


def _word(words: type[WordT], given: str, option: str) -> WordT:
    if given not in set(words):
        raise typer.BadParameter(f"{given!r} is none of {', '.join(words)}.", param_hint=option)
    return words(given)


def _shown(key: "KeyDocument") -> dict[str, Any]:
    """Show a key as JSON, without the hashes of its secrets."""
    shown: dict[str, Any] = key.model_dump(mode="json", exclude={"digest", "older", "rotation"})
    return {**shown, "older_last4": key.older.last4 if key.older else None}


def _changed(change: "Callable[[Settings, datetime], Awaitable[tuple[T, Change]]]") -> T:
    """Change something, and leave an entry in the audit."""
    from hub.access import audit
    from runtime import wiring
    from runtime.on_database import on_database

    async def done(settings: "Settings") -> T:
        result, told = await change(settings, wiring.clock())
        await audit.record(audit.OPERATOR, told)
        return result

    return on_database(done)
