"""The contact policy holds for everything that is sent, and every refusal is written down."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.contact import service
from hub.contact.store import ContactDocument
from hub.decisions.store import DecisionDocument
from hub.kit import ids
from hub.messaging.model import Message, State
from hub.messaging.ports import Accepted, Ambiguous, Email, Refused
from hub.messaging.sending import Sending
from hub.profiles import store as profiles_store
from hub.profiles.model import Channel, Profile
from hub.profiles.topics import SERVICE
from hub.settings import Settings
from tests.messaging import posting
from tests.messaging.posting import NOON, Blind, Clock, message, queued, stored, to_rest

pytestmark = pytest.mark.usefixtures("database")

HOUR = timedelta(hours=1)
ONE_A_DAY = "caps: [{most: 1, per: 24h}]"
NIGHT = 'quiet_hours: [{from: "11:00", to: "15:00"}]\ndeferral: {at_most: 3d, spread: 1m}'
"""It is noon in UTC, and a customer without a zone is there."""


async def publish(*lines: str) -> None:
    source = "\n".join(["policy: contact", *lines])
    await service.publish(source, by="test", key=ids.new_id().hex, now=NOON)


async def reasons(which: Message) -> list[str]:
    found = await DecisionDocument.find({"cause": {"$regex": f"^{which.id}"}}).to_list()
    return sorted(str(it.reason) for it in found)


async def states(*messages: Message) -> list[tuple[State, str | None]]:
    return [(it.state, it.reason) for it in [await stored(one) for one in messages]]


async def test_a_second_message_in_a_day_is_skipped_and_the_decision_says_why(settings: Settings, clock: Clock) -> None:
    await publish(ONE_A_DAY)
    ada, sender = await posting.ada(), Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    first = await queued(message(ada))
    await to_rest(worker)
    second = await queued(message(ada))
    await to_rest(worker)

    assert await states(first, second) == [(State.SENT, None), (State.SKIPPED, "capped")]
    assert (len(sender.calls), await reasons(second)) == (1, ["capped"])


async def test_a_deferred_message_goes_out_when_there_is_room_again(settings: Settings, clock: Clock) -> None:
    await publish(ONE_A_DAY, "refused: {capped: defer}", "deferral: {spread: 10m}")
    ada, sender = await posting.ada(), Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    await queued(message(ada))
    await to_rest(worker)
    clock.forward(HOUR)
    second = await queued(message(ada, created_at=clock.now))
    await to_rest(worker)
    deferred = await stored(second)

    assert (deferred.state, deferred.reason, len(sender.calls)) == (State.DEFERRED, "capped", 1)
    assert deferred.due is not None
    assert NOON + 24 * HOUR <= deferred.due <= NOON + 24 * HOUR + timedelta(minutes=10)

    clock.now = deferred.due
    await to_rest(worker)

    assert await states(second) == [(State.SENT, None)]
    assert await reasons(second) == ["capped"]


async def test_what_would_have_to_wait_too_long_is_no_longer_worth_it(settings: Settings, clock: Clock) -> None:
    await publish("caps: [{most: 1, per: 5d}]", "refused: {capped: defer}", "deferral: {at_most: 2d}")
    ada = await posting.ada()
    worker = await posting.dispatcher(settings, Blind(), clock)
    await queued(message(ada))
    await to_rest(worker)
    second = await queued(message(ada))
    await to_rest(worker)

    assert await states(second) == [(State.SKIPPED, "no_longer_worth_it")]


async def test_in_quiet_hours_nobody_is_told_until_they_end(settings: Settings, clock: Clock) -> None:
    await publish(NIGHT)
    sender = Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    one = await posting.queued_for_ada()
    await to_rest(worker)

    assert ((await states(one)), sender.calls) == ([(State.DEFERRED, "quiet_hours")], [])

    clock.now = NOON + 3 * HOUR + timedelta(minutes=1)
    await to_rest(worker)

    assert (await states(one), len(sender.calls)) == ([(State.SENT, None)], 1)
    assert await reasons(one) == ["quiet_hours"]


async def test_quiet_hours_are_those_of_the_customers_zone(settings: Settings, clock: Clock) -> None:
    await publish(NIGHT)
    sender = Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    tokyo = Profile(id=ids.new_id(), traits={"email": "kei@example.com"}, zone="Asia/Tokyo", first_seen_at=NOON)
    await profiles_store.save([tokyo], token=ids.new_id())
    one = await queued(message(tokyo.id))
    await to_rest(worker)

    assert await states(one) == [(State.SENT, None)]


async def test_a_message_may_go_out_on_the_next_channel_instead(settings: Settings, clock: Clock) -> None:
    await publish("caps: [{most: 1, per: 24h, channels: [push]}]", "refused: {capped: next}")
    ada, sender = await posting.ada(), Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    both = [message(ada, channels=posting.PUSH_EMAIL) for _ in range(2)]
    for one in both:
        await queued(one)
        await to_rest(worker)

    assert [type(it).__name__ for it in sender.calls] == ["Push", "Email"]
    assert await states(*both) == [(State.SENT, None), (State.SENT, None)]

    last = await queued(message(ada, channels=(Channel.PUSH,)))
    await to_rest(worker)

    assert await states(last) == [(State.SKIPPED, "capped")]


async def test_what_must_be_said_passes_caps_and_quiet_hours_and_takes_no_place(
    settings: Settings, clock: Clock
) -> None:
    await publish(ONE_A_DAY, NIGHT)
    ada, sender = await posting.ada(), Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    receipts = [message(ada, topic=SERVICE) for _ in range(3)]
    for one in receipts:
        await queued(one)
    await to_rest(worker)

    assert await states(*receipts) == [(State.SENT, None)] * 3
    assert await ContactDocument.count() == 0


async def test_of_two_that_want_the_last_place_it_is_the_one_with_the_higher_priority(
    settings: Settings, clock: Clock
) -> None:
    await publish(ONE_A_DAY)
    ada, sender = await posting.ada(), Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    newsletter, cart = message(ada, priority=10), message(ada, priority=50)
    await queued(newsletter, cart)
    await to_rest(worker)

    assert await states(newsletter, cart) == [(State.SKIPPED, "lower_priority"), (State.SENT, None)]
    assert await reasons(newsletter) == ["lower_priority"]


async def test_a_newsletter_leaves_the_last_place_to_a_cart_that_waits_for_the_morning(
    settings: Settings, clock: Clock
) -> None:
    await publish(ONE_A_DAY, 'quiet_hours: [{from: "11:00", to: "15:00", channels: [push]}]')
    ada, sender = await posting.ada(), Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    cart = await queued(message(ada, channels=(Channel.PUSH,)))
    await to_rest(worker)
    newsletter = await queued(message(ada, priority=10))
    await to_rest(worker)

    assert await states(cart, newsletter) == [(State.DEFERRED, "quiet_hours"), (State.SKIPPED, "lower_priority")]


async def test_many_workers_never_send_more_than_the_cap(settings: Settings, clock: Clock) -> None:
    await publish("caps: [{most: 3, per: 24h}]")
    ada, sender = await posting.ada(), Blind()
    await queued(*(message(ada) for _ in range(12)))
    workers = [await posting.dispatcher(settings, sender, clock) for _ in range(4)]
    while sum(await asyncio.gather(*(it.step() for it in workers))):
        pass

    assert len(sender.calls) == 3


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        (Accepted(), (State.SKIPPED, "capped")),
        (Ambiguous("no answer"), (State.SKIPPED, "capped")),
        (Refused("no such mailbox"), (State.SENT, None)),
    ],
)
async def test_only_what_certainly_reached_nobody_gives_its_place_back(
    settings: Settings, clock: Clock, answer: Accepted | Exception, then: tuple[State, str | None]
) -> None:
    await publish(ONE_A_DAY)
    ada, sender = await posting.ada(), Blind([answer])
    worker = await posting.dispatcher(settings, sender, clock)
    await queued(message(ada))
    await worker.step()
    second = await queued(message(ada))
    await worker.step()

    assert await states(second) == [then]


async def test_a_message_that_moves_to_the_next_channel_gives_its_place_back(settings: Settings, clock: Clock) -> None:
    await publish("caps: [{most: 1, per: 24h, channels: [push]}]")
    ada, sender = await posting.ada(), Blind([Refused("gone")])
    worker = await posting.dispatcher(settings, sender, clock)
    await queued(message(ada, channels=posting.PUSH_EMAIL))
    await to_rest(worker)
    second = await queued(message(ada, channels=(Channel.PUSH,)))
    await to_rest(worker)

    assert [type(it).__name__ for it in sender.calls] == ["Push", "Email", "Push"]
    assert await states(second) == [(State.SENT, None)]


async def test_what_an_absorbed_profile_was_told_counts_for_the_one_that_absorbed_it(
    settings: Settings, clock: Clock
) -> None:
    await publish(ONE_A_DAY)
    ada, old, sender = await posting.ada(), await posting.ada(), Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    await queued(message(old))
    await to_rest(worker)
    await absorb(old, by=ada)
    second = await queued(message(ada))
    await to_rest(worker)

    assert await states(second) == [(State.SKIPPED, "capped")]


async def test_without_caps_no_places_are_kept(settings: Settings, clock: Clock) -> None:
    worker = await posting.dispatcher(settings, Blind(), clock)
    one = await posting.queued_for_ada()
    await to_rest(worker)

    assert (await states(one), await ContactDocument.count()) == ([(State.SENT, None)], 0)


async def test_a_worker_that_dies_between_place_and_call_takes_the_same_place_again(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(ONE_A_DAY)
    one = await posting.queued_for_ada()
    dying, sender = Blind(), posting.Knowing()
    with monkeypatch.context() as killed:
        killed.setattr(Sending, "_attempt", _death)
        with pytest.raises(asyncio.CancelledError):
            await (await posting.dispatcher(settings, dying, clock)).step()
    assert await places() == 1

    clock.forward(posting.LEASE)
    await to_rest(await posting.dispatcher(settings, sender, clock))

    assert await states(one) == [(State.SENT, None)]
    assert (await places(), [type(it) for it in sender.calls]) == (1, [Email])


async def places() -> int:
    return sum([len(it.places) async for it in ContactDocument.find()])


async def _death(*_: Any, **__: Any) -> None:
    raise asyncio.CancelledError


async def absorb(other: UUID, *, by: UUID) -> None:
    collection = profiles_store.ProfileDocument.get_pymongo_collection()
    await collection.update_one({"_id": other}, {"$set": {"absorbed_by": by}})
    await collection.update_one({"_id": by}, {"$set": {"members": [other]}})
