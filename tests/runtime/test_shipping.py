"""`hub shipping`: a table is checked and published on the command line."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hub.database
from hub.access.audit import EntryDocument
from hub.database import Client, Database
from hub.settings import Settings
from runtime import wiring
from runtime.cli import application

TABLE = "shipping: standard\ncurrency: EUR\nrules:\n  - {name: all, methods: [standard], flat: 4.90}\n"
WARNED = (
    "fees.shipping.yaml:4:44: This is more than 20% of a cart of any value, which the rule `all` fits. "
    "[fee_above_share]\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "fees.shipping.yaml"
    file.write_text(TABLE)
    return file


def test_a_table_is_checked_without_a_server_and_its_warnings_are_named_with_their_place(table: Path) -> None:
    checked = CliRunner().invoke(application(), ["shipping", "check", str(table)])

    assert checked.exit_code == 0
    assert checked.stdout == WARNED + "fees.shipping.yaml: standard has no problem.\n"


def test_a_problem_is_named_with_its_place(table: Path) -> None:
    table.write_text(TABLE.replace("flat: 4.90", "flat: 4.999"))

    refused = CliRunner().invoke(application(), ["shipping", "check", str(table)])

    assert str(refused.exception) == "4:44: An amount in EUR has at most 2 digits behind the point. [bad_amount]"


async def test_publishing_makes_one_version_and_one_entry_of_the_audit(
    settings: Settings, client: Client, database: Database, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_MONGO_URL", settings.mongo_url.get_secret_value())
    said = []
    for key in ("k", "k", "other"):
        words = ["shipping", "publish", str(table), "--key", key]
        # In a thread, for a verb has an event loop of its own; it binds the documents to its own client.
        said.append((await asyncio.to_thread(CliRunner().invoke, application(), words)).stdout)
    await hub.database.use(client, wiring.DOCUMENTS)

    assert said == [
        WARNED + "Version 1 is in force.\n",
        WARNED + "Version 1 is in force.\n",
        WARNED + "Version 1 was there already: nothing has changed.\n",
    ]
    assert [row["_id"] async for row in database["shipping_versions"].find()] == [1]
    (entry,) = await EntryDocument.find_all().to_list()
    assert (entry.what, entry.subject, entry.after) == ("publish shipping rules", "shipping", {"version": 1})
