"""`hub rollups`: definitions are checked, published and back-filled on the command line."""

import functools
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.access.audit import EntryDocument
from hub.database import Client, Database, use
from hub.settings import Settings
from runtime import migration, wiring
from runtime.cli import application
from tests.rollups.stage import SPEND, Shop
from tests.runtime.verbs import Verb


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "rollups")


@pytest.fixture
def spend(tmp_path: Path) -> str:
    file = tmp_path / "spend.rollup.yaml"
    file.write_text(SPEND)
    return str(file)


async def test_a_definition_is_checked_published_and_back_filled(run: Verb, spend: str, database: Database) -> None:
    await Shop(database).bought(5)

    assert await run("check", spend) == "spend.rollup.yaml: spend has no problem."
    assert await run("publish", spend, "--key", "k") == "spend version 1 counts from now on."
    progress = {"name": "spend", "version": 1, "done": 0, "total": 1, "percent": 0}
    assert await run("status", "--json") == {"rollups": [progress]}
    assert await run("status") == "spend version 1: 0 of 1 profiles, 0 %"
    assert await run("backfill", "--json") == {"profiles": 1}
    assert await run("status", "--json") == {"rollups": [{**progress, "done": 1, "percent": 100}]}

    (listed,) = (await run("list", "--json"))["rollups"]
    assert (listed["name"], listed["version"]) == ("spend", 1)
    profile = await database["profiles"].find_one({})
    assert profile is not None
    assert profile["rollups"]["spend"]["count"] == 1


async def test_publishing_leaves_one_entry_in_the_audit_and_none_where_nothing_has_changed(
    run: Verb, spend: str
) -> None:
    for key in ("k", "k", "other"):
        await run("publish", spend, "--key", key)

    (entry,) = await EntryDocument.find_all().to_list()

    assert (entry.what, entry.subject, entry.before, entry.after) == ("publish rollup", "spend", None, {"version": 1})


def test_a_problem_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "stages.yaml"
    file.write_text("stages: [{stage: a, when: visits.count > 1}]")

    refused = CliRunner().invoke(application(), ["rollups", "check", str(file)])
    allowed = CliRunner().invoke(application(), ["rollups", "check", str(file), "--rollup", "visits"])

    assert str(refused.exception).startswith("1:27: ")
    assert "[unknown_name]" in str(refused.exception)
    assert allowed.stdout == "stages.yaml: stages has no problem.\n"


async def test_migrating_publishes_what_comes_with_the_hub(
    settings: Settings, client: Client, database: Database
) -> None:
    await migration.migrate(settings)
    await migration.migrate(settings)
    await use(client, wiring.DOCUMENTS)

    names = {row["name"]: row["number"] async for row in database["rollup_versions"].find()}
    assert names == {"purchases": 1, "preferred-channel": 1, "preferred-store": 1, "engagement": 1, "stages": 1}
