from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from hub.database import Database
from hub.events.model import PARTS, Event
from hub.intake import parts, project
from hub.intake.router import MOST_TRIES
from hub.journeys import model
from hub.kit import ids
from hub.ledger.errors import Crowded
from hub.profiles.model import Profile
from tests.intake.inflow import (
    NOW,
    checkout,
    identify,
    order,
    outcome,
    people,
    publish,
    route_all,
    router,
    said,
    track,
    unrouted,
)


async def decisions(database: Database) -> list[tuple[str, str]]:
    found = await outcome(database)
    return [(cause, reason) for cause, _, reason in found["decisions"]]


async def test_an_event_that_matches_enters_and_one_that_does_not_leaves_no_trace(database: Database) -> None:
    await publish()
    await said(checkout("ada", "1", message="m1"), checkout("ada", "2", message="m2", value=0))

    await route_all()

    run = await database["runs"].find_one({})
    assert run is not None
    assert (run["journey"], run["version"], run["key"], run["cohort"]) == ("cart", 1, "1", "cart/1/0")
    assert (run["status"], run["step"], run["wake"], run["due"], run["rev"]) == ("waiting", "0", True, None, 0)
    assert await decisions(database) == [("m1", "None")]
    assert await unrouted() == []


async def test_two_checkouts_with_one_key_in_one_batch_are_one_run_and_one_refusal(database: Database) -> None:
    await publish()
    await said(checkout("ada", "1", message="m1"), checkout("ada", "1", message="m2"))

    await route_all()

    assert await database["runs"].count_documents({}) == 1
    assert await decisions(database) == [("m1", "None"), ("m2", "already_in")]


async def test_of_two_checkouts_the_one_that_another_process_is_letting_in_enters(database: Database) -> None:
    """Refusing both, the first by the guard and the second because of the first, would let nobody in."""
    await publish()
    await said(track("X", userId="ada", messageId="m0"))
    await route_all()
    ada = (await people(database))["user:ada"]["_id"]
    second = model.run_id(ada, "cart", "1", ids.key_of("event", "shop", "m2"))
    await database["entry_guards"].insert_one({"_id": model.guard_id(ada, "cart", "1"), "run_id": second})
    await said(checkout("ada", "1", message="m1"), checkout("ada", "1", message="m2"))

    await route_all()

    assert await decisions(database) == [("m1", "already_in"), ("m2", "None")]
    assert await database["runs"].distinct("_id") == [second]


async def test_two_checkouts_with_different_keys_are_two_runs(database: Database) -> None:
    await publish()
    await said(checkout("ada", "1", message="m1"), checkout("ada", "2", message="m2"))

    await route_all()

    assert sorted(await database["runs"].distinct("key")) == ["1", "2"]
    assert await decisions(database) == [("m1", "None"), ("m2", "None")]


async def test_matched_is_entered_plus_refused(database: Database) -> None:
    await publish()
    await said(
        *(checkout(f"u{place % 7}", str(place % 11), message=f"m{place}", value=place % 3) for place in range(300))
    )

    await route_all()

    matched = sum(1 for place in range(300) if place % 3)
    pairs = {(place % 7, place % 11) for place in range(300) if place % 3}
    answers = [reason for _, reason in await decisions(database)]
    assert len(answers) == matched == 200
    assert answers.count("None") == await database["runs"].count_documents({}) == len(pairs)
    assert answers.count("already_in") == matched - len(pairs)


async def test_an_order_in_the_same_batch_as_its_checkout_reaches_the_run(database: Database) -> None:
    await publish()
    await said(
        order("ada", "1", message="older"),
        checkout("ada", "1", message="checkout"),
        order("ada", "2", message="other"),
        order("bob", "1", message="somebody else"),
        order("ada", "1", message="order"),
    )

    await route_all()

    assert (await outcome(database))["runs"] == [("checkout", "user:ada", "waiting", ["order"])]


async def test_an_order_in_a_later_batch_reaches_the_run_and_wakes_it(database: Database) -> None:
    await publish()
    await said(checkout("ada", "1", message="checkout"))
    await route_all()
    await database["runs"].update_many({}, {"$set": {"wake": False}})

    await said(order("ada", "1", message="order"))
    await route_all()

    run = await database["runs"].find_one({})
    assert run is not None
    assert (run["wake"], run["rev"], [it["name"] for it in run["inputs"]]) == (True, 1, ["Order Completed"])


async def test_a_router_that_starts_later_routes_all_that_was_written_before(database: Database) -> None:
    await publish()
    for begin in range(0, 1_200, 100):
        await said(
            *(checkout(f"u{place}", "1", message=f"m{place}") for place in range(begin, begin + 100)),
            now=NOW + timedelta(milliseconds=begin),
        )
    assert await database["profiles"].count_documents({}) == 0

    await route_all()

    assert await unrouted() == []
    assert await database["runs"].count_documents({}) == 1_200
    assert await database["profiles"].count_documents({"events": 1}) == 1_200


async def test_a_journey_published_while_a_router_runs_is_entered_by_the_next_event(database: Database) -> None:
    working = router()
    await said(checkout("ada", "1", message="before"))
    await working.step()

    await publish()
    await said(checkout("ada", "1", message="after"))
    await working.step()

    assert await decisions(database) == [("after", "None")]


