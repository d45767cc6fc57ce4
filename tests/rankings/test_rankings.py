"""Who is at the top of all customers: moved by their own order at once, and by everybody else's within two seconds."""

import asyncio
import time
from typing import Final

from hub.database import Database
from hub.intake import ranks
from tests.rankings.floor import TOP, members, publish, ranked
from tests.rollups.stage import Shop
from tests.segments.test_membership import moves

TWO_SECONDS: Final = 2.0


async def test_top_x_percent_by_clv_refreshes_on_each_order_with_stable_ties(shop: Shop, database: Database) -> None:
    await publish(shop, TOP)
    for number in range(20):
        await shop.bought(10, user=f"u{number}")
    await ranked(shop)
    first = await members(database)
    ids = sorted([(await shop.profile(f"u{number}")).id for number in range(20)])
    assert {(await shop.profile(it)).id for it in first} == set(ids[:2])  # of equals, the smaller ids

    await shop.bought(1, user="u7")
    assert "u7" in await members(database)  # at once, before anybody has moved the boundary
    await ranked(shop)

    assert len(await members(database)) == 2
    assert "u7" in await members(database)
    (gone,) = first - await members(database)
    assert (await moves(database, await shop.profile(gone)))[-1] == ("Left", "top")
    await shop.bought(1, user=gone)
    await ranked(shop)
    assert await members(database) == {"u7", gone}


async def test_whom_an_order_pushes_out_is_moved_and_announced_within_two_seconds(
    shop: Shop, database: Database
) -> None:
    await publish(shop, TOP)
    for number in range(10):
        await shop.order(number + 1, user=f"u{number}")
    await shop.route()
    await ranked(shop)
    assert await members(database) == {"u9"}
    keeper = asyncio.create_task(ranks.keep(lambda: shop.now))
    try:
        await asyncio.sleep(0.1)  # so that it is between two looks
        await shop.order(100, user="u0")
        begin = time.monotonic()
        await shop.route()
        while await members(database) != {"u0"} or len(await moves(database, await shop.profile("u9"))) < 2:
            assert time.monotonic() - begin < TWO_SECONDS
            await asyncio.sleep(0.01)
    finally:
        keeper.cancel()

    assert await moves(database, await shop.profile("u9")) == [("Entered", "top"), ("Left", "top")]
