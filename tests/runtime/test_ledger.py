"""`hub ledger`: the points are computed again on the command line."""

import functools
from pathlib import Path
from typing import Any

import pytest

from hub.database import Database
from hub.ledger import service
from hub.ledger.moves import Earn
from integrations.files import reading
from tests.books import clubs
from tests.ledger.holding import ADA, HOUR, NOON, asked
from tests.runtime.verbs import Verb


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "ledger")


async def test_a_ledger_that_is_right_is_said_to_be(run: Verb, database: Database) -> None:
    del database
    await service.post([asked("earn", Earn("points", 5, "A-1", NOON))], now=NOON)

    assert await run("verify") == "1 purses, 1 postings, 2 entries.\nNo difference."
    assert await run("verify", "--json") == {"purses": 1, "postings": 1, "entries": 2, "differences": []}


async def test_a_difference_is_told_with_its_place_and_the_exit_code_is_1(run: Verb, database: Database) -> None:
    await service.post([asked("earn", Earn("points", 5, "A-1", NOON))], now=NOON)
    await database["wallets"].update_one({}, {"$set": {"wallets.points.owed": 2}})

    said = await run("verify", exit_code=1)

    assert said.splitlines()[1:] == [
        f"club {ADA}: balance of points: kept 3, computed 5",
        f"club {ADA}: points owed: kept 2, computed 0",
        "2 differences.",
    ]


async def test_what_points_cost_and_how_they_came_and_went_is_said(run: Verb, database: Database) -> None:
    del database
    await clubs.activate()
    await clubs.post(ADA, "A-1", [Earn("points", 1000, "A-1", clubs.JANUARY)], clubs.JANUARY)

    assert await run("liability", "finch-club") == "points: 1000 points (0 held), 8.00 EUR, 7.00 EUR expected"
    then = await run("liability", "finch-club", "--at", "2026-01-01T00:00:00Z", "--json")
    assert then == {
        "liability": [
            {
                "wallet": "points",
                "points": 1000,
                "unexpired": 1000,
                "held": 0,
                "owed": 0,
                "over": 0,
                "breakage": "12.5",
                "fullCost": "8.00 EUR",
                "expectedCost": "7.00 EUR",
            }
        ]
    }
    flows = "earned 1000, taken_back 0, spent 0, expired 0, adjusted 0, exchanged 0, moved 0"
    said = await run("roll-forward", "finch-club", "2026-01")
    assert said == f"points, default: opening 0, {flows}, closing 1000"
    shown = await run("roll-forward", "finch-club", "2026-01", "--json")
    assert (shown["month"], shown["closedAt"], shown["lines"][0]["closing"]) == ("2026-01", None, 1000)
    assert await run("roll-forward", "finch-club", "2026", exit_code=1) == ""


@pytest.mark.parametrize("name", ["entries.jsonl", "entries.csv", "entries.parquet"])
async def test_the_entries_that_were_booked_in_a_time_are_written_with_their_accounts(
    name: str, run: Verb, tmp_path: Path, database: Database
) -> None:
    for hours in range(3):
        at = NOON + hours * HOUR
        await service.post([asked(f"A-{hours}", Earn("points", 5 + hours, f"A-{hours}", NOON), at=at)], now=at)
    file = tmp_path / name
    within = ("--from", "2026-11-27T13:00:00Z", "--to", "2026-11-27T14:00:00Z")

    assert await run("export", str(file), "--program", "club", *within) == f"2 rows in {file}."

    with reading.opened(file) as found:
        rows: list[Any] = list(found.rows)
    assert [(it["account"], int(it["points"]), int(it["line"])) for it in rows] == [("wallet", 6, 1), ("issued", -6, 2)]
    assert {(it["owner"], it["origin"], it["program"]) for it in rows} == {(str(ADA), "A-1", "club")}
    assert await run("export", str(file), "--json") == {"rows": 6, "file": str(file)}
    assert await run("export", str(file), "--program", "other", "--json") == {"rows": 0, "file": str(file)}
    assert await database["audit"].count_documents({"what": "export"}) == 3
