"""An attempt may die before any command, and several may work on the same orders: what they earn is there once."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

import hub.database
from hub.database import Database
from hub.intake.router import Router
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.commerce.ordering import sale
from tests.earning.ordering import BASE, PAID, written
from tests.earning.shop import activate, earned
from tests.intake.inflow import empty, identify, route_all, router, said, track, unrouted
from tests.intake.test_dying import Death, Died, work_on_everything

RULES = written(BASE, "visit: {points: 7}", multipliers=[f"times: 2, from: {{amount: 20.00, {PAID}}}"])


@pytest.fixture
async def death(settings: Settings, database: Database) -> AsyncIterator[Death]:
    """The database, bound anew to a client that dies when told."""
    del database
    death = Death()
    async with hub.database.connect(settings, death) as client:
        await hub.database.use(client, DOCUMENTS)
        yield death


async def before() -> None:
    """What was earned in peace."""
    await activate(RULES)
    await said(
        *(identify(userId=user, messageId=user) for user in ("ada", "bob")),
        sale("Completed", "ada", "A-1", message="a1", total=30, store_id="S-1"),
        sale("Completed", "ada", "A-2", message="a2", total=5),
    )
    await route_all()


async def batch() -> None:
    """New orders, versions, refunds before and after, a cancellation, one that changes hands, a visit told twice."""
    await said(
        sale("Refunded", "ada", "A-1", message="a3", total=11, refund_id="R-1"),
        sale("Refunded", "ada", "A-3", message="a4", total=1, refund_id="R-3"),
        sale("Completed", "ada", "A-3", message="a5", total=4, store_id="S-1"),
        sale("Cancelled", "ada", "A-2", message="a6"),
        sale("Completed", "bob", "B-1", message="b1", total=40),
        sale("Updated", "bob", "A-2", message="b2", total=50, version=4),
        sale("Updated", "bob", "B-1", message="b3", total=10, version=2),
        track("Store Visited", userId="bob", messageId="b4", properties={"store_id": "S-1"}),
        track("Store Visited", userId="bob", messageId="b5", properties={"store_id": "S-1"}),
    )


UNDISTURBED = {
    "ada": {"order/shop/A-1": 19, "order/shop/A-2": 0, "order/shop/A-3": 3, "rule/r1": 7},
    "bob": {"order/shop/B-1": 10, "rule/r1": 7},
    "unrouted": 0,
}


async def outcome(database: Database) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for user in ("ada", "bob"):
        points = await earned(database, user)
        found[user] = {
            "/".join(origin.split("/")[: 2 if origin.startswith("rule/") else 3]): it for origin, it in points.items()
        }
    # What the ledger tells of these points comes when it copies them out.
    unrouted = {"routed": False, "source": {"$ne": "hub"}}
    return {**found, "unrouted": await database["events"].count_documents(unrouted)}


async def test_an_attempt_that_dies_before_any_of_its_commands_leaves_the_points_to_the_next(
    death: Death, database: Database
) -> None:
    # Each run tries a third of the places; which one is as good as the next.
    commands, died = random.randrange(3), True
    while died:
        await empty(database)
        await before()
        await batch()
        death.commands_left = commands
        try:
            await router("the one that dies").step()
            died = False
        except Died:
            pass
        death.commands_left = None

        await route_all()

        assert await outcome(database) == UNDISTURBED, f"died before command {commands + 1}"
        commands += 3
    assert commands > 12


async def test_routers_that_work_on_the_same_orders_at_the_same_time_and_die_earn_each_once(
    death: Death, database: Database
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(3):
        await empty(database)
        await before()
        await batch()
        death.commands_left = chance.randrange(20, 120)
        with suppress(Died):
            await asyncio.gather(*(work_on_everything(f"router {place}", chance) for place in range(3)))
        death.commands_left = None

        await route_all()

        assert await outcome(database) == UNDISTURBED, f"seed {seed}"


async def test_routers_with_different_events_of_the_same_orders_earn_each_once(database: Database) -> None:
    """Each router has only some of an order's events, as when these name their customer differently."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(3):
        await empty(database)
        await before()
        await batch()
        shares = [router(f"router {place}") for place in range(3)]

        async def share(place: int, shares: list[Router] = shares) -> None:
            while events := [it for it in await unrouted() if it.id.int % 3 == place]:
                await asyncio.sleep(chance.random() / 500)
                await shares[place]._route(events)

        await asyncio.gather(*(share(place) for place in range(3)))

        assert await outcome(database) == UNDISTURBED, f"seed {seed}"
