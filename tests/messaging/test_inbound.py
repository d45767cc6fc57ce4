"""SMS that come in: STOP holds at once and for SMS only, START takes it back, and each is dealt with once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.database import Database
from hub.kit import ids
from hub.messaging import inbound, store
from hub.messaging.inbound import InboundSms
from hub.messaging.model import State
from hub.messaging.ports import Email, Sms
from hub.profiles import consents, identifier_store
from hub.profiles import store as profiles_store
from hub.profiles.consent import ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.keywords import Keyword
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.settings import Settings
from tests.messaging import posting
from tests.messaging.posting import NOON, Blind, Clock, message, queued, stored

NUMBER = "+4915123456789"
MINUTE = timedelta(minutes=1)
SHOP = Speaker("shop", How.SERVER)
NEWS = Subject("default", "news", "sms")

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def suppressions(settings: Settings) -> Suppressions:
    return Suppressions(settings)


def sms(text: str, id_: str = "SM1", sender: str = NUMBER, said: Keyword | None = None) -> InboundSms:
    return InboundSms("twilio", id_, sender, "+15005550006", text, said)


async def ada() -> UUID:
    """A customer who may be written to by e-mail and by SMS, and has this number."""
    profile_id = await posting.ada(phone=NUMBER)
    await identifier_store.claim([Owned(Identifier(IdentifierKind.PHONE, NUMBER), profile_id, verified=True)], at=NOON)
    return profile_id


async def allow(profile_id: UUID, *subjects: Subject) -> None:
    profile = (await profiles_store.heads([profile_id]))[profile_id]
    words = [Word(it, ConsentState.GRANTED) for it in subjects]
    await consents.say(profile, words, by=SHOP, cause="signup", now=NOON)


async def holding(profile_id: UUID) -> dict[str, tuple[str, str]]:
    profile = (await profiles_store.heads([profile_id]))[profile_id]
    return {key: (row["state"], row["how"]) for key, row in profile.consents.items()}


async def received(database: Database) -> list[dict[str, Any]]:
    return [it["properties"] async for it in database["events"].find({"name": "Sms Received"}).sort("at", 1)]


async def test_stop_opts_out_of_sms_only(settings: Settings, clock: Clock, suppressions: Suppressions) -> None:
    profile_id = await ada()
    by_sms = await queued(message(profile_id, channels=(Channel.SMS,)))
    by_both = await queued(message(profile_id, channels=(Channel.SMS, Channel.EMAIL)))
    service = await queued(message(profile_id, channels=(Channel.SMS,), topic="service"))
    sender = Blind()
    worker = await posting.dispatcher(settings, sender, clock)

    assert await inbound.receive(sms("Stop!! 🛑"), suppressions, now=NOON) is Keyword.STOP
    await posting.to_rest(worker)

    assert [type(it) for it in sender.calls] == [Email]
    assert (await stored(by_sms)).state is State.SKIPPED
    assert ((await stored(by_both)).state, (await stored(by_both)).channel) == (State.SENT, Channel.EMAIL)
    assert ((await stored(service)).state, (await stored(service)).reason) == (State.SKIPPED, "suppressed")
    assert await holding(profile_id) == {"*/*/sms": ("withdrawn", "sms")}


async def test_nothing_that_is_claimed_already_is_sent_after_a_stop(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    profile_id = await ada()
    sender = Blind()
    worker = await posting.dispatcher(settings, sender, clock)
    await store.queue([message(profile_id, channels=(Channel.SMS,)) for _ in range(50)])
    sending = asyncio.create_task(posting.to_rest(worker))

    await inbound.receive(sms("stop"), suppressions, now=NOON)
    told = len(sender.calls)
    await sending

    # What was being called for at that moment has left already; a place takes sixteen calls.
    assert len(sender.calls) - told <= sender.at_once
    left = len(sender.calls)
    await store.queue([message(profile_id, channels=(Channel.SMS,)) for _ in range(50)])
    await posting.to_rest(worker)
    assert len(sender.calls) == left


async def test_stop_of_a_number_that_nobody_has_holds_for_whoever_comes_to_have_it(
    settings: Settings, clock: Clock, suppressions: Suppressions, database: Database
) -> None:
    await inbound.receive(sms("STOP"), suppressions, now=NOON)
    assert await received(database) == []

    sender = Blind()
    one = await queued(message(await ada(), channels=(Channel.SMS,)))
    await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    assert ((await stored(one)).reason, sender.calls) == ("suppressed", [])


async def test_stop_holds_for_everybody_who_has_this_number(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    await ada()
    other = await posting.person(phone="+49 151 23456789")
    await inbound.receive(sms("STOP"), suppressions, now=NOON)

    sender = Blind()
    one = await queued(message(other, channels=(Channel.SMS,)))
    await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    assert ((await stored(one)).reason, sender.calls) == ("suppressed", [])


async def test_start_takes_a_stop_back_and_allows_what_was_allowed_before(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    profile_id = await ada()
    await allow(profile_id, NEWS)
    await inbound.receive(sms("STOP"), suppressions, now=NOON + MINUTE)

    assert await inbound.receive(sms("start", "SM2"), suppressions, now=NOON + MINUTE * 2) is Keyword.START

    assert await suppressions.among([(Channel.SMS, NUMBER)]) == {}
    assert await holding(profile_id) == {"*/*/sms": ("withdrawn", "sms"), "default/news/sms": ("granted", "sms")}
    sender = Blind()
    news = await queued(message(profile_id, channels=(Channel.SMS,), topic="news"))
    other = await queued(message(profile_id, channels=(Channel.SMS,), topic="marketing"))
    await posting.to_rest(await posting.dispatcher(settings, sender, clock))
    assert [type(it) for it in sender.calls] == [Sms]
    assert ((await stored(news)).state, (await stored(other)).reason) == (State.SENT, "no_consent")


async def test_start_where_nothing_was_allowed_before_allows_what_is_usual(suppressions: Suppressions) -> None:
    profile_id = await ada()

    await inbound.receive(sms("Start"), suppressions, now=NOON)

    assert await holding(profile_id) == {"default/marketing/sms": ("granted", "sms")}


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCED, SuppressionReason.LEGAL, SuppressionReason.COMPLAINED])
async def test_start_mends_no_dead_number_and_no_law(suppressions: Suppressions, reason: SuppressionReason) -> None:
    await suppressions.suppress((Channel.SMS, NUMBER), reason, now=NOON)

    await inbound.receive(sms("START"), suppressions, now=NOON)

    assert await suppressions.among([(Channel.SMS, NUMBER)]) == {(Channel.SMS, NUMBER): {"*": reason}}


async def test_an_old_stop_or_start_that_is_brought_again_changes_nothing(
    suppressions: Suppressions, database: Database
) -> None:
    profile_id = await ada()
    await inbound.receive(sms("STOP", "SM1"), suppressions, now=NOON)
    await inbound.receive(sms("START", "SM2"), suppressions, now=NOON + MINUTE)
    await inbound.receive(sms("STOP", "SM1"), suppressions, now=NOON + MINUTE * 2)
    assert await suppressions.among([(Channel.SMS, NUMBER)]) == {}
    assert (await holding(profile_id))["default/marketing/sms"] == ("granted", "sms")

    await inbound.receive(sms("STOP", "SM3"), suppressions, now=NOON + MINUTE * 3)
    await inbound.receive(sms("START", "SM2"), suppressions, now=NOON + MINUTE * 4)

    assert await suppressions.among([(Channel.SMS, NUMBER)]) != {}
    profile = (await profiles_store.heads([profile_id]))[profile_id]
    assert profile.consents["*/*/sms"]["at"] > profile.consents["default/marketing/sms"]["at"]
    assert [it["means"] for it in await received(database)] == ["stop", "start", "stop"]


async def test_one_sms_that_is_brought_by_many_at_once_is_dealt_with_once(
    suppressions: Suppressions, database: Database
) -> None:
    await ada()

    await asyncio.gather(*(inbound.receive(sms("STOP"), suppressions, now=NOON) for _ in range(20)))

    assert await database["consents"].count_documents({}) == 1
    assert await database["handled"].count_documents({}) == 1
    assert len(await received(database)) == 1


async def test_what_died_before_its_end_is_finished_when_it_is_brought_again(
    suppressions: Suppressions, database: Database
) -> None:
    profile_id = await ada()
    await suppressions.suppress((Channel.SMS, NUMBER), SuppressionReason.REQUESTED, now=NOON)  # and then a kill -9

    await inbound.receive(sms("STOP"), suppressions, now=NOON)

    assert await holding(profile_id) == {"*/*/sms": ("withdrawn", "sms")}
    assert len(await received(database)) == 1


@pytest.mark.parametrize(
    ("text", "properties"),
    [
        ("COFFEE PLS", {"keyword": "coffee pls"}),
        ("Coffee, please! ☕", {"keyword": "coffee please"}),
        ("Help", {"keyword": "help", "means": "help"}),
        ("Where is my parcel? I wait since Monday", {}),
        ("x" * 33, {}),
        ("☕", {}),
    ],
)
async def test_a_customers_sms_is_announced_with_its_keyword_and_never_with_a_free_text(
    text: str, properties: dict[str, str], suppressions: Suppressions, database: Database
) -> None:
    profile_id = await ada()

    await inbound.receive(sms(text), suppressions, now=NOON)

    assert await received(database) == [{"number": "+15005550006", **properties}]
    assert await holding(profile_id) == {}


async def test_words_that_somebody_has_taught_the_provider_are_believed(suppressions: Suppressions) -> None:
    profile_id = await ada()

    assert await inbound.receive(sms("basta", said=Keyword.STOP), suppressions, now=NOON) is Keyword.STOP

    assert await holding(profile_id) == {"*/*/sms": ("withdrawn", "sms")}


async def test_no_row_but_the_customers_own_tells_the_number(suppressions: Suppressions, database: Database) -> None:
    await inbound.receive(sms("STOP"), suppressions, now=NOON)
    await inbound.receive(replace(sms("Where is it?"), id="SM2"), suppressions, now=NOON)

    for name in ("handled", "suppressions", "events"):
        async for row in database[name].find():
            assert "15123456789" not in str(row)
    assert await database["profiles"].count_documents({}) == 0


async def test_a_sender_that_is_no_number_is_nobody(suppressions: Suppressions) -> None:
    assert await inbound.receive(sms("stop", sender="+0"), suppressions, now=NOON) is Keyword.STOP
    assert await inbound.receive(sms("hi", str(ids.new_id()), sender="ADA"), suppressions, now=NOON) is None