async def test_people_enter_only_the_newest_version(database: Database) -> None:
    working = router()
    await publish()
    await said(checkout("ada", "1", message="m1"))
    await working.step()

    await publish("journey: cart\nenter: {event: Checkout Started, key: properties.order_id}\nsteps:\n  - wait: 2h\n")
    await said(checkout("ada", "2", message="m2"), order("ada", "1", message="m3"))
    await working.step()

    runs = [
        (row["version"], row["key"], len(row["inputs"])) async for row in database["runs"].find().sort("version", 1)
    ]
    assert runs == [(1, "1", 1), (2, "2", 0)]


async def test_two_routers_share_the_parts_evenly(database: Database) -> None:
    del database
    assert await parts.lease("a") == set(range(PARTS))

    of_b = await parts.lease("b")
    of_a = await parts.lease("a")

    assert len(of_a) == len(of_b) == PARTS // 2
    assert of_a | of_b == set(range(PARTS))


async def test_the_parts_of_a_dead_router_are_taken_over_when_its_lease_has_run_out(database: Database) -> None:
    await parts.lease("dead")
    assert len(await parts.lease("alive")) == PARTS // 2

    await database["routers"].update_one({"_id": "dead"}, [{"$set": {"until": {"$subtract": ["$$NOW", 1]}}}])

    assert await parts.lease("alive") == set(range(PARTS))


async def test_the_parts_of_a_router_that_stops_are_free_at_once(database: Database) -> None:
    del database
    await parts.lease("stopping")
    await parts.give_back("stopping")

    assert await parts.lease("alive") == set(range(PARTS))


@pytest.fixture
async def picky(database: Database) -> AsyncIterator[Database]:
    """MongoDB refuses every profile with the trait `poison`, as it may refuse one that has grown too large."""
    validator = {"traits.poison": {"$exists": False}}
    await database.command({"collMod": "profiles", "validator": validator})
    yield database
    await database.command({"collMod": "profiles", "validator": {}})


async def test_an_event_that_fails_five_times_is_a_dead_letter_and_its_part_goes_on(picky: Database) -> None:
    working = router()
    await said(
        track("X", userId="ada", messageId="before"),
        identify(userId="ada", messageId="bad", traits={"poison": 1, "name": "Ada"}),
        track("X", userId="ada", messageId="after"),
        track("X", userId="bob", messageId="neighbour"),
    )

    with capture_logs():
        for _ in range(MOST_TRIES - 1):
            await working.step()
            assert await picky["dead_letters"].count_documents({}) == 0
        await working.step()

    assert await unrouted() == []
    letters = [row async for row in picky["dead_letters"].find({}, {"_id": 0, "at": 0, "event_id": 0})]
    assert letters == [
        {
            "source": "shop",
            "code": "not_routable",
            "message": "Routing failed again and again: BulkWriteError.",
        }
    ]
    assert {name: row["events"] for name, row in (await people(picky)).items()} == {"user:ada": 2, "user:bob": 1}
    bad = await picky["events"].find_one({"message_id": "bad"})
    assert bad is not None
    assert (bad["tries"], bad["traits"]) == (5, {"poison": 1, "name": "Ada"})


async def test_an_event_that_others_are_in_the_way_of_is_tried_until_they_are_gone_and_never_buried(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More attempts than a bad event has: that others are at the same purse says nothing against the event."""
    in_the_way = True

    async def crowded(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
        del profiles, now
        if in_the_way and any(it.name == "X" for it in events):
            raise Crowded

    monkeypatch.setattr(project, "KEEPING", [*project.KEEPING, crowded])
    working = router()
    await said(track("X", userId="ada", messageId="crowded"), track("Y", userId="bob", messageId="neighbour"))

    with capture_logs() as logs:
        for _ in range(MOST_TRIES + 1):
            await working.step()

    assert [it.name for it in await unrouted()] == ["X"]
    assert [it["code"] for it in logs if it["event"] == "event_waits"] == ["CONFLICT"] * (MOST_TRIES + 1)
    row = await database["events"].find_one({"message_id": "crowded"})
    assert row is not None
    assert row.get("tries", 0) == 0
    in_the_way = False
    await working.step()
    assert await unrouted() == []
    assert await database["dead_letters"].count_documents({}) == 0


async def test_a_guard_taken_in_vain_by_an_attempt_that_died_is_given_back_by_the_next(database: Database) -> None:
    """Else the run that it names would keep its customer out for ever."""
    await publish()
    await said(checkout("ada", "1", message="m1"))
    await route_all()
    await database["runs"].update_one({}, {"$set": {"status": "finished"}})  # another attempt's run, and it is over
    await database["events"].update_one({"message_id": "m1"}, {"$set": {"routed": False}})  # this attempt died

    await route_all()
    assert (await outcome(database))["guards"] == ["free"]

    await said(checkout("ada", "1", message="m2"))
    await route_all()
    assert await decisions(database) == [("m1", "None"), ("m2", "None")]
    assert (await outcome(database))["guards"] == ["m2"]
