"""Forgetting a person: what is left, what is not, and what happens when the forgetting dies on the way."""

from datetime import timedelta

import pytest

from hub import seal
from hub.database import Database
from hub.events import store as events
from hub.journeys.model import Status
from hub.privacy import store
from hub.privacy.service import SECOND_LOOK, NobodyThere, Privacy
from hub.privacy.store import Erasure, Standing
from hub.privacy.traces import Traces
from hub.profiles.model import Channel, Profile
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import APP, NOW, identify, route_all, said, track
from tests.killing import killed
from tests.privacy.person import ADA, EMAIL, NAME, PHONE, advance, found, live_runs, lives, of_user

LATER = NOW + SECOND_LOOK + timedelta(seconds=1)


async def forget(settings: Settings, ada: Profile) -> Erasure:
    return await Privacy(settings, DOCUMENTS).erase(ada.id, now=NOW)


async def test_every_document_says_what_it_holds_of_a_person() -> None:
    for document in DOCUMENTS:
        personal = seal.personal_of(document)
        if personal:
            assert set(personal.fields) <= document.model_fields.keys(), document
            assert personal.owner in {None, "_id", *document.model_fields}, document


async def test_erasing_leaves_no_trace_that_a_query_can_reach(settings: Settings, database: Database) -> None:
    ada = await lives(settings)
    held = await found(database)
    assert held.keys() >= {"profiles", "identifiers", "events", "inbox", "dead_letters"}
    assert {NAME, EMAIL, PHONE} <= {word for words in held.values() for word in words}

    receipt = await forget(settings, ada)

    assert await found(database) == {}
    assert {name: count for name, count in receipt.counts.items() if count} == {
        "profiles": 2,  # the device she browsed with was joined to her
        "identifiers": 4,
        "events": 15,
        "orders": 1,
        "carts": 2,  # and the one that an order empties which names none
        "wishes": 1,
        "consents": 1,
        "enrolments": 1,
        "reviews": 1,
        "sign_ins": 2,  # one from before anybody knew her
        "known_devices": 1,
        "dead_letters": 1,
        "inbox": 2,
        "messages": 2,
        "runs": 1,
        "decisions": 1,
    }
    assert set(receipt.counts) == set(Traces(DOCUMENTS).collections)


async def test_the_neighbour_keeps_everything(settings: Settings, database: Database) -> None:
    ada = await lives(settings)
    before = await found(database, ["bob"])

    await forget(settings, ada)

    assert await found(database, ["bob"]) == before


async def test_nothing_more_is_sent_to_who_is_erased_and_their_runs_are_over(
    settings: Settings, database: Database
) -> None:
    ada = await lives(settings)
    assert await live_runs(ada) == 1

    await forget(settings, ada)
    await advance(settings)

    row = await database["runs"].find_one({"profile_id": ada.id})
    assert row is not None
    assert (row["status"], row["reason"], row["due"], "cohort" in row) == (Status.STOPPED, "erased", None, False)
    assert await database["inbox"].count_documents({}) == 2  # Bob's


async def test_erasing_again_gives_the_same_receipt_and_an_unknown_one_is_refused(
    settings: Settings, database: Database
) -> None:
    del database
    ada = await lives(settings)
    first = await forget(settings, ada)

    assert await forget(settings, ada) == first
    with pytest.raises(NobodyThere):
        await forget(settings, Profile(id=events.ids.new_id()))


async def test_the_same_call_sent_again_brings_nobody_back(settings: Settings, database: Database) -> None:
    ada = await lives(settings)
    await forget(settings, ada)

    await said(identify(userId=ADA, traits={"name": NAME, "email": EMAIL}, messageId="ada-4"))
    await route_all()

    assert await found(database) == {}


async def test_what_waits_to_be_applied_is_withdrawn(settings: Settings, database: Database) -> None:
    ada = await lives(settings)
    await said(
        track("Page Viewed", userId=ADA, properties={"who": NAME}), identify(userId="new", traits={"email": EMAIL})
    )
    await said(track("Page Viewed", userId="bob"), source=APP)

    await forget(settings, ada)
    await route_all()

    assert await found(database) == {}
    assert await database["events"].count_documents({"routed": False}) == 0


async def test_what_a_router_held_in_memory_is_found_by_the_second_look(settings: Settings, database: Database) -> None:
    ada = await lives(settings)
    row = await database["profiles"].find_one({"_id": ada.id})
    assert row is not None
    await forget(settings, ada)
    await database["profiles"].insert_one(row)  # as a router would that had read her names just before

    assert await Privacy(settings, DOCUMENTS).look_again(now=NOW) == 0  # too early
    assert await Privacy(settings, DOCUMENTS).look_again(now=LATER) == 1

    assert await found(database) == {}
    receipt = (await store.load([ada.id]))[ada.id]
    assert (receipt.standing, receipt.counts["profiles"]) == (Standing.ERASED, 3)
    assert await Privacy(settings, DOCUMENTS).look_again(now=LATER) == 0


