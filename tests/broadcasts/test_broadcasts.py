"""A broadcast tells everybody once who is in its segment when it starts, at their time and at its pace."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from hub.broadcasts import gathering, recipients, store
from hub.broadcasts.model import State
from hub.broadcasts.recipients import RecipientPageDocument
from hub.decisions.store import DecisionDocument
from hub.messaging import broadcasting
from hub.profiles import store as profiles_store
from hub.profiles.store import ProfileDocument
from hub.rollups import store as rollups
from hub.segments import service as segments
from tests.broadcasts.stage import DAY, HOUR, NOON, SECOND, Stage, absorb, everyone_once


async def test_everybody_in_the_segment_is_told_once_and_then_it_is_finished(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "PAGE", 5)
    monkeypatch.setattr("hub.broadcasts.advance.BATCH", 3)
    await stage.people(12)

    ended = await stage.to_its_end(await stage.create())

    assert stage.told == everyone_once(12)
    assert (ended.state, ended.recipients, ended.queued, ended.left_out) == (State.FINISHED, 12, 12, 0)
    assert (ended.started_at, ended.due) == (NOON, None)
    assert await RecipientPageDocument.get_pymongo_collection().count_documents({}) == 0


async def test_a_segment_without_anybody_in_it_is_finished_at_once(stage: Stage) -> None:
    ended = await stage.to_its_end(await stage.create())

    assert (ended.state, ended.recipients, stage.told) == (State.FINISHED, 0, Counter())


@pytest.mark.parametrize("people", [4, 5, 10])
async def test_an_audience_that_fills_its_pages_is_listed_to_its_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    monkeypatch.setattr(recipients, "PAGE", 5)
    await stage.people(people)

    ended = await stage.to_its_end(await stage.create())

    assert (ended.recipients, stage.told) == (people, everyone_once(people))


async def test_who_comes_into_the_segment_after_the_start_is_not_told_and_who_leaves_it_is(stage: Stage) -> None:
    leaver, _ = await stage.people(2)
    broadcast_id = await stage.create(per_minute=1)
    await stage.advance(broadcast_id)
    await stage.people(1, since=NOON + SECOND)
    await ProfileDocument.get_pymongo_collection().update_one({"_id": leaver}, {"$set": {"segments.in": []}})

    ended = await stage.to_its_end(broadcast_id)

    assert (ended.recipients, stage.told) == (2, everyone_once(2))


async def test_it_starts_at_its_time_and_not_before(stage: Stage) -> None:
    await stage.people(1)
    broadcast_id = await stage.create(at=NOON + DAY)

    assert await stage.advance(broadcast_id) == DAY
    assert (await store.find(broadcast_id)).state is State.SCHEDULED
    stage.clock.forward(DAY)
    await stage.to_its_end(broadcast_id)

    assert stage.told == everyone_once(1)


async def test_it_waits_until_everybody_is_sorted_by_a_segment_that_was_just_published(stage: Stage) -> None:
    await stage.people(1, segments={})
    broadcast_id = await stage.create()

    assert await stage.advance(broadcast_id) == SECOND
    assert (await store.find(broadcast_id)).state is State.SCHEDULED
    moved = {"edition": 1, "in": [{"name": "vips", "since": NOON, "cause": "definition"}]}
    await ProfileDocument.get_pymongo_collection().update_many({}, {"$set": {"segments": moved}})

    assert (await stage.to_its_end(broadcast_id)).recipients == 1


async def test_it_waits_until_what_its_segment_asks_of_events_is_counted_of_everybody(stage: Stage) -> None:
    for source in ('segment: viewers\nwhen: did("Page Viewed")\n', "segment: asks\nwhen: segment('viewers')\n"):
        await segments.publish(source, by="tests", key=source, now=NOON - DAY)
    asks = [{"name": "asks", "since": NOON - HOUR, "cause": "definition"}]
    await stage.people(1, segments={"edition": 3, "in": asks})
    broadcast_id = await stage.create(segment="asks")

    assert await stage.advance(broadcast_id) == SECOND
    assert (await store.find(broadcast_id)).state is State.SCHEDULED
    counted = {"$set": {"edition": await rollups.DEFINITIONS.edition()}}
    await ProfileDocument.get_pymongo_collection().update_many({}, counted)

    assert (await stage.to_its_end(broadcast_id)).recipients == 1


async def test_a_broadcast_whose_segment_is_gone_is_cancelled_with_that_reason(stage: Stage) -> None:
    await stage.people(1)
    broadcast_id = await stage.create(at=NOON + DAY)
    await segments.delete("vips", used_by=(), by="tests", key="gone", now=NOON)
    stage.clock.forward(DAY)

    ended = await stage.to_its_end(broadcast_id)

    assert (ended.state, ended.reason, stage.told) == (State.CANCELLED, "no_segment", Counter())


async def test_a_segment_is_asked_for_by_the_broadcasts_that_have_not_listed_it_yet(stage: Stage) -> None:
    broadcast_id = await stage.create(at=NOON + DAY)
    assert await store.waiting_for("vips") == ["broadcast Winter sale"]

    stage.clock.forward(DAY)
    await stage.advance(broadcast_id)

    assert await store.waiting_for("vips") == []


async def test_everybody_hears_of_it_at_their_own_nine_oclock(stage: Stage) -> None:
    await stage.people(1, zone="Asia/Tokyo")
    await stage.people(1, zone="Europe/Berlin")
    await stage.people(1, zone="America/New_York")
    await stage.people(1)
    nine = datetime(2026, 12, 1, 9)  # noqa: DTZ001  what a clock on a wall shows
    broadcast_id = await stage.create(local_at=nine)
    at: dict[str, datetime] = {}

    for _ in range(100):
        idle = await stage.advance(broadcast_id)
        await stage.send()
        at = dict.fromkeys(stage.told, stage.clock.now) | at
        if idle is None:
            break
        stage.clock.forward(idle)

    assert {name.partition("@")[0]: moment.astimezone(UTC) for name, moment in at.items()} == {
        "p1": datetime(2026, 12, 1, 0, tzinfo=UTC),
        "p2": datetime(2026, 12, 1, 8, tzinfo=UTC),
        "p3": datetime(2026, 12, 1, 14, tzinfo=UTC),
        "p4": datetime(2026, 12, 1, 9, tzinfo=UTC),
    }
    assert stage.told == everyone_once(4)


async def test_who_has_moved_to_another_zone_since_is_told_when_it_is_time_there(stage: Stage) -> None:
    (mover,) = await stage.people(1, zone="Europe/Berlin")
    broadcast_id = await stage.create(local_at=datetime(2026, 12, 1, 9))  # noqa: DTZ001
    stage.clock.now = datetime(2026, 12, 1, 8, tzinfo=UTC) - HOUR
    await stage.advance(broadcast_id)
    await ProfileDocument.get_pymongo_collection().update_one({"_id": mover}, {"$set": {"zone": "America/New_York"}})

    stage.clock.forward(HOUR)
    await stage.advance(broadcast_id)
    await stage.send()
    assert stage.told == Counter()
    stage.clock.forward(6 * HOUR)
    await stage.send()

    assert stage.told == everyone_once(1)


async def test_a_pace_holds_from_minute_to_minute(stage: Stage) -> None:
    await stage.people(30)
    broadcast_id = await stage.create(per_minute=10)
    seen: list[int] = []
    for _ in range(3):
        until = stage.clock.now + timedelta(minutes=1)
        while stage.clock.now < until:
            await stage.advance(broadcast_id)
            await stage.send()
            stage.clock.forward(SECOND)
        seen.append(stage.told.total())

    assert seen == [9, 19, 29]  # the first one comes after a tenth of a minute


async def test_who_cannot_or_must_not_be_told_is_skipped_with_a_decision(stage: Stage) -> None:
    await stage.people(1)
    (silent,) = await stage.people(1, traits={"name": "No address"})
    broadcast_id = await stage.create()

    await stage.to_its_end(broadcast_id)

    counted = await broadcasting.tally([broadcast_id])
    assert counted[broadcast_id] == {("sent", None): 1, ("skipped", "unreachable"): 1}
    decided = await DecisionDocument.find({"profile_id": silent}).to_list()
    assert [(it.question, it.reason) for it in decided] == [("send sale", "unreachable")]


async def test_two_who_became_one_are_told_once(stage: Stage) -> None:
    head, other = await stage.people(2)
    broadcast_id = await stage.create(per_minute=1)
    await stage.advance(broadcast_id)
    await absorb(head, other)

    ended = await stage.to_its_end(broadcast_id)

    assert (stage.told.total(), ended.queued, ended.left_out) == (1, 1, 1)
    (decision,) = await DecisionDocument.find({"reason": "merged"}).to_list()
    assert (decision.profile_id, decision.question) == (other, "send sale")


async def test_one_who_was_told_before_they_were_absorbed_is_not_told_as_part_of_another(stage: Stage) -> None:
    first, second = await stage.people(2)
    broadcast_id = await stage.create(per_minute=60)
    await stage.advance(broadcast_id)
    stage.clock.forward(SECOND)
    await stage.advance(broadcast_id)
    await stage.send()
    assert stage.told.total() == 1
    await absorb(second, first)

    ended = await stage.to_its_end(broadcast_id)

    assert (stage.told.total(), ended.queued, ended.left_out) == (1, 1, 1)


async def test_of_two_messages_that_wait_for_one_person_the_younger_is_taken_back(stage: Stage) -> None:
    head, other = await stage.people(2)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    await absorb(head, other)

    for _ in range(2):
        await gathering.gather({head: (head, other)})
    await stage.to_its_end(broadcast_id)

    counted = await broadcasting.tally([broadcast_id])
    assert counted[broadcast_id] == {("sent", None): 1, ("cancelled", "merged"): 1}


async def test_who_is_erased_before_it_is_their_turn_is_left_out(stage: Stage) -> None:
    gone, _ = await stage.people(2)
    broadcast_id = await stage.create(per_minute=1)
    await stage.advance(broadcast_id)
    await ProfileDocument.get_pymongo_collection().delete_one({"_id": gone})

    ended = await stage.to_its_end(broadcast_id)

    assert (ended.queued, ended.left_out, await profiles_store.load([gone])) == (1, 1, {})
