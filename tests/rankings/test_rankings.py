"""Who is at the top of all customers: moved by their own order at once, and by everybody else's within two seconds."""

from hub.database import Database
from tests.rankings.floor import TOP, members, publish, ranked
from tests.rollups.stage import Shop
from tests.segments.test_membership import moves


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
