"""A broadcast is paused, goes on from where it was, and is cancelled; nobody hears what is held."""

from collections import Counter

import pytest

from hub.broadcasts import service
from hub.broadcasts.model import State
from hub.broadcasts.recipients import RecipientPageDocument
from hub.contact import service as contact
from hub.contact.store import ContactDocument
from hub.messaging import broadcasting
from hub.messaging.ports import NotSent
from hub.messaging.store import MessageDocument
from hub.privacy.service import Privacy
from hub.profiles import consents
from hub.profiles import store as profiles_store
from hub.profiles.consent import ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from runtime.wiring import DOCUMENTS
from tests.broadcasts.stage import DAY, Stage, everyone_once, states


async def test_no_more_wait_for_a_sender_than_a_pause_can_hold(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 4)
    await stage.people(10)
    broadcast_id = await stage.create()

    await stage.advance(broadcast_id)
    assert await states(broadcast_id) == {"queued": 4}
    await stage.to_its_end(broadcast_id)

    assert stage.told == everyone_once(10)


async def test_a_pause_holds_what_nobody_has_begun_to_send_and_resuming_sends_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 4)
    await stage.people(10)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)

    paused = await service.pause(broadcast_id, now=stage.clock.now)
    assert paused.change is not None
    assert (paused.change.before, paused.change.after) == ({"state": "running"}, {"state": "paused"})
    assert await states(broadcast_id) == {"held": 4}
    assert await stage.advance(broadcast_id) is None
    stage.clock.forward(DAY)
    await stage.send()
    assert stage.told == Counter()

    await service.resume(broadcast_id, now=stage.clock.now)
    await stage.to_its_end(broadcast_id)

    assert stage.told == everyone_once(10)


async def test_what_was_deferred_before_a_pause_is_deferred_after_it_and_keeps_nobody_else_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 4)
    await stage.people(10)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    tomorrow = stage.clock.now + DAY
    messages = MessageDocument.get_pymongo_collection()
    deferred = {"state": "deferred", "reason": "quiet_hours", "due": tomorrow}
    await messages.update_many({"broadcast_id": broadcast_id}, {"$set": deferred})

    await service.pause(broadcast_id, now=stage.clock.now)
    assert await states(broadcast_id) == {"held": 4}
    await service.resume(broadcast_id, now=stage.clock.now)
    assert await messages.count_documents({"broadcast_id": broadcast_id, **deferred}) == 4
    await stage.advance(broadcast_id)

    assert await states(broadcast_id) == {"deferred": 4, "queued": 4}
    await stage.to_its_end(broadcast_id)
    assert stage.told == everyone_once(10)


async def test_a_message_that_is_taken_back_leaves_its_place_under_the_caps(stage: Stage) -> None:
    await contact.publish("policy: contact\ncaps: [{most: 1, per: 24h}]", by="test", key="caps", now=stage.clock.now)
    await stage.people(1)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    stage.sender.answers = [NotSent("Later.")]
    await stage.send()
    places = ContactDocument.get_pymongo_collection()
    assert await places.count_documents({"places.channel": "email"}) == 1

    await service.cancel(broadcast_id, now=stage.clock.now)

    assert await states(broadcast_id) == {"cancelled": 1}
    assert await places.count_documents({"places.channel": "email"}) == 0


async def test_messages_that_were_stored_while_somebody_paused_are_held_by_the_next_step(stage: Stage) -> None:
    """The batch reads that the broadcast runs, it is paused, then the batch is stored."""
    people = await stage.people(3)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    await service.pause(broadcast_id, now=stage.clock.now)
    await MessageDocument.get_pymongo_collection().update_many(
        {"profile_id": {"$in": people}}, {"$set": {"state": "queued"}}
    )

    await stage.advance(broadcast_id)

    assert await states(broadcast_id) == {"held": 3}


async def test_what_a_pause_that_is_over_has_caught_late_is_sent_before_it_is_finished(stage: Stage) -> None:
    await stage.people(3)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    await broadcasting.hold(broadcast_id)  # by an attempt that still believed in the pause

    await stage.to_its_end(broadcast_id)

    assert stage.told == everyone_once(3)


async def test_a_cancelled_broadcast_takes_back_what_nobody_has_begun_to_send(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 4)
    await stage.people(10)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    await stage.send()
    await stage.advance(broadcast_id)

    await service.cancel(broadcast_id, now=stage.clock.now)
    ended = await stage.to_its_end(broadcast_id)

    assert await states(broadcast_id) == {"sent": 4, "cancelled": 4}
    assert (ended.state, stage.told.total(), ended.due) == (State.CANCELLED, 4, None)
    assert await RecipientPageDocument.get_pymongo_collection().count_documents({}) == 0


async def test_who_is_erased_while_it_is_paused_hears_nothing_when_it_is_resumed(stage: Stage) -> None:
    gone, _ = await stage.people(2)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    await service.pause(broadcast_id, now=stage.clock.now)

    await Privacy(stage.settings, DOCUMENTS).erase(gone, now=stage.clock.now)
    await service.resume(broadcast_id, now=stage.clock.now)
    await stage.to_its_end(broadcast_id)

    assert await states(broadcast_id) == {"cancelled": 1, "sent": 1}
    assert stage.told.total() == 1


async def test_who_unsubscribes_while_it_is_paused_is_skipped_when_it_is_resumed(stage: Stage) -> None:
    leaver, _ = await stage.people(2)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    await service.pause(broadcast_id, now=stage.clock.now)

    profile = (await profiles_store.load([leaver]))[leaver]
    no = Word(Subject("default", "marketing", "email"), ConsentState.WITHDRAWN)
    await consents.say(profile, [no], by=Speaker("shop", How.SERVER), cause="no", now=stage.clock.now)
    await service.resume(broadcast_id, now=stage.clock.now)
    await stage.to_its_end(broadcast_id)

    counted = await broadcasting.tally([broadcast_id])
    assert counted[broadcast_id] == {("skipped", "no_consent"): 1, ("sent", None): 1}
