"""A broadcast to a ranked segment waits until everybody was ranked, and not for those who buy meanwhile."""

from datetime import timedelta

from hub.broadcasts import service, store
from hub.broadcasts.advance import Advancer
from hub.broadcasts.model import Definition, State
from hub.database import Database
from hub.profiles import unranked
from hub.profiles.model import Channel
from hub.segments import store as segments
from hub.segments import tallying
from hub.wording.library import Library
from hub.wording.templates import template_of
from tests.rankings.floor import TOP, publish, ranked
from tests.rollups.stage import Shop


async def is_complete() -> bool:
    [top] = await segments.DEFINITIONS.live(["top"])
    return await tallying.is_complete(top)


async def test_a_broadcast_waits_for_profiles_that_are_still_to_be_ranked(shop: Shop) -> None:
    for number in range(10):
        await shop.bought(number + 1, user=f"u{number}")
    await publish(shop, TOP)
    await Library().save(template_of("sale", {"en/sms": "Sale"}))
    wanted = Definition("Sale", "top", "sale", channels=(Channel.SMS,))
    made = await service.create(wanted, by="test", key="k", now=shop.now)
    advancer = Advancer()
    await shop.filled()  # everybody is sorted, and nobody is ranked
    assert await unranked.is_sorting()
    assert not await is_complete()

    step = await advancer.step(made.broadcast.id, shop.now)
    assert (step.idle, (await store.find(made.broadcast.id)).state) == (timedelta(seconds=1), State.SCHEDULED)
    await ranked(shop)

    assert await is_complete()
    while (await advancer.step(made.broadcast.id, shop.now)).idle == timedelta():
        pass
    assert (await store.find(made.broadcast.id)).recipients == 1


async def test_who_buys_meanwhile_keeps_nobody_waiting(shop: Shop, database: Database) -> None:
    await publish(shop, TOP)
    for number in range(10):
        await shop.bought(number + 1, user=f"u{number}")
    await ranked(shop)
    assert await is_complete()

    await shop.bought(100, user="u0")

    assert await database["profiles"].count_documents({"unranked.why": "loud"}) == 1
    assert await is_complete()
