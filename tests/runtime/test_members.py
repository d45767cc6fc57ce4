"""`hub members joins`: who enrolled how many members, on the command line."""

import functools

import pytest

from hub.kit import ids
from hub.membership import service
from hub.membership.model import Joining, Way
from tests.membership.people import NOON, activated, somebody
from tests.runtime.verbs import Verb


@pytest.fixture
async def run(verb: Verb) -> Verb:
    await activated("club")
    for associate in ("eve", "eve", None):
        joining = Joining(Way.STORE, "S-1", associate_id=associate)
        await service.join(await somebody(), "club", joining, cause=ids.new_id(), at=NOON, now=NOON)
    return functools.partial(verb, "members", "joins", "club", "--since", "2026-11-01T00:00:00")


async def test_joins_are_counted_by_store_and_associate(run: Verb) -> None:
    assert await run() == "S-1, eve: 2 joined, 0 have bought\nS-1, nobody: 1 joined, 0 have bought"
    assert await run("--json") == {
        "program": "club",
        "joins": [
            {"storeId": "S-1", "associateId": "eve", "joins": 2, "firstPurchases": 0},
            {"storeId": "S-1", "associateId": None, "joins": 1, "firstPurchases": 0},
        ],
    }
    assert await run("--until", "2026-11-02T00:00:00") == "Nobody joined in this time."
