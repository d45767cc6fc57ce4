"""A year of a real grocer goes through the front door, and everything is added up.

`./dev test` takes forty households, `./dev chaos` all 2,469 with their 155,848 baskets.
"""

import os
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2
import pytest
from pydantic import SecretStr

import hub.database
from hub.database import Database
from hub.settings import Settings
from tests.grocer import ledger, oracle, senders, tills
from tests.grocer.oracle import Oracle
from tests.traffic.running import hub_up

WHOLE = os.environ.get("HUB_GROCER") == "whole"
FEW = 40
SEED = 1
HOUR = 3600
REQUEST_SECONDS = 60

pytestmark = pytest.mark.timeout(2 * HOUR if WHOLE else 400)


@dataclass(frozen=True, slots=True)
class Grocer:
    """A hub that has heard of a year: its rows, its admin's client, and what the file says."""

    rows: Database
    admin: httpx2.AsyncClient
    oracle: Oracle


@pytest.fixture(scope="module")
async def grocer(server_data: Path) -> AsyncIterator[Grocer]:
    folder = Path(tempfile.mkdtemp(prefix="grocer-", dir=server_data))
    households = oracle.households() if WHOLE else oracle.households()[:FEW]
    calls = tills.calls(households, Random(SEED))
    async with hub_up(folder) as running:
        facts = running.facts
        begun = time.monotonic()
        async with _client(facts["url"], facts["server_key"]) as server:
            await senders.send(server, calls)
        sent = time.monotonic()
        await running.settle(seconds=HOUR if WHOLE else 180)
        settled = time.monotonic()
        print(f"{len(calls)} calls: accepted after {sent - begun:.1f} s, applied after {settled - begun:.1f} s")  # noqa: T201  figures
        async with (
            hub.database.connect(Settings(mongo_url=SecretStr(facts["mongo_url"]))) as client,
            _client(facts["url"], facts["admin_key"]) as admin,
        ):
            yield Grocer(client.get_default_database(hub.database.DEFAULT_NAME), admin, Oracle(households))


def _client(url: str, key: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=url, auth=(key, ""), timeout=REQUEST_SECONDS, trust_env=False)


async def test_a_year_of_a_real_grocer_adds_up_to_what_the_file_says_of_each_household(grocer: Grocer) -> None:
    expected = grocer.oracle.by_household()
    assert await ledger.by_household(grocer.admin, expected) == expected
    assert await ledger.counted(grocer.rows) == expected


async def test_a_year_of_a_real_grocer_adds_up_to_what_the_file_says_of_each_store(grocer: Grocer) -> None:
    expected = grocer.oracle.by_store()
    assert sum(it.count for it in expected.values()) == grocer.oracle.baskets()
    assert await ledger.by_store(grocer.rows) == expected


async def test_a_year_of_a_real_grocer_adds_up_to_what_the_file_says_of_each_product(grocer: Grocer) -> None:
    assert await ledger.by_product(grocer.rows) == grocer.oracle.by_product()


async def test_every_call_of_the_tills_stands_in_a_timeline_once_and_none_was_set_aside(grocer: Grocer) -> None:
    messages = await grocer.rows["events"].distinct("message_id")
    assert await grocer.rows["events"].count_documents({}) == len(messages)
    assert await grocer.rows["events"].count_documents({"profile_id": {"$exists": False}}) == 0
    assert await grocer.rows["dead_letters"].count_documents({}) == 0


async def test_the_oracle_knows_the_whole_file() -> None:
    whole = Oracle(oracle.households())
    assert (len(oracle.households()), whole.baskets()) == (2_469, 155_848)
    assert sum(it.cents for it in whole.by_product().values()) == 4_596_039_58
