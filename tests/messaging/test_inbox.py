"""The channel `inbox`: a message lies in it once, by the rules of every other channel."""

from dataclasses import replace
from uuid import UUID

import pytest

from hub.contact import service as contact
from hub.database import Database
from hub.kit.ids import new_id
from hub.kit.pages import Span
from hub.messaging import inbox, inbox_store, store
from hub.messaging.dispatch import Dispatcher
from hub.messaging.inbox import InboxSender
from hub.messaging.inbox_store import InboxMessage
from hub.messaging.model import Message, State
from hub.messaging.ports import Ambiguous, InboxItem, Senders
from hub.profiles import consents
from hub.profiles import store as profiles
from hub.profiles.consent import ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions
from hub.profiles.topics import SERVICE
from hub.settings import ConsentPolicy, Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from tests.messaging import posting
from tests.messaging.posting import NOON, Blind, Clock

ADA = UUID(int=1)
PARTS = {
    "en/subject": "Hello {{ profile.firstName }}\nyou",
    "en/inbox": "Your points expire.",
    "en/link": "shop://points",
    "en/push": "On the phone.",
    "de/inbox": "Deine Punkte verfallen.",
}


def item(message_id: UUID, text: str = "It is still there.") -> InboxItem:
    return InboxItem(message_id, str(ADA), "Your cart", text, "shop://cart")


@pytest.fixture
def open_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"consent_inbox": ConsentPolicy.OPT_OUT})


async def worker(settings: Settings, clock: Clock, *, push: Blind | None = None) -> Dispatcher:
    library = Library()
    await library.save(template_of("points", PARTS))
    senders = Senders(email=None, push=push, sms=None, inbox=InboxSender(settings, clock))
    return Dispatcher(settings, senders, library, clock)


async def sent(worker: Dispatcher, profile_id: UUID, *channels: Channel, **changed: object) -> Message:
    told = posting.message(profile_id, template="points", channels=channels or (Channel.INBOX,))
    told = replace(told, **changed)  # type: ignore[arg-type]  # whatever a test says
    await store.queue([told])
    while await worker.step():
        pass
    return (await store.load([told.id]))[told.id]


async def test_a_message_lies_in_the_inbox_as_it_was_rendered_and_reaches_who_has_no_address(
    open_settings: Settings, database: Database, clock: Clock
) -> None:
    del database
    ada = await posting.person(firstName="Ada")

    message = await sent(await worker(open_settings, clock), ada)

    found = (await inbox_store.load([message.id]))[message.id]
    assert (message.state, message.attempts[0].provider) == (State.SENT, "hub")
    assert found == InboxMessage(message.id, ada, "Hello Ada you", "Your points expire.", "shop://points", NOON)


async def test_it_speaks_the_customers_language_with_nothing_of_another(
    open_settings: Settings, database: Database, clock: Clock
) -> None:
    del database
    message = await sent(await worker(open_settings, clock), await posting.person(locale="de-AT"))

    found = (await inbox_store.load([message.id]))[message.id]
    assert (found.title, found.text, found.link) == ("", "Deine Punkte verfallen.", None)


async def test_who_has_no_app_is_told_in_the_inbox_and_who_has_one_is_not_told_twice(
    open_settings: Settings, database: Database, clock: Clock
) -> None:
    push = Blind()
    at_work = await worker(open_settings, clock, push=push)
    both = (Channel.PUSH, Channel.INBOX)

    without = await sent(at_work, await posting.person(), *both)
    with_app = await sent(at_work, await posting.person(devices=("token",)), *both)

    assert (without.channel, with_app.channel) == (Channel.INBOX, Channel.PUSH)
    assert [it.key for it in push.calls] == [with_app.id]
    assert await database["inbox_messages"].distinct("_id") == [without.id]


async def test_without_consent_nothing_comes_into_the_inbox_but_what_is_transactional(
    settings: Settings, database: Database, clock: Clock
) -> None:
    del database
    ada = await posting.person()
    at_work = await worker(settings, clock)

    refused = await sent(at_work, ada)
    order = await sent(at_work, ada, topic=SERVICE)
    word = Word(Subject("default", "marketing", Channel.INBOX), ConsentState.GRANTED)
    profile = (await profiles.load([ada]))[ada]
    await consents.say(profile, [word], by=Speaker("app", How.CUSTOMER), cause="c", now=NOON)
    allowed = await sent(at_work, ada)

    assert (refused.state, refused.reason) == (State.SKIPPED, "no_consent")
    assert (order.state, allowed.state) == (State.SENT, State.SENT)
    assert (await inbox_store.unread([(ada,)])) == {(ada,): 2}


async def test_the_contact_policy_holds_for_the_inbox(
    open_settings: Settings, database: Database, clock: Clock
) -> None:
    del database
    policy = "policy: contact\ncaps: [{most: 1, per: 24h, channels: [inbox]}]\n"
    await contact.publish(policy, by="test", key="k", now=NOON)
    ada = await posting.person()
    at_work = await worker(open_settings, clock)

    first, second = await sent(at_work, ada), await sent(at_work, ada)

    assert (first.state, second.state, second.reason) == (State.SENT, State.SKIPPED, "capped")


