"""A broadcast at each customer's best hour and on their best channel; what is for later keeps nobody waiting."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from hub.broadcasts import rules, service, store
from hub.broadcasts.model import BadBroadcast, State
from hub.database import Database
from hub.kit import ids
from hub.messaging.model import State as MessageState
from hub.messaging.ports import NotSent, Sms
from hub.messaging.store import MessageDocument, message_of
from hub.profiles.model import Channel
from tests.broadcasts.stage import HOUR, NOON, SALE, SECOND, Stage, states

BERLIN = ZoneInfo("Europe/Berlin")
BOTH = (Channel.EMAIL, Channel.SMS)


def noticed(channel: str, at: datetime, times: int = 3) -> dict[str, Any]:
    """What a profile holds of somebody who has opened so many messages."""
    of = [
        {"at": at, "event": ids.new_id(), "message": ids.new_id(), "channel": channel, "weight": 1}
        for _ in range(times)
    ]
    return {"engagement": {"version": "engagement/1", "last": at, "of": of}}


async def somebody(
    stage: Stage, rollups: dict[str, Any], *, zone: str | None = "Europe/Berlin", place: int = 0
) -> UUID:
    traits = {"vip": True, "name": "Ada", "email": f"p{place}@example.com", "phone": f"+4915112345{place:03}"}
    [profile_id] = await stage.people(1, traits=traits, rollups=rollups, zone=zone)
    return profile_id


async def rows() -> dict[UUID, Any]:
    found = MessageDocument.get_pymongo_collection().find({})
    return {row["profile_id"]: message_of(row) async for row in found}


async def test_each_is_told_in_their_best_hour_on_their_best_channel_and_the_message_says_why(
    stage: Stage, database: Database
) -> None:
    evening = await somebody(stage, noticed("sms", datetime(2026, 11, 20, 18, 20, tzinfo=BERLIN)), place=1)
    now = await somebody(stage, noticed("email", datetime(2026, 11, 20, 13, 5, tzinfo=BERLIN)), place=2)
    little = await somebody(stage, noticed("sms", datetime(2026, 11, 20, 18, 0, tzinfo=BERLIN), times=2), place=3)
    broadcast_id = await stage.create(channels=BOTH, best_first=True, at_best_hour=True)

    await stage.advance(broadcast_id)  # at noon in UTC it is one in Berlin
    stored = await rows()
    await stage.send()

    six = datetime(2026, 11, 22, 17, tzinfo=NOON.tzinfo)
    assert (stored[evening].state, stored[evening].reason) == (MessageState.DEFERRED, "best_hour")
    assert six <= stored[evening].due < six + HOUR
    assert stored[evening].channels == (Channel.SMS, Channel.EMAIL)
    assert stored[evening].why == {
        "best_channel": "sms",
        "best_channel_points": "3",
        "best_channel_messages": "3",
        "best_channel_of": "3",
        "best_hour": "18",
        "best_hour_points": "3",
        "best_hour_messages": "3",
        "best_hour_of": "3",
    }
    assert (stored[now].state, stored[now].due, stored[now].why["best_hour"]) == (MessageState.QUEUED, NOON, "13")
    assert (stored[little].due, stored[little].channels) == (NOON, BOTH)
    assert stored[little].why == {
        "best_channel": "unknown",
        "best_channel_of": "2",
        "best_hour": "unknown",
        "best_hour_of": "2",
    }
    assert set(stage.told) == {"p2@example.com", "p3@example.com"}
    assert (await store.find(broadcast_id)).state is State.RUNNING
    stage.clock.now = stored[evening].due
    await stage.to_its_end(broadcast_id)
    assert [type(it) for it in stage.sender.calls if it.to.startswith("+")] == [Sms]
    # A message is all that is written for a customer who waits.
    assert await database["decisions"].count_documents({}) == 0


async def test_a_message_that_is_made_again_is_for_the_same_time(stage: Stage, database: Database) -> None:
    ada = await somebody(stage, noticed("sms", datetime(2026, 11, 20, 18, 20, tzinfo=BERLIN)))
    broadcast_id = await stage.create(at_best_hour=True)
    await stage.advance(broadcast_id)
    first = (await rows())[ada].due

    await database["messages"].delete_many({})
    again = {"cursor.moment": 0, "cursor.page": 0, "cursor.offset": 0}
    await database["broadcasts"].update_one({"_id": broadcast_id}, {"$set": again})
    stage.clock.forward(SECOND)
    await stage.advance(broadcast_id)

    assert (await rows())[ada].due == first


async def test_those_whose_hour_is_later_are_stored_and_keep_nobody_else_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 2)
    for place in range(6):
        await somebody(stage, noticed("email", datetime(2026, 11, 20, 18, 0, tzinfo=BERLIN)), place=place)
    broadcast_id = await stage.create(at_best_hour=True)

    await stage.advance(broadcast_id)

    assert await states(broadcast_id) == {"deferred": 6}
    await service.pause(broadcast_id, now=stage.clock.now)
    assert await states(broadcast_id) == {"held": 6}
    await service.resume(broadcast_id, now=stage.clock.now)
    assert await states(broadcast_id) == {"deferred": 6}
    await stage.to_its_end(broadcast_id)
    assert stage.told == {f"p{place}@example.com": 1 for place in range(6)}
    assert 5 * HOUR <= stage.clock.now - NOON <= 6 * HOUR + timedelta(minutes=10)


async def test_those_whom_a_provider_asks_to_try_later_keep_nobody_else_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 4)
    await stage.people(10)
    stage.sender.answers = [NotSent("Too many.", after=300.0) for _ in range(4)]
    broadcast_id = await stage.create()
    while len(stage.told) < 10:
        await stage.advance(broadcast_id)
        await stage.send()
        assert stage.clock.now - NOON < timedelta(seconds=10)
        stage.clock.forward(SECOND)

    assert await states(broadcast_id) == {"queued": 4, "sent": 6}
    await stage.to_its_end(broadcast_id)
    assert await states(broadcast_id) == {"sent": 10}


async def test_who_is_in_a_later_zone_by_now_keeps_nobody_else_waiting(
    stage: Stage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 1)
    people = await stage.people(3, zone="Europe/Berlin")
    nine = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - by each customer's clock
    broadcast_id = await stage.create(local_at=nine)
    stage.clock.now = datetime(2026, 11, 22, 19, tzinfo=NOON.tzinfo)
    await stage.advance(broadcast_id)  # they are listed
    moved = {"_id": {"$in": people[:2]}}
    await database["profiles"].update_many(moved, {"$set": {"zone": "America/New_York"}})
    stage.clock.now = datetime(2026, 11, 23, 8, tzinfo=NOON.tzinfo)

    await stage.advance(broadcast_id)

    assert await states(broadcast_id) == {"deferred": 2, "queued": 1}
    assert {it.reason for it in (await rows()).values()} == {"other_zone", None}
    await stage.to_its_end(broadcast_id)
    assert len(stage.told) == 3


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"local_at": datetime(2026, 11, 23, 9)}, "localAt"), ({"per_minute": 600}, "perMinute")],  # noqa: DTZ001 - as above
)
def test_what_would_set_another_pace_than_the_best_hour_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadBroadcast) as refused:
        rules.check(replace(SALE, at_best_hour=True, **changed), now=NOON)

    assert refused.value.field == field
