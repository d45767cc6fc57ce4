import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from hub.decisions.model import Reason
from hub.decisions.store import DecisionDocument
from hub.messaging import sending, store
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Outcome, State
from hub.messaging.ports import Ambiguous, Email, Push, Senders, Sms
from hub.profiles.model import Channel
from hub.settings import Settings
from hub.wording import brand_store
from hub.wording.library import Library
from hub.wording.templates import template_of
from integrations.console.sender import ConsoleSender
from integrations.console.store import InboxDocument
from tests.messaging import posting
from tests.messaging.posting import LEASE, NOON, PUSH_EMAIL, Blind, Clock, Slow, SlowToFind, message, stored

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("database")


async def console(settings: Settings, clock: Clock) -> Dispatcher:
    inbox = ConsoleSender(settings, InboxDocument.get_pymongo_collection())
    return Dispatcher(settings, Senders(inbox, inbox, inbox), await posting.library(), clock)


async def inbox_keys() -> list[UUID]:
    return [row["key"] async for row in InboxDocument.get_pymongo_collection().find({}, {"key": 1})]


async def test_a_message_is_rendered_for_its_customer_and_sent_under_its_key(settings: Settings, clock: Clock) -> None:
    sender = Blind()
    one = message(await posting.ada())
    await posting.happened(one, product="A lamp")
    await posting.queued(one)

    assert await (await posting.dispatcher(settings, sender, clock)).step() == 1

    [call] = sender.calls
    assert isinstance(call, Email)
    assert replace(call, unsubscribe=None) == Email(
        one.id, "ada@example.com", settings.email_from, "Your cart", "Hello Ada, A lamp waits."
    )
    after = await stored(one)
    assert (after.state, after.due) == (State.SENT, None)
    [made] = after.attempts
    assert (made.channel, made.provider, made.at, made.outcome) == (Channel.EMAIL, "blind", NOON, Outcome.ACCEPTED)
    assert made.provider_id == "provider's id"


async def test_a_customer_reads_the_nearest_language(settings: Settings, clock: Clock) -> None:
    sender = Blind()
    await posting.queued(message(await posting.ada(locale="de-AT")), message(await posting.ada(locale="fr")))

    await (await posting.dispatcher(settings, sender, clock)).step()

    assert sorted(call.subject for call in sender.calls if isinstance(call, Email)) == ["Ihr Warenkorb", "Your cart"]


@pytest.mark.parametrize(
    ("devices", "traits", "kind"),
    [
        (("phone",), {"email": "a@example.com", "phone": "+4912345"}, Push),
        ((), {"email": "a@example.com", "phone": "+4912345"}, Email),
        ((), {"phone": "+4912345"}, Sms),
    ],
)
async def test_the_first_channel_that_reaches_the_customer_is_taken(
    settings: Settings, clock: Clock, devices: tuple[str, ...], traits: dict[str, str], kind: type
) -> None:
    sender = Blind()
    channels = (Channel.PUSH, Channel.EMAIL, Channel.SMS)
    await posting.queued(message(await posting.person(devices=devices, **traits), channels=channels))

    await (await posting.dispatcher(settings, sender, clock)).step()

    assert [type(call) for call in sender.calls] == [kind]


@pytest.mark.parametrize("known", [True, False])
async def test_whom_no_channel_reaches_is_skipped_with_a_decision_that_says_so(
    settings: Settings, clock: Clock, *, known: bool
) -> None:
    sender = Blind()
    profile_id = await posting.person(phone="+4912345") if known else UUID(int=404)
    one = await posting.queued(message(profile_id, channels=PUSH_EMAIL))

    await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    after = await stored(one)
    assert (after.state, after.reason, after.due, sender.calls) == (State.SKIPPED, "unreachable", None, [])
    [decision] = await DecisionDocument.find_all().to_list()
    assert (decision.profile_id, decision.question, decision.cause) == (profile_id, "send cart", str(one.id))
    assert decision.reason == Reason.UNREACHABLE
    assert decision.detail == {"journey": "cart", "run": str(one.run_id), "step": "0"}


