"""Rankings where people are merged, divided and erased, and where keepers die or do it twice."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from hub.database import Database
from hub.events.model import IMPORT
from hub.intake import merging, ranks
from hub.intake.standing import Definitions
from hub.kit import ids
from hub.privacy.service import Privacy
from hub.profiles import unranked
from hub.profiles.model import Unranked
from hub.rankings import store
from hub.segments import service as segments
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.killing import killed
from tests.rankings.floor import TOP, judged, members, publish, ranked
from tests.rollups.stage import Shop
from tests.segments.test_membership import moves, names

HALF = "{segment: half, when: 'top(purchases.sum, 50%)'}"


async def buyers(shop: Shop, many: int) -> None:
    """So many customers, each of whom has spent one more than the one before."""
    for number in range(many):
        await shop.order(number + 1, user=f"u{number}")
    await shop.route()


async def right(database: Database, share: float = 10) -> set[str]:
    ids = [*await judged(database, "sum", share)]
    return {row["value"] async for row in database["identifiers"].find({"kind": "user", "profile_id": {"$in": ids}})}


async def test_publishing_sorts_everybody_and_announces_nothing(shop: Shop, database: Database) -> None:
    await buyers(shop, 30)

    await publish(shop, TOP)
    await ranked(shop)
    await shop.filled()
    await ranked(shop)

    assert await members(database) == {"u27", "u28", "u29"}
    assert not await database["events"].count_documents({"name": "Segment Entered"})
    assert await database["places"].count_documents({}) == 30
    assert not await database["profiles"].count_documents({"unranked": {"$exists": True}})


async def test_whom_an_order_pushes_out_is_announced_as_of_then_and_an_order_from_a_file_announces_nobody(
    shop: Shop, database: Database
) -> None:
    await publish(shop, TOP)
    await buyers(shop, 10)
    await ranked(shop)
    before = await database["events"].count_documents({"name": {"$regex": "^Segment"}})

    await shop.say("Order Completed", user="u0", source=IMPORT, properties=order(100))
    await shop.route()
    await ranked(shop)
    assert await members(database) == {"u0"}
    assert await database["events"].count_documents({"name": {"$regex": "^Segment"}}) == before

    await shop.bought(200, user="u1")
    await ranked(shop)
    assert await members(database) == {"u1"}
    assert (await moves(database, await shop.profile("u0")))[-1] == ("Left", "top")


def order(total: float) -> dict[str, object]:
    return {"order_id": f"from a file, {total}", "total": total, "currency": "EUR"}


async def test_who_becomes_one_with_somebody_stands_once_and_by_what_both_have_spent(
    shop: Shop, database: Database
) -> None:
    await publish(shop, TOP)
    await buyers(shop, 11)
    await ranked(shop)
    assert await members(database) == {"u9", "u10"}
    head, other = (await shop.profile("u5")).id, (await shop.profile("u6")).id

    await merging.merge(head, other, key=uuid4(), now=shop.now)
    await ranked(shop)
    assert {
        row["_id"] async for row in database["profiles"].find({"segments.in.name": "top", "absorbed_by": None})
    } == {head}
    assert await database["places"].count_documents({}) == 10

    await merging.unmerge(other, key=uuid4(), now=shop.now)
    await shop.filled()
    await ranked(shop)
    assert await members(database) == {"u9", "u10"} == await right(database)
    assert (await store.load()).populations == {"purchases.sum": 11}


async def test_who_is_erased_leaves_no_place_and_makes_room(shop: Shop, database: Database, settings: Settings) -> None:
    await publish(shop, TOP, HALF)
    await buyers(shop, 11)
    await ranked(shop)
    gone = await shop.profile("u10")

    await Privacy(settings, DOCUMENTS).erase(gone.id, now=shop.now)
    await ranked(shop)

    assert await members(database) == {"u9"}
    assert await members(database, "half") == {"u5", "u6", "u7", "u8", "u9"}
    assert not await database["places"].count_documents({"profile_id": gone.id})
    assert (await moves(database, await shop.profile("u5")))[-1] == ("Entered", "half")


async def test_two_keepers_at_the_same_time_move_and_announce_once(shop: Shop, database: Database) -> None:
    await publish(shop, TOP, HALF)
    await buyers(shop, 12)
    for number in range(8):
        await shop.order(50 + number, user=f"u{number}")
        await shop.route()
        defined = await Definitions().current()
        await asyncio.gather(*(ranks.step(defined, now=shop.now) for _ in range(4)))

    await ranked(shop)

    assert await members(database) == await right(database)
    assert await members(database, "half") == await right(database, 50)
    for number in range(12):
        said = await moves(database, await shop.profile(f"u{number}"))
        for segment in ("top", "half"):
            told = [what for what, about in said if about == segment]
            assert told == (["Entered", "Left"] * len(told))[: len(told)]  # never twice the same


async def test_a_keeper_that_dies_at_any_write_moves_everybody_once(shop: Shop, database: Database) -> None:
    await publish(shop, HALF)
    await buyers(shop, 6)
    await ranked(shop)
    deaths, died = 0, True
    while died:
        await shop.order(1000 + deaths, user=f"u{deaths % 6}")
        await shop.route()
        defined = await Definitions().current()

        died = await killed(deaths, partial(ranks.step, defined, now=shop.now))
        deaths += 1
        await ranked(shop)
        assert await members(database, "half") == await right(database, 50)
    assert deaths > 6
    for number in range(6):
        told = [what for what, _ in await moves(database, await shop.profile(f"u{number}"))]
        assert told == (["Entered", "Left"] * len(told))[: len(told)]


async def test_a_router_that_does_not_know_the_newest_boundary_is_put_right(shop: Shop, database: Database) -> None:
    await publish(shop, TOP)
    await buyers(shop, 10)
    await ranked(shop)
    await shop.order(5, user="u8")
    await shop.order(500, user="u1")
    older = shop.another_router("older")
    definitions = await Definitions().current()

    class Late:
        async def current(self) -> object:
            return definitions

    older._defined = Late()  # type: ignore[assignment]
    await shop.bought(300, user="u2")
    await ranked(shop)
    while await older.step():
        pass
    await ranked(shop)

    assert await members(database) == {"u1"} == await right(database)


async def test_an_order_does_not_wait_for_those_whom_the_back_fill_has_sorted(shop: Shop, database: Database) -> None:
    await buyers(shop, 10)
    await publish(shop, TOP)
    await shop.filled()
    await shop.order(100, user="u3")
    await shop.route()

    first = await unranked.marked(1)

    assert [it.id for it in first] == [(await shop.profile("u3")).id]
    assert first[0].unranked is Unranked.LOUD
    told = await database["profiles"].find({"unranked.rev": {"$gte": 0}}).sort("unranked.why", 1).limit(1).explain()
    assert told["executionStats"]["totalDocsExamined"] == 1


async def test_nobody_is_kept_in_order_for_whom_no_segment_asks(shop: Shop, database: Database) -> None:
    await publish(shop, TOP)
    await buyers(shop, 10)
    await ranked(shop)

    await segments.delete("top", used_by=(), by="test", key="gone", now=shop.now)
    shop.now += timedelta(minutes=2)
    await ranked(shop)

    assert not await database["places"].count_documents({})
    assert (await store.load()).ends == {}
    await publish(shop, TOP)
    await shop.filled()
    await ranked(shop)
    assert await members(database) == {"u9"}


async def test_a_segment_that_asks_for_one_with_a_ranking_follows_it(shop: Shop, database: Database) -> None:
    await publish(shop, TOP, "{segment: quiet-best, when: 'segment(\"top\") and purchases.days_since_last >= 30'}")
    await buyers(shop, 10)
    await ranked(shop)

    await shop.day(31)
    assert await members(database, "quiet-best") == {"u9"}
    await shop.bought(100, user="u0")
    await ranked(shop)

    assert await members(database, "quiet-best") == set()
    assert names(await shop.profile("u0")) == {"top"}


async def test_a_ranking_by_what_is_not_complete_waits_for_the_back_fill(shop: Shop, database: Database) -> None:
    await publish(shop, TOP)
    await buyers(shop, 10)
    await ranked(shop)

    await shop.publish("{rollup: purchases, event: Order Completed, value: properties.total, windows: [7d]}")
    await shop.bought(0.5, user="u3")
    await ranked(shop)
    assert await members(database) == {"u9"}

    await shop.filled()
    await ranked(shop)
    assert await members(database) == {"u9"} == await right(database)
    assert await database["places"].count_documents({}) == 10


@pytest.mark.parametrize("many", [100, 2_000])
async def test_an_order_costs_as_much_however_many_customers_there_are(
    shop: Shop, database: Database, many: int
) -> None:
    await shop.bought(10)
    (pattern,) = await database["profiles"].find({}).to_list()
    await database["profiles"].insert_many([like(pattern, number) for number in range(many)])
    await publish(shop, TOP)
    await shop.filled()
    await ranked(shop)

    costs = []
    for total in (1, 10**6, 5):
        await shop.bought(total)
        before = await examined(database)
        await ranks.step(await Definitions().current(), now=shop.now)
        costs.append(await examined(database) - before)
    await ranked(shop)

    assert max(costs) <= 60, costs
    assert await database["profiles"].count_documents({"segments.in.name": "top"}) == -(-(many + 1) // 10)


def like(pattern: dict[str, Any], number: int) -> dict[str, Any]:
    """Somebody who has spent another amount, as have nine others."""
    state = pattern["rollups"]["purchases"]
    rollups = {**pattern["rollups"], "purchases": {**state, "sum": number // 10 * 1_000_000}}
    return {**pattern, "_id": ids.new_id(), "rollups": rollups}


async def examined(database: Database) -> int:
    """How many documents and keys of indexes the server has looked at so far."""
    status = await database.client.admin.command("serverStatus")
    told = status["metrics"]["queryExecutor"]
    return int(told["scanned"]) + int(told["scannedObjects"])