async def test_an_announcement_about_somebody_erased_brings_nobody_back(settings: Settings, database: Database) -> None:
    ada = await lives(settings)
    await forget(settings, ada)
    await said(track("Page Viewed", userId="bob"))
    await database["events"].update_one(
        {"routed": False}, {"$set": {"about": ada.id}, "$unset": {"user_id": "", "anonymous_id": ""}}
    )
    await route_all()

    assert await database["profiles"].count_documents({"_id": ada.id}) == 0
    assert await database["events"].count_documents({"routed": False}) == 0


async def test_whenever_it_dies_the_next_call_or_the_keeper_finishes_it(settings: Settings, database: Database) -> None:
    ada = await lives(settings)
    rows = {name: await database[name].find().to_list() for name in await database.list_collection_names()}

    async def put_back() -> None:
        for name, kept in rows.items():
            await database[name].delete_many({})
            if kept:
                await database[name].insert_many(kept)
        await database["erasures"].delete_many({})

    counts = (await forget(settings, ada)).counts
    await put_back()
    length = 1  # after each write: before the next one everything is as it was after the last
    while await killed(length, lambda: forget(settings, ada)):
        if await database["erasures"].count_documents({}):
            assert await Privacy(settings, DOCUMENTS).look_again(now=LATER) == 1
        else:
            await forget(settings, ada)
        assert await found(database) == {}, length
        assert await live_runs(ada) == 0
        await Privacy(settings, DOCUMENTS).look_again(now=LATER)
        receipt = (await store.load([ada.id]))[ada.id]
        assert (receipt.standing, receipt.counts) == (Standing.ERASED, counts), length  # nothing is counted twice
        await put_back()
        length += 2
    assert length >= 20  # halves of a write


async def test_who_is_erased_takes_no_address_with_them_that_is_verified_as_somebody_elses(
    settings: Settings, database: Database
) -> None:
    ada = await lives(settings)
    traits = {"email": EMAIL, "phone": "track"}
    await said(identify(userId="eve", anonymousId="track", traits=traits), source=APP)
    await route_all()
    suppressions, before = Suppressions(settings), await found(database)

    await forget(settings, await of_user("eve"))

    assert await suppressions.among([(Channel.EMAIL, EMAIL)]) == {}
    assert before.pop("clashes") == [EMAIL]  # between the two
    assert await found(database) == before
    assert await database["dead_letters"].count_documents({}) == 2
    await forget(settings, ada)
    assert set(await suppressions.among([(Channel.EMAIL, EMAIL), (Channel.SMS, PHONE)])) == {
        (Channel.EMAIL, EMAIL),
        (Channel.SMS, PHONE),
    }


async def test_an_address_that_nobody_has_vouched_for_is_suppressed_and_looked_for_all_the_same(
    settings: Settings, database: Database
) -> None:
    await said(identify(userId="cyd-0817", traits={"email": "Cyd@Example.com"}), source=APP)
    refused = [
        {"type": "track", "context": {"traits": {"email": "cyd@example.com"}}},
        {"type": "?", "user_id": "cyd-0817"},
    ]
    assert len((await said(*refused, source=APP)).refused) == 2
    await route_all()

    await forget(settings, await of_user("cyd-0817"))

    assert await found(database, ["cyd-0817", "cyd@example.com"]) == {}
    assert len(await Suppressions(settings).among([(Channel.EMAIL, "cyd@example.com")])) == 1


async def test_a_refund_that_came_before_its_order_is_that_persons_whose_event_told_of_it(
    settings: Settings, database: Database
) -> None:
    for user in ("ada", "bob"):
        back = {"order_id": f"{user}-1", "currency": "EUR", "total": 5, "reason": f"said {user} herself"}
        await said(identify(userId=user), track("Order Refunded", userId=user, properties=back))
    await route_all()
    ada, before = await of_user("ada"), await found(database, ["said bob"])
    assert (await found(database, ["said ada"])).keys() == {"events", "orders"}

    receipt = await forget(settings, ada)

    assert await found(database, ["said ada"]) == {}
    assert receipt.counts["orders"] == 1
    assert await found(database, ["said bob"]) == before


async def test_what_was_heard_of_an_order_is_nobodys_but_the_owners_once_the_order_has_come(
    settings: Settings, database: Database
) -> None:
    told = {"order_id": "O-1", "currency": "EUR", "total": 5}
    await said(track("Order Refunded", userId="till", properties={**told, "reason": "a dent"}))
    await said(track("Order Completed", userId="ada", properties={**told, "coupon": "dear ada"}))
    await route_all()

    await forget(settings, await of_user("till"))
    assert (await found(database, ["a dent", "dear ada"])).keys() == {"events", "orders"}
    receipt = await forget(settings, await of_user("ada"))

    assert receipt.counts["orders"] == 1
    assert await found(database, ["a dent", "dear ada"]) == {}
    row = await database["orders"].find_one({}) or {}
    assert (row["gross"], row["refunds"][0]["amount"], "heard_from" in row) == (500, 500, False)
