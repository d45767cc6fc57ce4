"""What a device did before its user said who they are becomes theirs, whoever dies or works beside."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.events import store as events_store
from hub.intake.apply import apply
from hub.kit import pages
from hub.profiles import store
from tests.intake.inflow import (
    APP,
    NOW,
    SHOP,
    checkout,
    empty,
    identify,
    messages_of,
    order,
    publish,
    route_all,
    router,
    said,
    track,
    unrouted,
)
from tests.intake.test_dying import Death, Died, death, work_on_everything

__all__ = ["death"]  # a fixture
SIGN_UP = identify(anonymousId="phone", userId="ada", messageId="sign-up", traits={"name": "Ada"})


def browsed(event: str, message: str, **properties: Any) -> dict[str, Any]:
    return track(event, anonymousId="phone", messageId=message, properties=properties)


async def before() -> None:
    """Ada is known to the shop, and has a run there; her phone is not known to be hers, and has two."""
    earlier = NOW - timedelta(minutes=1)
    await said(
        identify(userId="ada", messageId="ada-1", traits={"email": "ada@example.com"}),
        checkout("ada", "both", message="ada-2"),
        now=earlier,
    )
    await said(
        browsed("Product Viewed", "phone-0"),
        browsed("Product Viewed", "phone-1"),
        browsed("Checkout Started", "phone-2", order_id="both", value=9),
        browsed("Checkout Started", "phone-3", order_id="phone", value=9),
        source=APP,
        now=earlier + timedelta(seconds=1),
    )
    await route_all()


async def batch() -> None:
    """She signs up on the phone; around it, both go on under their own names."""
    await said(
        browsed("Product Viewed", "phone-4"),
        order("ada", "another", message="ada-3"),
        browsed("Checkout Started", "phone-5", order_id="early", value=9),
        SIGN_UP,
        browsed("Checkout Started", "phone-6", order_id="both", value=9),  # she is in
        checkout("ada", "phone", message="ada-4"),  # she is in
        order("ada", "phone", message="ada-5"),  # ends what began on the phone
    )


UNDISTURBED: dict[str, Any] = {
    "profiles": {"anonymous:phone email:ada@example.com user:ada": (13, {"email": "ada@example.com", "name": "Ada"})},
    "phone": ["phone-4", "phone-5", "sign-up", "phone-6"],
    "ada": ["ada-3", "sign-up", "ada-4", "ada-5"],
    "runs": [
        ("ada-2", "waiting", None, []),
        ("phone-2", "exited", "merged", []),
        ("phone-3", "waiting", None, ["ada-5"]),
        ("phone-5", "waiting", None, []),
    ],
    "guards": ["ada-2", "phone-3", "phone-5"],
    "decisions": [
        ("ada-2", "None"),
        ("ada-4", "already_in"),
        ("phone-2", "None"),
        ("phone-3", "None"),
        ("phone-5", "None"),
        ("phone-6", "already_in"),
    ],
}


async def outcome(database: Database) -> dict[str, Any]:
    """Tell what became of everybody under the names of their heads."""
    messages = {row["_id"]: row["message_id"] async for row in database["events"].find()}
    heads = await store.heads([row["_id"] async for row in database["profiles"].find()])
    assert {it.absorbed_by for it in heads.values()} == {None}
    names: dict[Any, list[str]] = {}
    async for row in database["identifiers"].find():
        names.setdefault(heads[row["profile_id"]].id, []).append(f"{row['kind']}:{row['value']}")
    runs = [row async for row in database["runs"].find()]
    entered = {row["_id"]: messages[row["event_id"]] for row in runs}
    by_seq = database["events"].find({"routed": True, "accepted_at": NOW}).sort("seq", 1)
    timeline = [row["message_id"] async for row in by_seq]
    guarding = [row["run_id"] async for row in database["entry_guards"].find({"run_id": {"$ne": None}})]
    for row in runs:  # those that nobody has told to let go yet hold their guards until their cohort is at it
        if row["status"] == "exited":
            assert row["intents"] == [{"do": "release"}]
    return {
        "profiles": {
            " ".join(sorted(names[it.id])): (it.events, dict(it.traits))
            for it in {it.id: it for it in heads.values()}.values()
        },
        # Before she signed up, what came under the one name was in no order with what came under the other.
        "phone": [it for it in timeline if not it.startswith("ada")],
        "ada": [it for it in timeline if not it.startswith("phone")],
        "runs": sorted(
            (
                entered[row["_id"]],
                row["status"],
                row["reason"],
                sorted(messages[it["event_id"]] for it in row["inputs"]),
            )
            for row in runs
        ),
        "guards": sorted({entered[it] for it in guarding} - {"phone-2"}),
        "decisions": sorted(
            [(messages_of(row["cause"], messages), str(row["reason"])) async for row in database["decisions"].find()]
        ),
    }


async def test_events_sent_with_a_device_id_before_sign_up_appear_on_the_profile_after_identify(
    database: Database,
) -> None:
    """And do not re-fire journeys that already ran for them."""
    await publish()
    await before()
    runs = await database["runs"].distinct("_id")
    await said(SIGN_UP, source=APP)
    await route_all()

    owned = await database["identifiers"].find_one({"value": "ada"})
    assert owned is not None
    ada = (await store.heads([owned["profile_id"]]))[owned["profile_id"]]
    page = (await events_store.timelines([ada.own_ids], pages.span(10, None, None, None)))[ada.own_ids]
    assert sorted(event.name for _, event in page.rows) == sorted(
        [
            *("Identify", "Checkout Started", "Checkout Started", "Product Viewed", "Product Viewed"),
            *("Checkout Started", "Identify"),
        ]
    )
    assert await database["runs"].distinct("_id") == runs
    assert await database["decisions"].count_documents({}) == 3

    await said(browsed("Checkout Started", "again", order_id="phone", value=9), source=APP)
    await route_all()
    assert await database["runs"].distinct("_id") == runs
    assert [row["reason"] async for row in database["decisions"].find({"reason": {"$ne": None}})] == ["already_in"]


async def test_a_sign_up_in_the_midst_of_a_batch_has_every_effect_once_and_in_order(database: Database) -> None:
    await publish()
    await before()
    await batch()

    await route_all()

    assert await outcome(database) == UNDISTURBED


async def test_a_join_that_dies_before_any_of_its_commands_is_finished_by_the_next(
    death: Death,
    database: Database,
) -> None:
    await publish()
    commands = 0
    died = True
    while died:
        await empty(database)
        await before()
        await batch()
        attempt = router("the one that dies")
        death.commands_left = commands
        try:
            while await attempt.step():
                pass
            died = False
        except Died:
            pass
        death.commands_left = None

        await route_all()

        assert await outcome(database) == UNDISTURBED, f"died before command {commands + 1}"
        commands += 1
    assert commands > 25


async def test_routers_that_join_the_same_people_at_the_same_time_join_them_once(database: Database) -> None:
    await publish()
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(6):
        await empty(database)
        await before()
        await batch()

        await asyncio.gather(*(work_on_everything(f"router {place}", chance) for place in range(4)))

        assert await outcome(database) == UNDISTURBED, f"seed {seed}"


async def test_a_join_waits_for_what_is_counted_and_not_routed(database: Database) -> None:
    await publish()
    await said(identify(userId="ada", messageId="ada-1"))
    await said(browsed("Checkout Started", "phone-1", order_id="1", value=9), source=APP)
    await route_all()
    await said(browsed("Checkout Started", "phone-2", order_id="2", value=9), source=APP)
    (held_up,) = await unrouted()
    await apply([held_up], now=NOW)  # by a router that dies, or is slow
    await said(
        SIGN_UP, track("Checkout Started", userId="ada", messageId="ada-2", properties={"order_id": "2", "value": 9})
    )

    (_, sign_up, later) = await unrouted()
    applied = await apply([sign_up, later], now=NOW)

    assert applied.events == []
    await route_all()
    assert await database["profiles"].count_documents({"absorbed_by": None}) == 1
    assert await database["runs"].count_documents({"status": "waiting"}) == 2
    assert [row["reason"] async for row in database["decisions"].find().sort("_id", 1)].count("already_in") == 1


async def test_an_order_before_the_sign_up_ends_what_was_left_behind_on_the_phone(database: Database) -> None:
    await publish()
    await said(identify(userId="ada"), now=NOW - timedelta(minutes=2))
    await said(
        browsed("Checkout Started", "phone-1", order_id="1", value=9), source=APP, now=NOW - timedelta(minutes=1)
    )
    await route_all()
    await said(order("ada", "1", message="ada-1"))
    await route_all()
    assert await database["runs"].count_documents({"inputs.0": {"$exists": True}}) == 0

    await said(SIGN_UP, source=APP)
    await route_all()

    (run,) = [row async for row in database["runs"].find()]
    assert [it["name"] for it in run["inputs"]] == ["Order Completed"]


@pytest.mark.parametrize("source", [SHOP, APP])
async def test_an_alias_joins_the_device_it_names_to_the_user(source: Any, database: Database) -> None:
    await said(identify(userId="ada"), track("X", anonymousId="phone"))
    await route_all()
    await said({"type": "alias", "previousId": "phone", "userId": "ada"}, source=source)
    await route_all()
    await said(track("X", anonymousId="phone"))
    await route_all()

    (ada,) = [row async for row in database["profiles"].find({"absorbed_by": None})]
    assert ada["events"] == 4
    assert await database["clashes"].count_documents({}) == 0
    assert (await outcome(database))["profiles"] == {"anonymous:phone user:ada": (4, {})}


async def test_what_a_device_knew_fills_the_gaps_and_the_user_s_own_word_stays(database: Database) -> None:
    phone = {"device": {"token": "t1"}}
    await said(identify(userId="ada", traits={"name": "Ada"}), source=APP)
    await said(identify(anonymousId="phone", traits={"name": "?", "pet": "cat"}, context=phone), source=APP)
    await route_all()
    await said(identify(userId="ada", anonymousId="phone"), source=APP)
    await route_all()

    (ada,) = [row async for row in database["profiles"].find({"absorbed_by": None})]
    assert (ada["traits"], ada["devices"]) == ({"name": "Ada", "pet": "cat"}, ["t1"])
