"""`hub keys`: the same verbs on the command line, each change with its entry in the audit."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from typer.testing import CliRunner

import hub.database
from hub.access.keyring import Keyring
from hub.access.model import Caller, CallerKind, Role
from hub.access.permissions import ROLES
from hub.database import Client, Database
from hub.events.model import Source, Trust
from hub.settings import Settings
from runtime import wiring
from runtime.cli import application

Run: TypeAlias = Callable[..., Awaitable[Any]]


@pytest.fixture
async def run(settings: Settings, client: Client, database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    del database
    monkeypatch.setenv("HUB_MONGO_URL", settings.mongo_url.get_secret_value())

    async def run(*words: str, exit_code: int = 0) -> Any:
        # In a thread, for a verb has an event loop of its own; it binds the documents to its own client.
        done = await asyncio.to_thread(CliRunner().invoke, application(), ["keys", *words])
        await hub.database.use(client, wiring.DOCUMENTS)
        assert done.exit_code == exit_code, done.output
        return json.loads(done.stdout) if "--json" in words else done.stdout.strip()

    return run


async def test_a_personal_key_is_made_rotated_listed_and_ended_on_the_command_line(
    run: Run, database: Database
) -> None:
    grace = ("--person", "grace", "--role", "store", "--role", "analyst", "--store", "S-1", "--expires", "2099-01-01")
    made = await run("create", "--kind", "staff", "--source", "office", *grace, "--json")
    rotated = await run("rotate", made["id"], "--overlap", "7d", "--json")
    (listed,) = await run("list", "--json")

    assert await Keyring(wiring.clock).caller(made["key"]) == Caller(
        CallerKind.STAFF,
        "grace",
        ROLES[Role.STORE] | ROLES[Role.ANALYST],
        Source("office", Trust.SERVER),
        roles=frozenset({Role.STORE, Role.ANALYST}),
        stores=frozenset({"S-1"}),
    )
    assert {name: listed[name] for name in ("id", "kind", "person", "last4", "older_last4", "expires_at")} == {
        "id": made["id"],
        "kind": "staff",
        "person": "grace",
        "last4": rotated["key"][-4:],
        "older_last4": made["key"][-4:],
        "expires_at": "2099-01-01T00:00:00Z",
    }
    assert made["key"].split("_", 3)[3] not in json.dumps(listed)
    assert "digest" not in json.dumps(listed)

    assert await run("revoke", made["id"], "--older") == f"The older secret of {made['id']} is revoked."
    assert await Keyring(wiring.clock).caller(made["key"]) is None
    assert await Keyring(wiring.clock).caller(rotated["key"]) is not None
    assert (await run("revoke", made["id"], "--json"))["revoked_at"] is not None
    assert await Keyring(wiring.clock).caller(rotated["key"]) is None
    told = [(row["what"], row["subject"], row["actor"]["kind"]) async for row in database["audit"].find().sort("_id")]
    assert told == [
        (what, made["id"], "operator") for what in ("create key", "rotate key", "revoke older secret", "revoke key")
    ]


async def test_a_key_of_staff_without_a_person_is_an_admins(run: Run) -> None:
    key = await run("create", "--kind", "staff", "--source", "admin")

    caller = await Keyring(wiring.clock).caller(key)

    assert caller is not None
    assert (caller.subject, caller.roles) == (key.split("_")[2], {Role.ADMIN})
    assert (await run("list")).endswith("staff  admin    used " + wiring.clock().date().isoformat())


@pytest.mark.parametrize(
    "words", [("--kind", "king"), ("--kind", "staff", "--role", "king"), ("--kind", "partner", "--scope", "all")]
)
async def test_a_word_that_there_is_not_is_wrong_use_and_makes_no_key(
    run: Run, database: Database, words: tuple[str, ...]
) -> None:
    await run("create", "--source", "shop", *words, exit_code=2)

    assert await database["keys"].count_documents({}) == 0
    assert await database["audit"].count_documents({}) == 0


async def test_a_key_that_cannot_be_or_is_not_there_fails_and_leaves_no_entry(run: Run, database: Database) -> None:
    await run("create", "--kind", "partner", "--source", "adnet", exit_code=1)
    await run("revoke", "nothing", exit_code=1)
    await run("rotate", "nothing", exit_code=1)

    assert await database["keys"].count_documents({}) == 0
    assert await database["audit"].count_documents({}) == 0
