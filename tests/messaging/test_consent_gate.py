"""Nobody is told what they have not allowed, and who says no hears nothing a second later."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.decisions.model import Reason
from hub.decisions.store import DecisionDocument
from hub.messaging import store
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Message, MessageClass, State
from hub.messaging.ports import Accepted, Ambiguous, Email, NotSent, Outgoing, Push
from hub.profiles import consents, topics
from hub.profiles import store as profiles_store
from hub.profiles.consent import EVERYTHING, ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.profiles.topics import ACCOUNT, SERVICE, Topic, TopicClass
from hub.settings import ConsentPolicy, Settings
from tests.killing import killed
from tests.messaging import posting
from tests.messaging.posting import LEASE, NOON, PUSH_EMAIL, Blind, Clock, Knowing, message, stored

BY_EMAIL = Subject("default", "marketing", "email")
ADA = (Channel.EMAIL, "ada@example.com")
GRANTED, _, WITHDRAWN = ConsentState

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def lawful(settings: Settings) -> Settings:
    """The settings as they are without a word of anybody."""
    unsaid = dict.fromkeys(("consent_email", "consent_push", "consent_sms"), ConsentPolicy.OPT_IN)
    return settings.model_copy(update=unsaid)


async def says(profile_id: UUID, state: ConsentState, subject: Subject = BY_EMAIL) -> None:
    profile = (await profiles_store.load([profile_id]))[profile_id]
    await consents.say(profile, [Word(subject, state)], by=Speaker("shop", How.SERVER), cause=str(state), now=NOON)


async def sent_after(settings: Settings, one: Message) -> list[Outgoing]:
    sender = Blind()
    await posting.queued(one)
    await posting.to_rest(await posting.dispatcher(settings, sender, Clock()))
    return sender.calls


async def test_who_has_allowed_nothing_is_told_nothing(lawful: Settings) -> None:
    one = message(await posting.ada())

    assert await sent_after(lawful, one) == []

    after = await stored(one)
    assert (after.state, after.reason, after.due, after.attempts) == (State.SKIPPED, "no_consent", None, ())
    [decision] = await DecisionDocument.find_all().to_list()
    assert (decision.question, decision.cause, decision.reason) == ("send cart", str(one.id), Reason.NO_CONSENT)


async def test_what_holds_without_a_word_is_a_setting_and_by_default_no(lawful: Settings) -> None:
    fields = Settings.model_fields
    assert {fields[f"consent_{it}"].default for it in Channel} == {ConsentPolicy.OPT_IN}
    by_email = lawful.model_copy(update={"consent_email": ConsentPolicy.OPT_OUT})

    [call] = await sent_after(by_email, message(await posting.ada(), channels=PUSH_EMAIL))

    assert isinstance(call, Email)


@pytest.mark.parametrize(
    ("subject", "reached"),
    [
        (BY_EMAIL, True),
        (Subject("default", "news", "email"), False),
        (Subject("north", "marketing", "email"), False),
        (Subject("default", "marketing", "push"), False),
    ],
    ids=lambda it: getattr(it, "key", it),
)
async def test_a_consent_is_for_its_brand_topic_and_channel(
    lawful: Settings, subject: Subject, *, reached: bool
) -> None:
    ada = await posting.ada()
    await says(ada, GRANTED, subject)

    assert len(await sent_after(lawful, message(ada))) == reached


async def test_the_first_channel_that_is_allowed_is_taken(lawful: Settings) -> None:
    ada = await posting.ada()
    await says(ada, GRANTED)

    [call] = await sent_after(lawful, message(ada, channels=PUSH_EMAIL))

    assert isinstance(call, Email)


async def test_who_is_suppressed_on_one_channel_is_told_on_another(settings: Settings) -> None:
    await Suppressions(settings).suppress(ADA, SuppressionReason.BOUNCED, now=NOON)

    [call] = await sent_after(settings, message(await posting.ada(), channels=(Channel.EMAIL, Channel.PUSH)))

    assert isinstance(call, Push)


@pytest.mark.parametrize(
    ("topic", "unsaid", "suppressed"),
    [
        ("marketing", Reason.NO_CONSENT, Reason.SUPPRESSED),
        ("of-nobody", Reason.NO_CONSENT, Reason.SUPPRESSED),
        (SERVICE, None, Reason.SUPPRESSED),
        (ACCOUNT, None, None),
    ],
)
async def test_a_suppressed_address_gets_nothing_but_what_is_necessary(
    lawful: Settings, topic: str, unsaid: Reason | None, suppressed: Reason | None
) -> None:
    ada = await posting.ada()
    first, second = message(ada, topic=topic), message(ada, topic=topic)

    calls = await sent_after(lawful, first)
    assert ((await stored(first)).reason, len(calls)) == (unsaid, 0 if unsaid else 1)

    await says(ada, GRANTED, replace(BY_EMAIL, topic=topic))
    await Suppressions(lawful).suppress(ADA, SuppressionReason.REQUESTED, now=NOON)
    calls = await sent_after(lawful, second)
    assert ((await stored(second)).reason, len(calls)) == (suppressed, 0 if suppressed else 1)


async def test_a_topic_is_what_the_shop_says_it_is(lawful: Settings) -> None:
    ada = await posting.ada()
    await topics.save(Topic("default", "receipts", TopicClass.TRANSACTIONAL, {"en": "Receipts"}, {}), now=NOON)

    assert len(await sent_after(lawful, message(ada, topic="receipts"))) == 1
    assert await sent_after(lawful, message(ada, topic="receipts", brand="north")) == []


async def test_a_mail_one_can_be_rid_of_says_how_and_one_that_is_owed_does_not(settings: Settings) -> None:
    ada = await posting.ada()

    [advertising] = await sent_after(settings, message(ada))
    [owed] = await sent_after(settings, message(ada, topic=SERVICE))

    assert isinstance(advertising, Email)
    assert isinstance(owed, Email)
    assert (advertising.unsubscribe or "").startswith(f"{settings.public_url}/m/u/")
    assert owed.unsubscribe is None


def interrupted(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[None]]) -> None:
    """Let something happen, once, when a message is decided and about to be claimed."""
    claim, waiting = store.claim, [act]

    async def claimed(*args: Any, **named: Any) -> set[UUID]:
        while waiting:
            await waiting.pop()()
        return await claim(*args, **named)

    monkeypatch.setattr(store, "claim", claimed)


async def test_who_withdraws_between_decision_and_claim_is_not_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await posting.ada()
    interrupted(monkeypatch, lambda: says(ada, WITHDRAWN, EVERYTHING))
    one = message(ada)

    assert await sent_after(settings, one) == []

    assert ((await stored(one)).state, (await stored(one)).reason) == (State.SKIPPED, "no_consent")
    assert await DecisionDocument.find({"cause": str(one.id)}).count() == 1


async def test_who_is_suppressed_between_decision_and_claim_is_told_on_another_channel(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def suppress() -> None:
        await Suppressions(settings).suppress(ADA, SuppressionReason.REQUESTED, now=NOON)

    interrupted(monkeypatch, suppress)

    [call] = await sent_after(settings, message(await posting.ada(), channels=(Channel.EMAIL, Channel.PUSH)))

    assert isinstance(call, Push)


@pytest.mark.parametrize("topic", ["marketing", SERVICE])
async def test_whose_profile_is_gone_between_decision_and_claim_is_not_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, topic: str
) -> None:
    ada = await posting.ada()

    async def erase() -> None:
        await profiles_store.ProfileDocument.get_pymongo_collection().delete_one({"_id": ada})

    interrupted(monkeypatch, erase)
    one = message(ada, topic=topic)

    assert await sent_after(settings, one) == []
    assert (await stored(one)).reason == "unreachable"


@pytest.mark.parametrize(
    ("first", "message_class"),
    [(NotSent("later"), MessageClass.NEVER_TWICE), (Ambiguous("?"), MessageClass.MUST_ARRIVE)],
)
async def test_who_withdraws_while_a_message_is_tried_again_is_not_told(
    settings: Settings, first: Exception, message_class: MessageClass
) -> None:
    clock, sender = Clock(), Blind([first])
    ada = await posting.ada()
    one = await posting.queued(message(ada, message_class=message_class))
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    assert len(sender.calls) == 1

    await says(ada, WITHDRAWN)
    clock.forward(LEASE + timedelta(minutes=1))
    await posting.to_rest(worker)

    assert (len(sender.calls), (await stored(one)).reason) == (1, "no_consent")


@pytest.mark.parametrize("length", range(6))
async def test_who_withdraws_after_a_worker_was_killed_is_called_by_no_other(settings: Settings, length: int) -> None:
    """Claim, call, settlement: killed before and after each. What was called before, stays as it was."""
    clock, sender, library = Clock(), Knowing(), await posting.library()
    ada = await posting.ada()
    one = await posting.queued(message(ada))
    senders = posting.everywhere(sender)

    async def work() -> None:
        worker = Dispatcher(settings, senders, library, clock)
        await worker.sweep()
        await worker.step()

    died = await killed(length, work)
    called = len(sender.calls)
    sender.known = {it.key for it in sender.calls}
    await says(ada, WITHDRAWN)
    clock.forward(LEASE)
    await work()
    await work()

    assert died == (length < 4)
    assert len(sender.calls) == called
    assert (await stored(one)).state is (State.SENT if called else State.SKIPPED)


@dataclass
class Timed(Blind):
    """Takes its time, notes when each call starts, and says when there were some."""

    started: list[float] = field(default_factory=list)
    some: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 4

    async def send(self, message: Outgoing, /) -> Accepted:
        self.started.append(asyncio.get_running_loop().time())
        if len(self.started) == 2 * self.at_once:
            self.some.set()
        await asyncio.sleep(0.02)
        return await super().send(message)


async def test_a_second_after_a_withdrawal_is_acknowledged_no_call_starts(settings: Settings) -> None:
    sender, clock = Timed(), Clock()
    ada = await posting.ada()
    await posting.queued(*(message(ada) for _ in range(150)))

    async def work(worker: Dispatcher) -> None:
        while await worker.step():
            pass

    async def withdraw() -> float:
        await sender.some.wait()
        await says(ada, WITHDRAWN)
        return asyncio.get_running_loop().time()

    workers = [await posting.dispatcher(settings, sender, clock) for _ in range(2)]
    working = asyncio.gather(*(work(worker) for worker in workers))
    acknowledged = await withdraw()
    await working

    assert max(sender.started) <= acknowledged + 1
    assert 8 <= len(sender.started) < 150
    assert await DecisionDocument.find({"reason": "no_consent"}).count() == 150 - len(sender.started)
