"""Verify computes everything again, and finds whatever somebody has changed by hand."""

import asyncio
from typing import Any

import pytest

from hub.database import Database
from hub.ledger import flushing, model, service, verifying
from hub.ledger.moves import Activate, Capture, Earn, Expire, Extend, Reach, Release, Reserve, Spend, TakeBack
from tests.ledger.holding import ADA, BOB, DAY, HOUR, NOON, asked


async def live() -> None:
    """Let two owners do all that there is; what one of them did last is not copied out."""
    hold, gone = (
        asked("hold", Reserve("points", 20, "cup", NOON + DAY)),
        asked("gone", Reserve("points", 5, "pot", NOON)),
    )
    await service.post(
        [
            asked("earn A-1", Earn("points", 50, "A-1", NOON, NOON + DAY), Earn("status", 5, "A-1", NOON)),
            asked("earn A-2", Earn("points", 70, "A-2", None, NOON + 3 * DAY)),
            hold,
            gone,
            asked("release", Release("points", _hold(gone))),
            asked("capture", Capture("points", _hold(hold))),
            asked("extend", Extend("points", _lot("earn A-1"), NOON + 2 * DAY)),
            asked("activate", Activate("points", "A-2", NOON + HOUR)),
            asked("bob", Earn("points", 9, "B-1", NOON), owner=BOB),
            asked("spend", Spend("points", 9, "pot"), owner=BOB),
            asked("return", TakeBack("points", 9, "B-1", Reach.NEGATIVE), owner=BOB),
        ],
        now=NOON,
    )
    await flushing.flush([ADA])
    await service.post([asked("expire", Expire("points"), at=NOON + 2 * DAY)], now=NOON + 2 * DAY)
    await service.post([asked("hold on", Reserve("points", 30, "pan", NOON + 9 * DAY), at=NOON + 2 * DAY)], now=NOON)


def _hold(request: service.Request) -> Any:
    return model.hold_id(request.posting)


def _lot(key: str) -> Any:
    return model.lot_id(asked(key).posting)


async def test_a_ledger_that_nobody_has_touched_has_no_difference(database: Database) -> None:
    del database
    await live()

    before = await verifying.verify()
    await flushing.flush([ADA, BOB])
    after = await verifying.verify()

    assert (before.purses, before.postings, before.differences) == (2, 13, [])
    assert after == before


@pytest.mark.parametrize(
    ("collection", "where", "change", "what"),
    [
        (
            "wallets",
            {"owner": ADA},
            {"$inc": {"wallets.points.lots.0.left": 1}},
            ["balance of points", "lots of points"],
        ),
        ("wallets", {"owner": BOB}, {"$set": {"wallets.points.owed": 8}}, ["balance of points", "points owed"]),
        ("wallets", {"owner": ADA}, {"$set": {"wallets.points.holds": []}}, ["points held"]),
        ("wallets", {"owner": ADA}, {"$set": {"wallets.points.lots.0.expires_at": NOON}}, ["lots of points"]),
        ("wallets", {"owner": ADA}, {"$inc": {"numbered": 1}}, ["numbers of postings", "postings"]),
        ("postings", {"cause": "earn A-1"}, {"$inc": {"entries.1.points": 1}}, ["posting {} in points"]),
        ("postings", {"cause": "return"}, {"$set": {"balances.points": 3}}, ["balance of points"]),
    ],
)
async def test_whatever_was_changed_by_hand_is_told_with_its_place(
    database: Database, collection: str, where: dict[str, Any], change: dict[str, Any], what: list[str]
) -> None:
    await live()
    await flushing.flush([ADA, BOB])

    assert (await database[collection].update_one(where, change)).modified_count == 1

    found = (await verifying.verify()).differences
    assert sorted(it.what for it in found) == [it.format(asked("earn A-1").posting) for it in what]
    assert {it.owner for it in found} == {where.get("owner", BOB if where.get("cause") == "return" else ADA)}


async def test_a_posting_that_is_lost_and_a_purse_that_is_lost_are_both_seen(database: Database) -> None:
    await live()
    await flushing.flush([ADA, BOB])
    await database["postings"].delete_one({"cause": "extend"})
    await database["wallets"].delete_one({"owner": BOB})

    found = (await verifying.verify()).differences

    assert {it.owner for it in found} == {ADA, BOB}
    assert [(it.kept, it.computed) for it in found if it.what == "postings"] == [("10", "9"), ("0", "3")]


async def test_verifying_while_others_post_and_flush_finds_nothing(database: Database) -> None:
    del database

    async def shop(owner: Any) -> None:
        for number in range(15):
            await service.post([asked(f"{owner}/{number}", Earn("points", 1, "A", NOON), owner=owner)], now=NOON)
            await flushing.flush([owner])

    shopping = asyncio.gather(shop(ADA), shop(BOB))
    while not shopping.done():
        assert (await verifying.verify()).differences == []
    await shopping
    assert (await verifying.verify()).postings == 30
