import asyncio
from datetime import timedelta

from hub.database import Database
from hub.events.model import Event
from hub.intake.apply import apply
from tests.intake.inflow import APP, NOW, identify, outcome, people, route_all, said, track, unrouted


async def ada(database: Database) -> dict[str, object]:
    (row,) = (await people(database)).values()
    return row


async def test_traits_are_merged_the_later_wins_and_track_changes_none(database: Database) -> None:
    await said(identify(userId="ada", traits={"name": "Ada", "plan": "free", "pets": ["cat"]}))
    await said(identify(userId="ada", traits={"plan": "gold", "pets": None}), now=NOW + timedelta(seconds=1))
    await said(
        track("X", userId="ada", traits={"plan": "none"}, properties={"plan": "none"}), now=NOW + timedelta(seconds=2)
    )
    await route_all()

    assert (await ada(database))["traits"] == {"name": "Ada", "plan": "gold", "pets": None}


async def test_a_client_fills_in_contacts_until_a_server_has_vouched_for_the_customer(database: Database) -> None:
    await said(identify(userId="ada", messageId="m1", traits={"phone": "1", "name": "Ada"}), source=APP)
    await said(identify(userId="ada", messageId="m2", traits={"email": "ada@example.com"}))
    await said(
        identify(userId="ada", messageId="m3", traits={"email": "eve@example.com", "phone": "2", "name": "Countess"}),
        identify(userId="ada", messageId="m4", traits={"email": "ada@example.com"}),
        source=APP,
        now=NOW + timedelta(seconds=1),
    )
    await route_all()

    assert (await ada(database))["traits"] == {"phone": "1", "name": "Countess", "email": "ada@example.com"}
    assert (await outcome(database))["decisions"] == [("m3", "identify", "untrusted_source")]
    decision = await database["decisions"].find_one({})
    assert decision is not None
    assert decision["detail"] == {"source": "app"}


async def test_a_server_changes_the_contacts_it_has_given(database: Database) -> None:
    await said(identify(userId="ada", traits={"email": "ada@example.com"}))
    await said(identify(userId="ada", traits={"email": "ada@example.org"}), now=NOW + timedelta(seconds=1))
    await route_all()

    assert (await ada(database))["traits"] == {"email": "ada@example.org"}
    assert await database["decisions"].count_documents({}) == 0


async def test_a_profile_knows_its_devices_the_newest_last_and_where_it_reads(database: Database) -> None:
    def opened(token: object, **context: object) -> dict[str, object]:
        return track("Opened", userId="ada", context={"device": {"token": token}, **context})

    await said(opened("t1", locale="de-DE", timezone="Europe/Berlin"), opened("t2"), opened("t1", locale=""), opened(7))
    await route_all()

    row = await ada(database)
    assert (row["devices"], row["locale"], row["zone"]) == (["t2", "t1"], "de-DE", "Europe/Berlin")


async def test_first_and_last_seen_are_times_of_events_not_of_their_arrival(database: Database) -> None:
    await said(track("X", userId="ada", timestamp="2026-11-20T11:00:00Z"))
    await said(track("X", userId="ada", timestamp="2026-11-20T10:00:00Z"))
    await route_all()

    row = await ada(database)
    assert (row["first_seen_at"], row["last_seen_at"]) == (NOW - timedelta(hours=2), NOW - timedelta(hours=1))


async def test_seq_orders_the_events_of_a_profile_as_they_were_accepted(database: Database) -> None:
    await said(*(track("X", userId="ada", messageId=f"b{place}") for place in range(12)))
    await said(track("X", userId="ada", messageId="a"), now=NOW - timedelta(seconds=1))
    await route_all()
    await said(track("X", userId="ada", messageId="c"), now=NOW - timedelta(hours=1))
    await route_all()

    found = database["events"].find().sort("seq", 1)
    assert [row["message_id"] async for row in found] == ["a", *(f"b{place}" for place in range(12)), "c"]
    assert await database["events"].distinct("profile_id") == [(await ada(database))["_id"]]


async def test_an_event_counts_once_however_many_processes_apply_it(database: Database) -> None:
    for round_ in range(10):
        await said(*(track("X", userId=f"u{place % 5}", messageId=f"{round_}-{place}") for place in range(25)))
        batch = await unrouted()

        done = await asyncio.gather(*(apply(batch, now=NOW) for _ in range(5)))

        # What several have applied at the same time has the same place with all of them.
        places: dict[object, set[tuple[object, object]]] = {}
        for event in (it for applied in done for it in applied.events):
            places.setdefault(event.id, set()).add((event.profile_id, event.seq))
        assert all(len(stamped) == 1 for stamped in places.values())
        await route_all()
        assert {row["events"] for row in (await people(database)).values()} == {5 * (round_ + 1)}


async def test_names_of_events_leave_the_profile_when_they_are_routed(database: Database) -> None:
    for place in range(4):
        await said(track("X", userId="ada", messageId=str(place)))
        await route_all()

    counted = (await ada(database))["counted"]
    last = await database["events"].find_one({"message_id": "3"})
    assert last is not None
    assert counted == [{"event": last["_id"], "seq": last["seq"]}]


async def test_an_attempt_with_an_old_list_of_work_applies_nothing_again(database: Database) -> None:
    await said(track("X", userId="ada"))
    old: list[Event] = await unrouted()
    await route_all()

    applied = await apply(old, now=NOW)

    assert (applied.events, applied.profiles) == ([], {})
    assert (await ada(database))["events"] == 1
