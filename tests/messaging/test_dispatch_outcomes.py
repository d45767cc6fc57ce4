"""What a dispatcher does after each of the answers that a provider can give."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import MessageClass, Outcome, State
from hub.messaging.ports import Ambiguous, Email, Gone, NotSent, OptedOut, Push, Refused, Sms
from hub.profiles import devices
from hub.profiles.model import Channel
from hub.settings import Settings
from hub.wording.templates import template_of
from tests.messaging import posting
from tests.messaging.posting import LEASE, NOON, PUSH_EMAIL, Blind, Clock, Knowing, message, stored

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("database")


async def test_a_message_that_was_not_sent_is_tried_again_when_the_provider_said(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([NotSent("Busy.", after=7), NotSent("Busy.")])
    one = await posting.queued_for_ada()
    worker = await posting.dispatcher(settings, sender, clock)

    await worker.step()
    assert (await stored(one)).due == NOON + SECOND * 7
    clock.forward(SECOND * 6)
    assert await worker.step() == 0
    clock.forward(SECOND)
    await worker.step()
    assert (await stored(one)).due == clock.now + SECOND * 2
    clock.forward(SECOND * 2)
    await worker.step()

    after = await stored(one)
    assert after.state is State.SENT
    assert [it.outcome for it in after.attempts] == [Outcome.NOT_SENT, Outcome.NOT_SENT, Outcome.ACCEPTED]
    assert {call.key for call in sender.calls} == {one.id}


async def test_a_refused_message_goes_to_the_next_channel_and_from_the_last_one_nowhere(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([Refused("No such device."), Refused("No such mailbox.")])
    one = await posting.queued_for_ada(channels=PUSH_EMAIL)

    await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    assert [type(call) for call in sender.calls] == [Push, Email]
    after = await stored(one)
    assert (after.state, after.reason) == (State.FAILED, "refused")
    assert [(it.channel, it.detail) for it in after.attempts] == [
        (Channel.PUSH, "No such device."),
        (Channel.EMAIL, "No such mailbox."),
    ]


async def test_a_device_that_has_gone_is_dropped_and_the_next_message_goes_to_the_other_one(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([Gone("Uninstalled.")])
    ada = await posting.ada(devices=("tablet", "phone"))
    first = await posting.queued(message(ada, channels=PUSH_EMAIL))
    worker = await posting.dispatcher(settings, sender, clock)
    await posting.to_rest(worker)
    await posting.queued(message(ada, channels=(Channel.PUSH,)))

    await posting.to_rest(worker)

    assert [(type(call), call.to) for call in sender.calls] == [
        (Push, "phone"),
        (Email, "ada@example.com"),
        (Push, "tablet"),
    ]
    assert [it.outcome for it in (await stored(first)).attempts] == [Outcome.REFUSED, Outcome.ACCEPTED]


async def test_a_mailbox_that_has_gone_is_not_written_to_again_and_loses_no_device(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([Gone("No such mailbox.")])
    ada = await posting.ada(devices=("ada@example.com",))
    worker = await posting.dispatcher(settings, sender, clock)
    first = await posting.queued(message(ada))
    await posting.to_rest(worker)
    second = await posting.queued(message(ada))
    await posting.to_rest(worker)

    assert (await devices.heads([ada]))[ada].devices == ("ada@example.com",)
    assert [((it := await stored(one)).state, it.reason) for one in (first, second)] == [
        (State.FAILED, "refused"),
        (State.SKIPPED, "suppressed"),
    ]


async def test_a_number_that_has_told_the_provider_stop_is_not_written_to_again(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([OptedOut("They have said STOP.")])
    ada = await posting.ada(phone="+4915123456789")
    await posting.queued(message(ada, channels=(Channel.SMS, Channel.EMAIL)))
    worker = await posting.dispatcher(settings, sender, clock)
    await posting.to_rest(worker)
    again = await posting.queued(message(ada, channels=(Channel.SMS,), topic="service"))

    await posting.to_rest(worker)

    assert [type(call) for call in sender.calls] == [Sms, Email]
    assert ((await stored(again)).state, (await stored(again)).reason) == (State.SKIPPED, "suppressed")


async def test_a_push_message_leads_where_its_template_says(settings: Settings, clock: Clock) -> None:
    sender = Blind()
    one = await posting.queued_for_ada(template="deep", channels=(Channel.PUSH,))
    await posting.happened(one, cart="A-1")
    shelf = await posting.library()
    await shelf.save(template_of("deep", {"en/push": "Hi", "en/link": "shop://cart/{{ event.cart }}"}))

    await Dispatcher(settings, posting.everywhere(sender), shelf, clock).step()

    assert sender.calls == [Push(one.id, "her phone", "", "Hi", "shop://cart/A-1")]


async def test_a_message_that_could_not_be_sent_for_good_goes_to_the_next_channel(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([NotSent("Busy.", after=0)] * 10)
    await posting.queued_for_ada(channels=PUSH_EMAIL)

    await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    assert [type(call) for call in sender.calls] == [*[Push] * 10, Email]


@pytest.mark.parametrize("fault", [Ambiguous("No answer."), RuntimeError("a bug of the adapter")])
async def test_an_ambiguous_message_keeps_its_claim_and_is_not_sent_again_nor_elsewhere(
    settings: Settings, clock: Clock, fault: Exception
) -> None:
    sender = Knowing([fault])
    one = await posting.queued_for_ada(channels=PUSH_EMAIL)
    worker = await posting.dispatcher(settings, sender, clock)

    await worker.step()
    clock.forward(LEASE - SECOND)
    await posting.to_rest(worker)

    after = await stored(one)
    assert (after.state, after.due, after.channel) == (State.SENDING, NOON + LEASE, Channel.PUSH)
    assert [it.outcome for it in after.attempts] == [Outcome.AMBIGUOUS]
    assert len(sender.calls) == 1


async def test_an_ambiguous_message_that_the_provider_has_is_sent(settings: Settings, clock: Clock) -> None:
    sender = Knowing([Ambiguous("No answer.")])
    one = await posting.queued_for_ada()
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    sender.known.add(one.id)
    clock.forward(LEASE)

    await posting.to_rest(worker)

    after = await stored(one)
    assert (after.state, len(sender.calls)) == (State.SENT, 1)
    assert [(it.outcome, it.provider_id) for it in after.attempts] == [
        (Outcome.AMBIGUOUS, None),
        (Outcome.FOUND, "found"),
    ]


async def test_an_ambiguous_message_that_the_provider_does_not_know_is_sent_again_on_the_same_channel(
    settings: Settings, clock: Clock
) -> None:
    sender = Knowing([Ambiguous("No answer.")])
    one = await posting.queued_for_ada(channels=PUSH_EMAIL)
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    clock.forward(LEASE)

    await posting.to_rest(worker)

    assert [(type(call), call.key) for call in sender.calls] == [(Push, one.id), (Push, one.id)]
    assert [it.outcome for it in (await stored(one)).attempts] == [
        Outcome.AMBIGUOUS,
        Outcome.NOT_FOUND,
        Outcome.ACCEPTED,
    ]


@pytest.mark.parametrize("fault", [Ambiguous("Away."), NotSent("Away."), KeyError("a bug of the adapter")])
async def test_while_the_provider_cannot_be_asked_the_message_waits_for_another_lease(
    settings: Settings, clock: Clock, fault: Exception
) -> None:
    sender = Knowing([Ambiguous("No answer.")], away=fault)
    one, other = await posting.queued_for_ada(), await posting.queued_for_ada()
    worker = await posting.dispatcher(settings, sender, clock)
    sender.answers.append(Ambiguous("No answer."))
    await worker.step()
    clock.forward(LEASE)

    with capture_logs():
        assert await worker.sweep() == 2

    assert [(await stored(it)).due for it in (one, other)] == [NOON + LEASE * 2] * 2
    sender.away, sender.known = None, {one.id, other.id}
    clock.forward(LEASE)
    await posting.to_rest(worker)
    assert [(await stored(it)).state for it in (one, other)] == [State.SENT] * 2


@pytest.mark.parametrize(
    ("message_class", "state", "calls"),
    [(MessageClass.NEVER_TWICE, State.UNKNOWN, 1), (MessageClass.MUST_ARRIVE, State.SENT, 2)],
)
async def test_where_nobody_can_be_asked_the_class_of_the_message_decides(
    settings: Settings, clock: Clock, message_class: MessageClass, state: State, calls: int
) -> None:
    sender = Blind([Ambiguous("No answer.")])
    one = await posting.queued_for_ada(message_class=message_class, channels=PUSH_EMAIL)
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    clock.forward(LEASE)

    await posting.to_rest(worker)

    assert (await stored(one)).state is state
    assert [(type(call), call.key) for call in sender.calls] == [(Push, one.id)] * calls


async def test_an_address_that_changes_before_a_retry_is_taken_as_it_is_now(settings: Settings, clock: Clock) -> None:
    sender = Blind([NotSent("Busy.", after=0)])
    profile_id = await posting.ada()
    await posting.queued(message(profile_id))
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    await posting.change(profile_id, email="lovelace@example.com")

    await worker.step()

    assert [call.to for call in sender.calls] == ["ada@example.com", "lovelace@example.com"]
