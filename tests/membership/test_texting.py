"""Row 19: text to join. A word that is texted makes a member of whoever has the number, once, and is answered once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from hub.access.model import Caller, CallerKind
from hub.commerce import posters_store
from hub.commerce.posters import Purpose, Wanted
from hub.database import Database
from hub.kit import ids
from hub.membership import texting
from hub.messaging.inbound import InboundSms
from hub.messaging.ports import Sms
from hub.profiles import consent, identifier_store, store
from hub.profiles.consent import ConsentState, Subject
from hub.profiles.model import Identifier, IdentifierKind, Owned
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from tests.intake.inflow import NOW, route_all
from tests.killing import killed
from tests.membership.people import activated, joins
from tests.messaging import posting
from tests.messaging.posting import Blind, Clock

EVE = Caller(CallerKind.STAFF, "eve", frozenset())
NUMBER = "+4915123456789"
BY_SMS = Subject("default", "marketing", "sms")
JOINED = {"program": "club", "way": "keyword", "campaign": "radio", "consent_version": "v3"}


@pytest.fixture
def suppressions(settings: Settings) -> Suppressions:
    return Suppressions(settings)


@pytest.fixture(autouse=True)
async def code(database: Database) -> str:
    del database
    await activated("club")
    wanted = Wanted(Purpose.JOIN, "club", campaign="radio", word="Coffee pls", consent_version="v3")
    return (await posters_store.make(EVE, wanted, cause=ids.new_id(), now=NOW)).code


def sms(text: str, id_: str = "SM1") -> InboundSms:
    return InboundSms("twilio", id_, NUMBER, "+15005550006", text)


async def text(suppressions: Suppressions, *messages: InboundSms) -> None:
    for it in messages:
        await texting.receive(it, suppressions, now=NOW)
        await route_all()


async def replies(settings: Settings) -> list[str]:
    sender = Blind()
    worker = await posting.dispatcher(settings, sender, Clock(NOW))
    await posting.to_rest(worker)
    assert all(isinstance(it, Sms) and it.to == NUMBER for it in sender.calls)
    return [it.text for it in sender.calls if isinstance(it, Sms)]


async def whose() -> UUID | None:
    owned = (await identifier_store.owners([Identifier(IdentifierKind.PHONE, NUMBER)])).values()
    return next((it.profile_id for it in owned if it.verified), None)


async def allowed(profile_id: UUID) -> tuple[ConsentState, str | None] | None:
    held = consent.standing_of((await store.heads([profile_id]))[profile_id].consents, BY_SMS)
    return (held.state, held.version) if held else None


async def enrolments(database: Database) -> list[dict[str, Any]]:
    return await database["enrolments"].find().to_list()


@pytest.mark.parametrize("written", ["COFFEE PLS", "Coffee, pls!! ☕", "  coffee   pls."])
async def test_an_inbound_sms_whose_normalised_body_is_the_word_makes_a_member_records_consent_and_replies_once(
    settings: Settings, suppressions: Suppressions, database: Database, written: str
) -> None:
    await text(suppressions, sms(written), sms(written))  # the provider brings it twice

    ada = await whose()
    assert ada is not None
    (enrolment,) = await enrolments(database)
    assert (enrolment["profile_id"], enrolment["joined_at"]) == (ada, NOW)
    assert await joins(database) == [JOINED]
    assert await allowed(ada) == (ConsentState.GRANTED, "v3")
    assert await replies(settings) == ["You are a member now. Welcome! Reply STOP to get no more SMS."]


async def test_a_second_identical_text_replies_already_a_member_and_creates_nothing(
    settings: Settings, suppressions: Suppressions, database: Database
) -> None:
    await text(suppressions, sms("coffee pls"))
    await replies(settings)
    before = {name: await database[name].count_documents({}) for name in ("profiles", "enrolments", "consents")}

    await text(suppressions, sms("coffee pls", "SM2"))

    after = {name: await database[name].count_documents({}) for name in before}
    assert after == before == {"profiles": 1, "enrolments": 1, "consents": 1}
    assert await joins(database) == [JOINED]
    assert await replies(settings) == ["You are a member already. There is nothing more to do."]


async def test_stop_opts_out_of_sms_only(settings: Settings, suppressions: Suppressions, database: Database) -> None:
    await text(suppressions, sms("coffee pls"), sms("STOP", "SM2"))

    ada = await whose()
    assert ada is not None
    assert await allowed(ada) == (ConsentState.WITHDRAWN, None)
    held = (await store.heads([ada]))[ada].consents
    assert [key for key, row in held.items() if row["state"] == "withdrawn"] == ["*/*/sms"]
    assert len(await enrolments(database)) == 1
    assert await replies(settings) == []  # not even that they have joined: nobody writes to this number any more


async def test_a_customer_whose_number_it_is_joins_as_who_they_are(
    suppressions: Suppressions, database: Database
) -> None:
    ada = await posting.ada(phone=NUMBER)
    await identifier_store.claim([Owned(Identifier(IdentifierKind.PHONE, NUMBER), ada, verified=True)], at=NOW)

    await text(suppressions, sms("coffee pls"))

    assert [it["profile_id"] for it in await enrolments(database)] == [ada]
    assert await database["profiles"].count_documents({}) == 1


async def test_who_only_claims_the_number_joins_nothing_by_an_sms_of_its_owner(
    suppressions: Suppressions, database: Database
) -> None:
    mallory = await posting.ada(phone=NUMBER)
    await identifier_store.claim([Owned(Identifier(IdentifierKind.PHONE, NUMBER), mallory, verified=False)], at=NOW)

    await text(suppressions, sms("coffee pls"))

    (enrolment,) = await enrolments(database)
    assert enrolment["profile_id"] == await whose() != mallory


@pytest.mark.parametrize("written", ["coffee", "coffee pls now", "where is my parcel"])
async def test_another_text_of_somebody_unknown_makes_nobody(
    settings: Settings, suppressions: Suppressions, database: Database, written: str
) -> None:
    await text(suppressions, sms(written))

    assert await database["profiles"].count_documents({}) == 0
    assert await replies(settings) == []


async def test_a_word_that_was_switched_off_enrolls_nobody(
    suppressions: Suppressions, database: Database, code: str
) -> None:
    await posters_store.change(EVE, code, enabled=False, expires_at=None)

    await text(suppressions, sms("coffee pls"))

    assert await enrolments(database) == []
    assert await database["profiles"].count_documents({}) == 0


async def test_ten_texts_at_once_make_one_member(suppressions: Suppressions, database: Database) -> None:
    texts = [sms("coffee pls", f"SM{it}") for it in range(10)]

    await asyncio.gather(*(texting.receive(it, suppressions, now=NOW) for it in texts))
    await route_all()

    assert await database["profiles"].count_documents({}) == 1
    assert await database["clashes"].count_documents({}) == 0
    assert len(await enrolments(database)) == 1
    templates = sorted([it["template"] async for it in database["messages"].find()])
    assert templates == ["already-a-member"] * 9 + ["program-joined"]


async def test_wherever_taking_in_the_sms_dies_a_repeat_makes_one_member(
    suppressions: Suppressions, database: Database
) -> None:
    length = 0
    while await killed(length, lambda: texting.receive(sms("coffee pls"), suppressions, now=NOW)):
        await text(suppressions, sms("coffee pls"))
        assert await database["profiles"].count_documents({}) == 1, length
        assert await joins(database) == [JOINED], length
        assert await database["messages"].count_documents({}) == 1, length
        await forget(database)
        length += 1
    assert length >= 6


async def test_wherever_the_router_dies_the_next_one_makes_one_member_and_one_reply(
    suppressions: Suppressions, database: Database
) -> None:
    length = 0
    while True:
        await texting.receive(sms("coffee pls"), suppressions, now=NOW)
        if not await killed(length, route_all):
            break
        await route_all()
        assert await joins(database) == [JOINED], length
        assert await database["messages"].count_documents({}) == 1, length
        assert await database["consents"].count_documents({}) == 1, length
        await forget(database)
        length += 1
    assert length >= 20


async def forget(database: Database) -> None:
    for name in ("profiles", "identifiers", "events", "enrolments", "messages", "handled", "consents", "routers"):
        await database[name].delete_many({})
