"""`hub ledger`: the points are computed again on the command line."""

import functools

import pytest

from hub.database import Database
from hub.ledger import service
from hub.ledger.moves import Earn
from tests.ledger.holding import ADA, NOON, asked
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
