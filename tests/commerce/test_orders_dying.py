"""An attempt may die before any command, and many may work on the same orders: they are stored and counted once."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

import hub.database
from hub.commerce import recording
from hub.database import Database
from hub.events import store
from hub.events.model import Event
from hub.intake.router import MOST_TRIES, Router
from hub.kit import ids
from hub.profiles import store as profiles
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.commerce.ordering import order_row, profile_id_of, sale, totals_of
from tests.intake.inflow import NOW, empty, identify, route_all, router, said
from tests.intake.test_dying import Death, Died, work_on_everything


@pytest.fixture
async def death(settings: Settings, database: Database) -> AsyncIterator[Death]:
    """The database, bound anew to a client that dies when told."""
    del database
    death = Death()
    async with hub.database.connect(settings, death) as client:
        await hub.database.use(client, DOCUMENTS)
        yield death


async def before() -> None:
    """What was recorded in peace: people, and an order of Ada's that will change."""
    await said(
        *(identify(userId=user, messageId=user, traits={"email": f"{user}@example.com"}) for user in ("ada", "bob")),
        sale("Completed", "ada", "A-1", message="a1", total=10, version=1),
        sale("Completed", "ada", "A-2", message="a2", total=5),
    )
    await route_all()


async def batch() -> None:
    """All that orders know: new ones, versions, refunds before and after, a cancellation, one that changes hands."""
    await said(
        sale("Updated", "ada", "A-1", message="a3", total=30, version=3),
        sale("Updated", "ada", "A-1", message="a4", total=20, version=2),
        sale("Refunded", "ada", "A-3", message="a5", total=1, refund_id="R"),
        sale("Completed", "ada", "A-3", message="a6", total=4),
        sale("Cancelled", "ada", "A-2", message="a7"),
        sale("Completed", "bob", "B-1", message="b1", total=7),
        sale("Updated", "bob", "A-1", message="b2", total=31, version=4),
        sale("Ready For Pickup", "bob", "B-1", message="b3"),
        sale("Ready For Pickup", "bob", "B-1", message="b4"),
        sale("Completed", "bob", "B-2", message="b5", total="?"),
    )


UNDISTURBED: dict[str, Any] = {
    "ada": (1, {"EUR": {"gross": 400, "refunded": 100}}),
    "bob": (2, {"EUR": {"gross": 3800, "refunded": 0}}),
    "orders": [("A-1", 3100), ("A-2", 500), ("A-3", 400), ("B-1", 700)],
    "told": {"A-1": [3100], "A-2": [], "A-3": [400], "B-1": [700]},
    "messages": 1,
    "dead letters": 1,
    "unrouted": 0,
}


async def outcome(database: Database) -> dict[str, Any]:
    rows = [row async for row in database["orders"].find().sort("order_id", 1)]
    totals = {user: await totals_of(database, user) for user in ("ada", "bob")}
    return {
        **{user: (it["count"], it["by_currency"]) for user, it in totals.items()},
        "orders": [(row["order_id"], row["gross"]) for row in rows],
        # What those have counted who have counted something: each order is with one profile at most.
        "told": {row["order_id"]: [it["gross"] for it in row["told"].values() if "gross" in it] for row in rows},
        "messages": await database["messages"].count_documents({}),
        "dead letters": await database["dead_letters"].count_documents({}),
        "unrouted": await database["events"].count_documents({"routed": False}),
    }


async def test_an_attempt_that_dies_before_any_of_its_commands_leaves_orders_and_totals_to_the_next(
    death: Death, database: Database
) -> None:
    commands, died = 0, True
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
        commands += 1
    assert commands > 12