async def test_sending_a_message_again_changes_nothing_of_the_one_that_lies_there(
    settings: Settings, database: Database, clock: Clock
) -> None:
    sender, key = InboxSender(settings, clock), new_id()
    await sender.send(item(key))
    suppressions = Suppressions(settings)
    await posting.queued(posting.message(ADA, id=key, channels=(Channel.INBOX,)))
    await inbox.read(key, (ADA,), suppressions, now=NOON)

    await sender.send(item(key, "Something else."))

    (found,) = (await inbox_store.load([key])).values()
    assert (found.text, found.read_at) == ("It is still there.", NOON)
    assert await database["inbox_messages"].count_documents({}) == 1


async def test_the_inbox_tells_what_it_has(settings: Settings, database: Database, clock: Clock) -> None:
    del database
    sender, key = InboxSender(settings, clock), new_id()
    before = await sender.find(key)
    await sender.send(item(key))

    assert before is None
    assert await sender.find(key) is not None


async def test_a_worker_that_dies_between_writing_and_settling_leaves_one_message_that_is_found(
    open_settings: Settings, database: Database, clock: Clock
) -> None:
    ada = await posting.person()
    at_work = await worker(open_settings, clock)
    told = await posting.queued(posting.message(ada, template="points", channels=(Channel.INBOX,)))
    told = (await store.load([told.id]))[told.id]
    await store.claim([told], token=new_id(), until=NOON + posting.LEASE)
    await InboxSender(open_settings, clock).send(InboxItem(told.id, str(ada), "Hello", "Your points expire."))

    clock.forward(posting.LEASE)
    await at_work.sweep()
    while await at_work.step():
        pass

    settled = (await store.load([told.id]))[told.id]
    assert (settled.state, [it.outcome.value for it in settled.attempts]) == (State.SENT, ["found"])
    assert await database["inbox_messages"].count_documents({}) == 1


async def test_a_database_that_gives_no_good_answer_leaves_it_open_whether_the_message_lies_there(
    settings: Settings, database: Database, clock: Clock
) -> None:
    await database.command({"collMod": "inbox_messages", "validator": {"_id": "nothing"}})
    try:
        with pytest.raises(Ambiguous) as open_:
            await InboxSender(settings, clock).send(item(new_id()))
    finally:
        await database.command({"collMod": "inbox_messages", "validator": {}})

    assert open_.value.message == "The inbox did not answer well (WriteError)."


async def test_what_is_read_counts_as_opened_once(open_settings: Settings, database: Database, clock: Clock) -> None:
    ada = await posting.person()
    message = await sent(await worker(open_settings, clock), ada)
    suppressions = Suppressions(open_settings)

    clock.forward(posting.LEASE)
    for _ in range(2):
        await inbox.read(message.id, (ada,), suppressions, now=clock())
        clock.forward(posting.LEASE)
    await inbox.read(message.id, (ada,), suppressions, now=clock(), archived=True)

    opened = (await store.load([message.id]))[message.id]
    found = (await inbox_store.load([message.id]))[message.id]
    assert (opened.state, opened.opened_at) == (State.DELIVERED, NOON + posting.LEASE)
    assert (found.read_at, found.archived_at) == (NOON + posting.LEASE, NOON + 3 * posting.LEASE)
    assert await database["events"].count_documents({"name": "Message Opened"}) == 1


async def test_nobody_reads_what_is_anothers(settings: Settings, database: Database, clock: Clock) -> None:
    sender, key = InboxSender(settings, clock), new_id()
    await sender.send(item(key))

    with pytest.raises(inbox.NoSuchInboxMessage):
        await inbox.read(key, (UUID(int=2),), Suppressions(settings), now=NOON)

    assert (await inbox_store.load([key]))[key].read_at is None
    assert await database["events"].count_documents({}) == 0


async def test_a_page_of_the_inbox_leaves_out_what_is_archived(
    settings: Settings, database: Database, clock: Clock
) -> None:
    del database
    keys = [new_id() for _ in range(3)]
    for key in keys:
        clock.forward(posting.LEASE)
        await InboxSender(settings, clock).send(item(key))
    await inbox_store.mark(keys[1], (ADA,), at=NOON, archived=True)
    await inbox_store.mark(keys[0], (ADA,), at=NOON)

    lying = (await inbox_store.pages([(ADA,)], Span()))[ADA,]
    archived = (await inbox_store.archived_pages([(ADA,)], Span()))[ADA,]

    assert [it.id for _, it in lying.rows] == [keys[2], keys[0]]
    assert [it.id for _, it in archived.rows] == [keys[1]]
    assert await inbox_store.unread([(ADA,), (UUID(int=2),)]) == {(ADA,): 1, (UUID(int=2),): 0}
