"""`hub programs`: programs are checked, planned, applied and listed on the command line."""

import functools
from pathlib import Path

import pytest

from hub.access.audit import EntryDocument
from hub.database import Database
from tests.commerce.ordering import sale
from tests.intake.inflow import route_all, said
from tests.programs.written import FINCH
from tests.runtime.verbs import Verb


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "programs")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "finch-club.program.yaml"
    file.write_text(FINCH)
    return file


async def test_a_program_is_checked_and_told_without_a_server(run: Verb, file: Path) -> None:
    checked, english, german = (await run("check", str(file))).splitlines()

    assert checked == "finch-club.program.yaml: finch-club has no problem."
    assert english.startswith("en: With the Finch Club you earn 1 point per 1 EUR spent")
    assert german.startswith("de: Mit dem Finkenclub")


async def test_files_are_planned_applied_and_listed(run: Verb, file: Path, tmp_path: Path, database: Database) -> None:
    assert (await run("list")).startswith("There is no program yet.")
    assert await run("plan", str(file)) == "finch-club: new, version 1"
    assert await database["program_versions"].count_documents({}) == 0

    assert await run("apply", str(file), "--key", "k") == "finch-club version 1 is active from now on."
    assert await run("apply", str(file), "--key", "l") == (
        "finch-club version 1 was active already: nothing has changed."
    )
    changed = tmp_path / "changed.program.yaml"
    changed.write_text(FINCH.replace("points: 10", "points: 20"))
    assert (await run("plan", str(changed), "--json"))["programs"] == [
        {
            "name": "finch-club",
            "state": "changed",
            "version": 2,
            "tiers": {"members": 0, "up": 0, "down": 0, "moves": []},
        }
    ]
    assert await run("list") == "finch-club version 1, version 1 is active"
    (entry,) = await EntryDocument.find_all().to_list()
    assert (entry.what, entry.subject, entry.after) == ("activate program", "finch-club", {"version": 1})


async def test_of_several_files_all_are_applied_or_none(
    run: Verb, file: Path, tmp_path: Path, database: Database
) -> None:
    bad = tmp_path / "bad.program.yaml"
    bad.write_text(FINCH.replace("finch-club", "other").replace("zone: Europe/Berlin", "zone: Mars"))

    with pytest.raises(AssertionError):  # the verb fails
        await run("apply", str(file), str(bad))

    assert await database["program_versions"].count_documents({}) == 0


async def test_a_program_is_simulated_over_days_of_its_own_zone(run: Verb, file: Path, database: Database) -> None:
    del database
    call = sale("Completed", "ada", "A-1", message="m", total="160.00", store_id="S-1")
    assert not (await said({**call, "timestamp": "2026-11-19T23:30:00Z"})).refused  # the 20th in Berlin
    await route_all()

    told = await run("simulate", str(file), "--from", "2026-11-20", "--until", "2026-11-21")
    before = await run("simulate", str(file), "--from", "2026-11-19", "--until", "2026-11-20", "--json")

    assert told.splitlines() == [
        "finch-club: 1 orders of 1 customers",
        "points: 330 points",
        "status: 160 points",
        "base: 320 for 1 orders of 1 customers",
        "status: 160 for 1 orders of 1 customers",
        "visit: 10 for 1 orders of 1 customers",
    ]
    assert (before["orders"], before["points"]) == (0, {"points": 0, "status": 0})