async def test_routers_that_work_on_the_same_orders_at_the_same_time_and_die_count_each_once(
    death: Death, database: Database
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(4):
        await empty(database)
        await before()
        await batch()
        death.commands_left = chance.randrange(60)
        with suppress(Died):
            await asyncio.gather(*(work_on_everything(f"router {place}", chance) for place in range(3)))
        death.commands_left = None

        await route_all()

        assert await outcome(database) == UNDISTURBED, f"seed {seed}"


async def test_routers_with_different_events_of_the_same_orders_count_each_once(database: Database) -> None:
    """Each router has only some of an order's events, as when these name their customer differently."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(4):
        await empty(database)
        await before()
        await batch()
        shares = [router(f"router {place}") for place in range(3)]

        async def share(place: int, shares: list[Router] = shares) -> None:
            while events := [it for it in await _unrouted() if it.id.int % 3 == place]:
                await asyncio.sleep(chance.random() / 500)
                await shares[place]._route(events)

        await asyncio.gather(*(share(place) for place in range(3)))

        assert await outcome(database) == UNDISTURBED, f"seed {seed}"


async def test_an_event_waits_until_the_customer_who_had_its_order_before_no_longer_counts_it(
    database: Database,
) -> None:
    await before()
    await said(sale("Updated", "bob", "A-1", message="b2", total=31, version=4))
    ada, bob = await profile_id_of(database, "ada"), await profile_id_of(database, "bob")
    (event,) = await _unrouted()
    recorded = await recording.record([replace(event, profile_id=bob)], await profiles.load([bob]), now=NOW)
    await database["profiles"].update_one({"_id": ada}, {"$inc": {"rev": 1}})  # somebody else was faster

    saved = await profiles.save(list(recorded.profiles.values()), token=ids.new_id())

    assert (set(recorded.profiles), saved) == ({ada, bob}, {bob})
    assert await recorded.finish(saved) == {event.id}
    await route_all()
    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 500, "refunded": 0}}
    assert (await totals_of(database, "bob"))["by_currency"] == {"EUR": {"gross": 3100, "refunded": 0}}


async def test_a_profile_names_what_it_has_counted_until_the_order_has_noted_it(database: Database) -> None:
    await before()
    await said(sale("Completed", "ada", "A-3", message="a6", total=4))
    ada = await profile_id_of(database, "ada")
    (event,) = await _unrouted()
    order = str(ids.key_of("order", "shop", "A-3"))
    recorded = await recording.record([replace(event, profile_id=ada)], await profiles.load([ada]), now=NOW)
    assert await profiles.save(list(recorded.profiles.values()), token=ids.new_id()) == {ada}  # and then it died

    again = await recording.record([], await profiles.load([ada]), now=NOW)
    assert order in again.profiles[ada].rollups["orders"]["counted"]
    assert await again.finish({ada}) == set()

    noted = await recording.record([], await profiles.load([ada]), now=NOW)
    assert noted.profiles[ada].rollups["orders"]["counted"] == {}
    await route_all()
    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 1900, "refunded": 0}}


async def test_a_new_order_foretells_what_its_profile_counts_and_neither_needs_a_note(database: Database) -> None:
    await before()
    await said(sale("Completed", "ada", "A-3", message="a6", total=4))
    (event,) = await _unrouted()

    await route_all()

    ada = await profile_id_of(database, "ada")
    counted = {"at": event.at, "currency": "EUR", "gross": 400, "refunded": 0}
    assert (await order_row(database, "A-3"))["told"] == {str(ada): {"rev": 0, "event": event.id, **counted}}
    profile = await profiles.load([ada])
    assert profile[ada].rollups["orders"]["counted"] == {}
    await said(sale("Refunded", "ada", "A-3", message="a7", total=1, refund_id="R"))
    await route_all()
    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 1900, "refunded": 100}}


async def test_what_is_foretold_does_not_come_true_once_the_order_is_somebody_elses(database: Database) -> None:
    await before()
    await said(sale("Completed", "ada", "A-3", message="a6", total=4, version=1))
    (event,) = await _unrouted()
    ada = await profile_id_of(database, "ada")
    (profile,) = (await profiles.load([ada])).values()
    slow = await recording.record(
        [replace(event, profile_id=ada)], {ada: replace(profile, counted={event.id: 1})}, now=NOW, fresh={event.id}
    )
    await said(sale("Updated", "bob", "A-3", message="b2", total=6, version=2))
    await router("the fast one")._route([it for it in await _unrouted() if it.id != event.id])

    assert await profiles.save(list(slow.profiles.values()), token=ids.new_id()) == set()

    await route_all()
    assert (await totals_of(database, "ada"))["by_currency"] == {"EUR": {"gross": 1500, "refunded": 0}}
    assert (await totals_of(database, "bob"))["by_currency"] == {"EUR": {"gross": 600, "refunded": 0}}


async def test_an_order_whose_event_is_buried_after_it_was_counted_is_not_counted_again(database: Database) -> None:
    await said(sale("Completed", "ada", "A-3", message="a6", total=4))
    await database.command({"collMod": "carts", "validator": {"cart_id": {"$exists": False}}})
    with capture_logs():
        await route_all()
    await database.command({"collMod": "carts", "validator": {}})

    buried = await database["events"].find_one({"message_id": "a6"})
    assert buried is not None
    assert (buried["tries"], buried["profile_id"]) == (MOST_TRIES, await profile_id_of(database, "ada"))
    await said(sale("Refunded", "ada", "A-3", message="a7", total=1, refund_id="R"))
    await route_all()

    totals = await totals_of(database, "ada")
    assert (totals["count"], totals["by_currency"]) == (1, {"EUR": {"gross": 400, "refunded": 100}})


async def _unrouted() -> list[Event]:
    return await store.work(range(64), 100)
