"""`hub import` and `hub export`, as a person and a script call them."""

import asyncio
import csv
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import hub.database
from hub.access import audit
from hub.access.audit import EntryDocument
from hub.database import Client, Database
from hub.segments import service as segments
from hub.settings import Settings
from runtime import wiring
from runtime.cli import application
from tests.intake.inflow import identify, people, route_all, said
from tests.rollups.stage import Shop
from tests.traffic.running import until

Run = Callable[..., Awaitable[Result]]

GERMANS = '{segment: germans, when: profile.country = "DE"}'


@pytest.fixture
async def run(settings: Settings, client: Client, database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    del database
    monkeypatch.setenv("HUB_MONGO_URL", settings.mongo_url.get_secret_value())

    async def run(*words: object) -> Result:
        # In a thread, for a verb has an event loop of its own; it binds the documents to its own client.
        done = await asyncio.to_thread(CliRunner().invoke, application(), [str(it) for it in words])
        await hub.database.use(client, wiring.DOCUMENTS)
        return done

    return run


def orders(file: Path, count: int) -> Path:
    with file.open("w", newline="", encoding="utf-8") as opened:
        table = csv.writer(opened)
        table.writerow(["userId", "order_id", "timestamp", "total", "currency"])
        table.writerows([f"u{it % 50}", it, "2025-03-01T09:00:00Z", "5.00", "EUR"] for it in range(count))
    return file


def names_in(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())


async def test_an_import_tells_what_it_took_and_where_the_reasons_of_the_others_stand(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("userId,email,vip:boolean\nada,ada@example.com,true\n,,true\nbob,bob@example.com,perhaps\n")

    done = await run("import", "profiles", file)

    report = tmp_path / "people.csv.refused.jsonl"
    assert (done.exit_code, done.stdout) == (1, "3 rows: 1 accepted, 2 refused.\n")
    assert done.stderr.endswith(f"Why rows were refused stands in {report}.\n")
    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(it["row"], it["code"]) for it in told] == [(2, "missing_identity"), (3, "bad_cell")]
    [entry] = await EntryDocument.find(EntryDocument.what == "import").to_list()
    assert (entry.actor, entry.after) == (
        {"kind": "operator", "subject": "cli", "roles": []},
        {"kind": "profiles", "rows": 3, "accepted": 1, "refused": 2},
    )


async def test_what_was_exported_from_one_hub_is_the_same_in_another(
    run: Run, database: Database, tmp_path: Path
) -> None:
    await said(identify(userId="ada", traits={"email": "ada@example.com", "vip": True, "note": "=1"}))
    await route_all()
    file = tmp_path / "profiles.csv"

    exported = await run("export", "profiles", file, "--json")
    [before] = (await people(database)).values()
    for name in ("profiles", "identifiers", "events"):
        await database[name].delete_many({})
    imported = await run("import", "profiles", file, "--json")
    await route_all()

    assert (exported.exit_code, json.loads(exported.stdout)) == (0, {"rows": 1, "file": str(file)})
    assert (imported.exit_code, json.loads(imported.stdout)) == (
        0,
        {"rows": 1, "accepted": 1, "refused": 0, "report": None},
    )
    [(names, after)] = (await people(database)).items()
    assert (names, after["traits"]) == ("email:ada@example.com user:ada", before["traits"])
    assert [it.after async for it in EntryDocument.find(EntryDocument.what == "export")] == [{"kind": "profiles"}]
    assert (await audit.verify()).fault is None


@pytest.mark.skipif(sys.platform != "linux", reason="kills as Linux does")
async def test_an_import_that_is_killed_goes_on_and_its_orders_are_there_once(
    run: Run, settings: Settings, database: Database, tmp_path: Path
) -> None:
    file = orders(tmp_path / "orders.csv", 20_000)
    with file.open("a") as opened:
        opened.write("u1,bad,2025-03-01T09:00:00Z,ten,EUR\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "runtime.cli", "import", "orders", str(file)),
        env={**os.environ, "HUB_MONGO_URL": settings.mongo_url.get_secret_value()},
    )

    async def some() -> bool:
        row = await database["imports"].find_one({})
        return row is not None and row["read"] >= 3_000

    await until(some, seconds=60, what="some rows are in")
    process.kill()
    await process.wait()
    row = await database["imports"].find_one({})
    assert row is not None
    assert (row["read"] < 20_000, row["done_at"]) == (True, None)

    done = await run("import", "orders", file)

    assert (done.exit_code, done.stdout) == (1, "20001 rows: 20000 accepted, 1 refused.\n")
    assert f"Going on after {row['read']} rows." in done.stderr
    assert await database["events"].count_documents({}) == 20_000
    assert len((tmp_path / "orders.csv.refused.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import", "people", "FILE.csv"), "one of profiles, events, orders, consents, reviews."),
        (("export", "profile", "FILE.csv"), "No such command 'profile'. Did you mean 'profiles'?"),
        (("import", "profiles", "nowhere.csv"), "does not exist"),
    ],
)
async def test_wrong_use_is_told_in_a_sentence(run: Run, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "FILE.csv").write_text("userId\nada\n")

    done = await run(*words[:2], tmp_path / words[2])

    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.replace("│", " ").split())


async def test_a_report_of_rows_that_are_told_again_forgets_them_first(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.jsonl"
    file.write_text('{"traits": {}}\n')
    report = tmp_path / "report.jsonl"

    for _ in range(2):
        assert (await run("import", "profiles", file, "--report", report)).exit_code == 1

    assert [json.loads(line)["row"] for line in report.read_text().splitlines()] == [1]


async def test_the_members_of_a_segment_come_out_in_a_file_and_the_audit_says_so(
    run: Run, database: Database, tmp_path: Path
) -> None:
    shop = Shop(database)
    await segments.publish(GERMANS, by="test", key="k", now=shop.now)
    for user, country in (("ada", "DE"), ("bob", "AT")):
        await shop.identify(user=user, traits={"country": country, "note": "=1+1"})
    await shop.route()
    file = tmp_path / "germans.csv"

    done = await run("export", "segment", "germans", file)

    assert (done.exit_code, done.stdout, done.stderr) == (0, f"1 rows in {file}.\n", "")
    with file.open(newline="") as opened:
        [row] = csv.DictReader(opened)
    assert (row["userId"], row["country"], row["note"]) == ("ada", "DE", "'=1+1")
    assert row["hub.since"] == shop.now.isoformat()
    told = [it.after async for it in EntryDocument.find(EntryDocument.what == "export")]
    assert told == [{"kind": "segment", "segment": "germans"}]


async def test_who_is_not_sorted_yet_by_a_new_segment_is_missing_from_its_file_and_that_is_told(
    run: Run, database: Database, tmp_path: Path
) -> None:
    shop = Shop(database)
    await shop.identify(user="ada", traits={"country": "DE"})
    await shop.route()
    await segments.publish(GERMANS, by="test", key="k", now=shop.now)

    done = await run("export", "segment", "germans", tmp_path / "germans.jsonl")

    assert done.stdout.startswith("0 rows in ")
    assert done.stderr == "germans: 0 of 1 profiles are sorted so far; who is not yet is left out.\n"


async def test_a_segment_that_there_is_not_leaves_no_file_and_no_entry(
    run: Run, database: Database, tmp_path: Path
) -> None:
    await segments.publish(GERMANS, by="test", key="k", now=Shop(database).now)

    done = await run("export", "segment", "germnas", tmp_path / "germans.csv")

    assert str(done.exception) == "There is no segment `germnas`. Did you mean `germans`?"
    assert names_in(tmp_path) == []
    assert await EntryDocument.count() == 0
