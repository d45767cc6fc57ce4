"""A message remembers which versions of snippets it says, and a report finds what went out with others than agreed."""

from datetime import datetime, timedelta

import pytest

from hub.database import Database
from hub.messaging import wordings
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Message, State
from hub.messaging.ports import Refused
from hub.messaging.wordings import Outdated
from hub.profiles.model import Channel
from hub.settings import Settings
from hub.wording import lint, snippet_store
from hub.wording.library import Library
from hub.wording.lint import Purpose
from tests.messaging import posting
from tests.messaging.posting import NOON, Blind, Clock, message, stored

HOUR = timedelta(hours=1)
FILES = {
    "en/subject": "Hi",
    "en/text": "{% snippet 'greeting' %} {% snippet 'footer' %}",
    "en/sms": "{% snippet 'footer' %}",
    "en/push": "It waits.",
}

pytestmark = pytest.mark.usefixtures("database")


async def agreed(name: str, text: str, at: datetime, *, number: int) -> None:
    await snippet_store.publish(f"snippet: {name}\ntexts: {{en: {text}}}\n", by="ada", key=text, now=at)
    await snippet_store.approve(name, number, by="eve", key=text, now=at)


async def published(at: datetime) -> None:
    checked = lint.checked("cart", FILES, Purpose(advertises=False), await snippet_store.approved())
    await Library().publish(checked, by="ada", key=at.isoformat(), now=at)


async def sent(settings: Settings, clock: Clock, *channels: Channel, sender: Blind | None = None) -> Message:
    shelf = Library()
    one = message(await posting.ada(phone="+4915112345678"), channels=channels, created_at=clock.now)
    await posting.queued(one)
    dispatcher = Dispatcher(settings, posting.everywhere(sender or Blind()), shelf, clock)
    await dispatcher.step()
    return await stored(one)


@pytest.fixture
async def words(database: Database) -> None:
    del database
    await agreed("footer", "Finch", NOON - HOUR, number=1)
    await agreed("greeting", "Hello", NOON - HOUR, number=1)
    await published(NOON - HOUR)


@pytest.mark.parametrize(
    ("channel", "said"),
    [(Channel.EMAIL, ("footer/1", "greeting/1")), (Channel.SMS, ("footer/1",)), (Channel.PUSH, ())],
)
@pytest.mark.usefixtures("words")
async def test_a_message_remembers_the_versions_that_its_channel_says_and_no_words(
    settings: Settings, clock: Clock, channel: Channel, said: tuple[str, ...]
) -> None:
    one = await sent(settings, clock, channel)

    assert (one.state, one.snippets) == (State.SENT, said)


@pytest.mark.usefixtures("words")
async def test_one_that_goes_out_on_the_next_channel_remembers_what_it_says_there(
    settings: Settings, clock: Clock
) -> None:
    sender = Blind([Refused("No such mailbox.")])
    one = await sent(settings, clock, Channel.EMAIL, Channel.PUSH, sender=sender)
    assert one.snippets == ("footer/1", "greeting/1")

    await Dispatcher(settings, posting.everywhere(sender), Library(), clock).step()

    assert (await stored(one)).channel is Channel.PUSH
    assert (await stored(one)).snippets == ()


@pytest.mark.usefixtures("words")
async def test_what_went_out_with_other_words_than_agreed_is_counted_by_snippet_version_and_template(
    settings: Settings, clock: Clock
) -> None:
    await sent(settings, clock, Channel.SMS)  # with what was agreed to at that time
    assert await wordings.outdated() == []
    clock.forward(HOUR)
    await agreed("footer", "Sparrow", clock.now, number=2)
    assert await wordings.outdated() == []
    first = clock.now
    for _ in range(2):
        await sent(settings, clock, Channel.SMS)
        clock.forward(HOUR)
    await agreed("footer", "Robin", clock.now, number=3)
    await sent(settings, clock, Channel.EMAIL)
    last = clock.now
    clock.forward(HOUR)
    await published(clock.now)
    await sent(settings, clock, Channel.SMS)

    assert await wordings.outdated() == [Outdated("footer", 1, 3, "cart", 3, first, last)]
    assert await wordings.outdated(last) == [Outdated("footer", 1, 3, "cart", 1, last, last)]
    assert await wordings.outdated(clock.now) == []


@pytest.mark.usefixtures("words")
async def test_a_version_that_only_waits_for_a_second_person_makes_nothing_outdated(
    settings: Settings, clock: Clock
) -> None:
    await snippet_store.publish("snippet: footer\ntexts: {en: Robin}\n", by="ada", key="r", now=NOON)
    await sent(settings, clock, Channel.SMS)

    assert await wordings.outdated() == []


@pytest.mark.usefixtures("words")
async def test_a_template_with_the_same_words_of_a_newer_version_is_a_new_version_of_it(
    settings: Settings, clock: Clock
) -> None:
    await snippet_store.publish("snippet: footer\ntone: dry\ntexts: {en: Finch}\n", by="ada", key="r", now=NOON)
    await snippet_store.approve("footer", 2, by="eve", key="r", now=NOON)
    await published(NOON)

    assert (await sent(settings, clock, Channel.SMS)).snippets == ("footer/2",)
    assert await snippet_store.outdated() == []
    assert await wordings.outdated() == []
