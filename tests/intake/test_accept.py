import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.events.model import Refusal, Source, Trust
from hub.intake.accept import MOST_BYTES_EVENT, MOST_CALLS, TooManyCalls, accept
from tests.intake.inflow import NOW, SHOP, said, track

pytestmark = pytest.mark.usefixtures("database")


async def test_the_same_message_twice_in_one_batch_is_one_event(database: Database) -> None:
    viewed = track("Product Viewed", userId="ada", messageId="m1")

    receipt = await said(viewed, viewed)

    assert (receipt.accepted, receipt.refused) == (2, [])
    assert await database["events"].count_documents({}) == 1


async def test_a_message_sent_again_later_is_accepted_and_changes_nothing(database: Database) -> None:
    await said(track("Product Viewed", userId="ada", messageId="m1"))
    before = await database["events"].find_one({})

    receipt = await said(
        track("Something Else", userId="eve", messageId="m1"),
        track("Product Added", userId="ada", messageId="m2"),
        now=NOW + timedelta(days=400),
    )

    assert receipt.accepted == 2
    assert await database["events"].find_one({"message_id": "m1"}) == before
    assert await database["events"].count_documents({}) == 2


async def test_ten_requests_at_once_with_the_same_messages_store_each_once(database: Database) -> None:
    batch = [track("Product Viewed", userId=f"u{place}", messageId=f"m{place}") for place in range(50)]

    receipts = await asyncio.gather(*(said(*batch) for _ in range(10)))

    assert [receipt.accepted for receipt in receipts] == [50] * 10
    assert await database["events"].count_documents({}) == 50


async def test_the_same_message_id_from_two_sources_is_two_events(database: Database) -> None:
    viewed = track("Product Viewed", userId="ada", messageId="m1")

    await said(viewed, source=Source("web", Trust.CLIENT))
    await said(viewed, source=Source("app", Trust.CLIENT))

    assert sorted(await database["events"].distinct("source")) == ["app", "web"]
    assert await database["events"].count_documents({}) == 2


async def test_a_call_without_message_id_is_known_again_by_its_bytes_if_it_has_a_time(database: Database) -> None:
    timed = track("Product Viewed", userId="ada", timestamp="2026-11-20T11:00:00Z")
    await said(timed)
    await said(timed)
    assert await database["events"].count_documents({}) == 1

    untimed = track("Product Viewed", userId="ada")
    await said(untimed)
    await said(untimed)
    assert await database["events"].count_documents({}) == 3


async def test_the_time_of_an_event_is_corrected_by_the_lag_of_its_senders_clock(database: Database) -> None:
    # The sender's clock is three hours ahead; the event happened ten minutes before it was sent.
    await said(
        track(
            "Product Viewed",
            userId="ada",
            messageId="own",
            timestamp="2026-11-20T14:50:00Z",
            sentAt="2026-11-20T15:00:00Z",
        ),
        track("Product Viewed", userId="ada", messageId="of the batch", timestamp="2026-11-20T14:55:00+00:00"),
        sent_at=NOW + timedelta(hours=3),
    )
    await said(track("Product Viewed", userId="ada", messageId="no clock", timestamp="2026-11-20T11:00:00"))
    await said(track("Product Viewed", userId="ada", messageId="future", timestamp="2027-01-01T00:00:00Z"))
    await said(track("Product Viewed", userId="ada", messageId="no time"))

    at = {row["message_id"]: row["at"] async for row in database["events"].find()}
    assert at == {
        "own": NOW - timedelta(minutes=10),
        "of the batch": NOW - timedelta(minutes=5),
        "no clock": NOW - timedelta(hours=1),
        "future": NOW,
        "no time": NOW,
    }


async def test_a_refused_call_is_named_by_its_place_and_kept_while_its_neighbours_are_stored(
    database: Database,
) -> None:
    large = track("X", userId="ada", properties={"x": "x" * MOST_BYTES_EVENT})

    receipt = await said(
        track("First", userId="ada", messageId="first"), large, track("Last", userId="ada", messageId="last")
    )

    (refusal,) = receipt.refused
    assert (refusal.index, refusal.code) == (1, "too_large")
    assert receipt.accepted == 2
    assert [(row["name"], row["place"]) async for row in database["events"].find().sort("place", 1)] == [
        ("First", 0),
        ("Last", 2),
    ]
    letter = await database["dead_letters"].find_one({})
    assert letter is not None
    assert (letter["source"], letter["code"]) == ("shop", "too_large")
    assert len(letter["body"]) > MOST_BYTES_EVENT


async def test_the_same_bad_call_is_one_dead_letter_however_often_it_comes(database: Database) -> None:
    first = await accept(SHOP, [b"{}", b"{}", b"[]"], now=NOW)
    await accept(SHOP, [b"{}"], now=NOW)

    assert first.refused == [
        Refusal(0, "invalid", "Object missing required field `type`."),
        Refusal(1, "invalid", "Object missing required field `type`."),
        Refusal(2, "invalid", "Expected `object`, got `array`."),
    ]
    assert await database["dead_letters"].count_documents({}) == 2


async def test_a_batch_of_more_than_ten_thousand_calls_is_refused_before_any_is_looked_at(database: Database) -> None:
    unreadable: list[Any] = [None] * (MOST_CALLS + 1)  # whoever looks at one breaks

    full = await accept(SHOP, [b"1"] * MOST_CALLS, now=NOW)
    with pytest.raises(TooManyCalls, match=r"The batch has 10001 calls; 10000 are allowed\.") as error:
        await accept(SHOP, unreadable, now=NOW)

    assert (len(full.refused), error.value.calls) == (10_000, 10_001)
    assert [row["body"] async for row in database["dead_letters"].find()] == [b"1"]


async def test_an_event_of_exactly_32_kilobytes_is_stored(database: Database) -> None:
    head, tail = b'{"type":"track","event":"X","userId":"ada","properties":{"x":"', b'"}}'
    filling = b"x" * (MOST_BYTES_EVENT - len(head) - len(tail))

    receipt = await accept(SHOP, [head + filling + tail, head + filling + b"x" + tail], now=NOW)

    assert [(it.index, it.code) for it in receipt.refused] == [(1, "too_large")]
    assert await database["events"].count_documents({}) == 1


async def test_all_events_of_one_device_are_in_one_part_and_parts_are_used_evenly(database: Database) -> None:
    await said(*(track("X", anonymousId=f"device {place % 400}", userId=f"u{place}") for place in range(800)))

    parts_of: dict[str, set[int]] = {}
    async for row in database["events"].find():
        parts_of.setdefault(row["anonymous_id"], set()).add(row["part"])
    assert all(len(parts) == 1 for parts in parts_of.values())
    assert len(set.union(*parts_of.values())) == 64


async def test_a_phone_number_names_the_same_part_however_it_is_written(database: Database) -> None:
    await said(
        track("X", properties={"phone": "+49 30 123"}),
        track("X", properties={"phone": "+49-30-123"}),
        track("X", traits={"email": ""}, context={"traits": {"email": " Ada@Example.com"}}),
        track("X", properties={"email": "ada@example.com"}),
    )

    parts = [row["part"] async for row in database["events"].find().sort("place", 1)]
    assert parts[0] == parts[1]
    assert parts[2] == parts[3]