@pytest.mark.parametrize(
    ("template", "channel", "reason"),
    [
        ("missing", Channel.EMAIL, "no_such_template"),
        ("broken", Channel.EMAIL, "rendering_failed"),
        ("broken", Channel.PUSH, "no_such_part"),
    ],
)
async def test_what_cannot_be_rendered_fails_with_its_reason_and_its_neighbours_are_sent(
    settings: Settings, clock: Clock, template: str, channel: Channel, reason: str
) -> None:
    sender = Blind()
    left, broken, right = [
        message(await posting.ada(), template=name, channels=(kind,))
        for name, kind in (("cart", Channel.EMAIL), (template, channel), ("cart", Channel.EMAIL))
    ]
    await posting.queued(left, broken, right)

    with capture_logs() as logs:
        await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    assert [(await stored(it)).state for it in (left, broken, right)] == [State.SENT, State.FAILED, State.SENT]
    assert (await stored(broken)).reason == reason
    assert [(entry["event"], entry["message_id"]) for entry in logs] == [("not_rendered", str(broken.id))]
    assert "Ada" not in str(logs)


async def test_a_claim_that_has_grown_stale_before_its_call_is_given_back_and_sent_by_a_fresh_one(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([lambda: time.sleep(sending.FRESH_SECONDS + 0.1)])
    one, other = await posting.queued_for_ada(), await posting.queued_for_ada()
    worker = await posting.dispatcher(settings, sender, clock)

    await worker.step()

    assert len(sender.calls) == 1
    waiting = [it for it in (one, other) if it.id != sender.calls[0].key]
    assert [(after.state, after.attempts) for it in waiting if (after := await stored(it))] == [(State.QUEUED, ())]
    await worker.step()
    assert [(await stored(it)).state for it in (one, other)] == [State.SENT] * 2
    assert len(sender.calls) == 2


async def test_no_more_messages_are_claimed_than_the_sender_takes_at_once(settings: Settings, clock: Clock) -> None:
    sender = Slow(at_once=3)
    profile_id = await posting.ada()
    await posting.queued(*(message(profile_id) for _ in range(7)))

    sending = asyncio.create_task((await posting.dispatcher(settings, sender, clock)).step())
    await sender.called.wait()

    assert len(await store.expired(NOON + LEASE, 9)) == 3
    sender.go.set()
    assert await sending == 7
    assert len({call.key for call in sender.calls}) == 7


async def test_a_slow_call_does_not_keep_the_quick_ones_unsettled(settings: Settings, clock: Clock) -> None:
    slow = Slow()
    quick = await posting.queued_for_ada(channels=(Channel.EMAIL,))
    await posting.queued_for_ada(channels=(Channel.PUSH,))
    worker = Dispatcher(settings, Senders(Blind(), slow, Blind()), await posting.library(), clock)

    sending = asyncio.create_task(worker.step())
    await slow.called.wait()
    await asyncio.sleep(0.2)

    assert (await stored(quick)).state is State.SENT
    slow.go.set()
    await sending


async def test_a_dispatcher_that_is_stopped_hears_out_the_calls_it_has_begun(settings: Settings, clock: Clock) -> None:
    sender = Slow(at_once=1)
    one, other = await posting.queued_for_ada(), await posting.queued_for_ada()
    stopping = asyncio.create_task((await posting.dispatcher(settings, sender, clock)).run())
    await sender.called.wait()

    stopping.cancel()
    await asyncio.sleep(0)
    sender.go.set()
    with pytest.raises(asyncio.CancelledError):
        await stopping

    begun = sender.calls[0].key
    states = {it.id: (await stored(it)).state for it in (one, other)}
    assert states.pop(begun) is State.SENT
    assert list(states.values()) == [State.QUEUED]
    assert len(sender.calls) == 1


async def test_a_dispatcher_that_is_stopped_waits_for_the_slowest_of_its_channels(
    settings: Settings, clock: Clock
) -> None:
    quick, slow = Slow(), Slow()
    worker = Dispatcher(settings, Senders(quick, slow, Slow()), await posting.library(), clock)
    on = [await posting.queued_for_ada(channels=(channel,)) for channel in (Channel.EMAIL, Channel.PUSH)]
    stopping = asyncio.create_task(worker.run())
    await asyncio.gather(quick.called.wait(), slow.called.wait())

    stopping.cancel()
    quick.go.set()
    await asyncio.sleep(0.1)
    assert not stopping.done()
    slow.go.set()
    with pytest.raises(asyncio.CancelledError):
        await stopping

    assert [(await stored(it)).state for it in on] == [State.SENT, State.SENT]


async def test_dispatchers_on_one_queue_send_each_message_once(settings: Settings, clock: Clock) -> None:
    profile_id = await posting.ada()
    everything = [message(profile_id) for _ in range(200)]
    await posting.queued(*everything)
    workers = [await console(settings, clock) for _ in range(2)]

    while any([*await asyncio.gather(*(worker.step() for worker in workers))]):
        pass

    assert sorted(await inbox_keys()) == sorted(it.id for it in everything)


async def test_a_running_dispatcher_sends_what_is_queued_when_it_is_nudged(settings: Settings, clock: Clock) -> None:
    sender = Slow()
    sender.go.set()
    worker = await posting.dispatcher(settings, sender, clock)
    running = asyncio.create_task(worker.run())
    one = await posting.queued_for_ada()
    worker.nudge()

    await asyncio.wait_for(sender.called.wait(), 5)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [call.key for call in sender.calls] == [one.id]


async def test_a_provider_that_is_slow_to_be_asked_holds_up_nothing_that_is_to_be_sent(
    settings: Settings, clock: Clock
) -> None:
    sent = asyncio.Event()
    sender = SlowToFind([Ambiguous("No answer."), sent.set])
    worker = await posting.dispatcher(settings, sender, clock)
    asked_about = await posting.queued_for_ada()
    await worker.step()
    clock.forward(LEASE)
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(sender.asked.wait(), 5)

    one = await posting.queued_for_ada()
    worker.nudge()
    await asyncio.wait_for(sent.wait(), 5)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [call.key for call in sender.calls] == [asked_about.id, one.id]
    assert (await stored(asked_about)).state is State.SENDING


async def test_a_template_that_has_nothing_for_one_channel_goes_out_on_the_next(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind()
    one = await posting.queued(message(await posting.ada(), template="mail-only", channels=PUSH_EMAIL))

    await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    after = await stored(one)
    assert (after.state, after.channel, len(sender.calls)) == (State.SENT, Channel.EMAIL, 1)


async def test_a_template_with_a_body_of_mjml_goes_out_as_html_and_text(settings: Settings, clock: Clock) -> None:
    sender = Blind()
    body = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ profile.name }}</mj-text>"
        '<mj-button href="{{ links.preferences }}">Preferences</mj-button></mj-column></mj-section></mj-body></mjml>'
    )
    shelf = Library()
    await shelf.save(template_of("html-cart", {"en/subject": "Your cart", "en/body.mjml": body}))
    await posting.queued(message(await posting.ada(), template="html-cart"))

    await Dispatcher(settings, posting.everywhere(sender), shelf, clock).step()

    [call] = sender.calls
    assert isinstance(call, Email)
    assert call.html is not None
    assert ">Hello Ada</div>" in call.html
    address = call.text.removeprefix("Hello Ada\n\nPreferences (").removesuffix(")")
    assert address.startswith("http")
    assert f'href="{address}"' in call.html


async def test_a_message_looks_and_is_signed_as_its_brand(settings: Settings, clock: Clock) -> None:
    sender = Blind()
    kit = '{brand: finch, name: Little Finch, sender: Finch, colours: {primary: "#8a3f1d"}, fonts: {}}'
    await brand_store.publish(kit, by="test", key="k", now=NOON)
    shelf = Library()
    await shelf.save(
        template_of("signed", {"en/subject": "{{ brand.name }}", "en/text": "{{ brand.colours.primary }}."})
    )
    await posting.queued(
        message(await posting.ada(), template="signed", brand="finch"), message(await posting.ada(), template="signed")
    )

    await Dispatcher(settings, posting.everywhere(sender), shelf, clock).step()

    assert sorted((it.sender, it.subject, it.text) for it in sender.calls if isinstance(it, Email)) == [
        ('"Finch" <hub@example.com>', "Little Finch", "#8a3f1d."),
        (settings.email_from, "", "."),
    ]
