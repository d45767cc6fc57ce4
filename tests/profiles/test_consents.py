import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.database import Database
from hub.decisions.model import Reason
from hub.events.model import Event, Kind, Trust
from hub.kit import ids
from hub.profiles import consent, consent_store, consents, store
from hub.profiles.consent import ALL, EVERYTHING, BadConsent, ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument
from tests.killing import killed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
NEWS = Subject("default", "news", "email")
GRANTED, _, WITHDRAWN = ConsentState
SHOP = Speaker("shop", How.SERVER)

pytestmark = pytest.mark.usefixtures("database")


async def person(**fields: Any) -> Profile:
    profile = Profile(id=ids.new_id(), first_seen_at=NOON, last_seen_at=NOON, **fields)
    await store.save([profile], token=ids.new_id())
    return await now_of(profile.id)


async def now_of(profile_id: UUID) -> Profile:
    return (await store.load([profile_id]))[profile_id]


async def state_of(profile_id: UUID, subject: Subject = NEWS) -> ConsentState | None:
    standing = consent.standing_of((await now_of(profile_id)).consents, subject)
    return standing.state if standing else None


async def absorb(head: Profile, member: Profile) -> None:
    rows = ProfileDocument.get_pymongo_collection()
    await rows.update_one({"_id": head.id}, {"$set": {"members": [member.id]}, "$inc": {"rev": 1}})
    await rows.update_one({"_id": member.id}, {"$set": {"absorbed_by": head.id}, "$inc": {"rev": 1}})


def happened(profile: Profile, name: str, trust: Trust = Trust.SERVER, /, **properties: Any) -> Event:
    return Event(
        id=ids.new_id(),
        source="shop" if trust is Trust.SERVER else "app",
        trust=trust,
        kind=Kind.TRACK,
        name=name,
        user_id="ada",
        anonymous_id=None,
        properties=properties,
        traits={},
        context={},
        at=NOON,
        accepted_at=NOON,
        profile_id=profile.id,
        seq=1,
    )


async def project(*events: Event) -> None:
    await consents.project(events, {}, now=LATER)


async def test_a_consent_is_kept_with_its_text_version_source_time_and_way(database: Database) -> None:
    ada = await person()

    [said] = await consents.say(ada, [Word(NEWS, GRANTED, "2026-05")], by=SHOP, cause="c1", now=NOON)

    row = await database["consents"].find_one({"_id": said.id})
    assert row == {
        "_id": said.id,
        "profile_id": ada.id,
        "brand": "default",
        "topic": "news",
        "channel": "email",
        "state": "granted",
        "at": NOON,
        "source": "shop",
        "how": "server",
        "version": "2026-05",
        "address_key": None,
        "open": False,
    }
    kept = {"state": "granted", "at": NOON, "source": "shop", "how": "server", "version": "2026-05"}
    assert (await now_of(ada.id)).consents == {"default/news/email": kept}
    event = await database["events"].find_one({"name": "Consent Changed"})
    assert event is not None
    assert (event["about"], event["properties"]) == (
        ada.id,
        {"brand": "default", "topic": "news", "channel": "email", "state": "granted", "how": "server"},
    )


async def test_the_log_of_consents_only_grows(database: Database) -> None:
    ada = await person()
    for cause, state in (("c1", GRANTED), ("c2", WITHDRAWN), ("c3", GRANTED)):
        await consents.say(await now_of(ada.id), [Word(NEWS, state)], by=SHOP, cause=cause, now=LATER)

    assert [it.standing.state for it in await consent_store.said_by([ada.id])] == [GRANTED, WITHDRAWN, GRANTED]
    assert await state_of(ada.id) is GRANTED
    assert await database["events"].count_documents({"name": "Consent Changed"}) == 3


async def test_the_same_word_for_the_same_cause_is_said_once(database: Database) -> None:
    ada = await person()
    for now in (NOON, LATER):
        said = await consents.say(await now_of(ada.id), [Word(NEWS, GRANTED)], by=SHOP, cause="c1", now=now)

        assert [it.standing.at for it in said] == [NOON]
    assert await database["consents"].count_documents({}) == 1
    assert await database["events"].count_documents({"name": "Consent Changed"}) == 1


async def test_the_last_word_counts_though_it_is_heard_by_a_host_whose_clock_is_late() -> None:
    ada = await person()
    await consents.say(ada, [Word(NEWS, GRANTED)], by=SHOP, cause="c1", now=NOON)

    await consents.say(
        await now_of(ada.id), [Word(EVERYTHING, WITHDRAWN)], by=SHOP, cause="c2", now=NOON - timedelta(seconds=5)
    )

    assert await state_of(ada.id) is WITHDRAWN


@pytest.mark.parametrize("length", range(9))
async def test_a_word_that_a_process_dies_over_is_finished_by_the_sweep(length: int, database: Database) -> None:
    """Log, profile, announcement, mark: before and after each."""
    ada = await person()
    word = Word(NEWS, WITHDRAWN)

    died = await killed(length, lambda: consents.say(ada, [word], by=SHOP, cause="c1", now=NOON))
    await consents.sweep(LATER)

    assert died == (length < 8)
    expected = None if length == 0 else WITHDRAWN
    assert await state_of(ada.id) is expected
    assert await database["events"].count_documents({"name": "Consent Changed"}) == (0 if length == 0 else 1)
    assert await consents.sweep(LATER) == 0


async def test_words_of_one_person_said_at_the_same_time_all_hold() -> None:
    ada = await person()
    subjects = [Subject("default", f"topic-{number}", "email") for number in range(8)]

    await asyncio.gather(
        *(consents.say(ada, [Word(it, GRANTED)], by=SHOP, cause=it.topic, now=NOON) for it in subjects),
        store.save([replace(ada, events=7)], token=ids.new_id()),
    )

    assert [await state_of(ada.id, it) for it in subjects] == [GRANTED] * 8


async def test_a_word_about_an_absorbed_profile_holds_for_its_head() -> None:
    ada, lovelace = await person(), await person()
    await absorb(ada, lovelace)

    await consents.say(lovelace, [Word(NEWS, WITHDRAWN)], by=SHOP, cause="c1", now=NOON)

    assert await state_of(ada.id) is WITHDRAWN
    held = await consent_store.now_holding([ada.id, lovelace.id, UUID(int=404)])
    assert held[ada.id] == held[lovelace.id] == (await now_of(ada.id)).consents
    assert held.keys() == {ada.id, lovelace.id}


async def test_what_cannot_be_meant_is_said_by_nobody(database: Database) -> None:
    ada = await person()

    with pytest.raises(BadConsent):
        await consents.say(ada, [Word(NEWS, GRANTED), Word(EVERYTHING, GRANTED)], by=SHOP, cause="c1", now=NOON)

    assert await database["consents"].count_documents({}) == 0
    assert (await now_of(ada.id)).consents == {}


async def test_a_server_source_grants_and_withdraws_by_events() -> None:
    ada = await person()

    await project(happened(ada, "Consent Granted", topic="news", channel="email", version="v1"))
    assert await state_of(ada.id) is GRANTED

    await project(replace(happened(ada, "Consent Withdrawn", channel="email"), at=LATER))
    assert await state_of(ada.id) is WITHDRAWN
    assert (await now_of(ada.id)).consents.keys() == {"default/news/email", "*/*/email"}


async def test_a_client_source_withdraws_and_never_grants(database: Database) -> None:
    ada = await person()
    refused = happened(ada, "Consent Granted", Trust.CLIENT, topic="news", channel="email")

    await project(refused, happened(ada, "Consent Withdrawn", Trust.CLIENT, channel="sms"))

    assert (await now_of(ada.id)).consents.keys() == {f"{ALL}/{ALL}/sms"}
    decision = await database["decisions"].find_one({})
    assert decision is not None
    assert (decision["question"], decision["cause"], decision["reason"], decision["detail"]) == (
        "grant consent",
        str(refused.id),
        Reason.UNTRUSTED_SOURCE,
        {"source": "app"},
    )


async def test_an_event_that_is_applied_again_is_said_once(database: Database) -> None:
    ada = await person()
    granted = happened(ada, "Consent Granted", channel="email")

    await project(granted, granted)
    await project(granted)

    assert await database["consents"].count_documents({}) == 1
    assert (await now_of(ada.id)).consents.keys() == {"default/marketing/email"}


@pytest.mark.parametrize("properties", [{}, {"channel": "fax"}, {"channel": "email", "topic": "*"}, {"channel": 7}])
async def test_a_grant_that_names_no_channel_or_too_much_grants_nothing(
    database: Database, properties: dict[str, Any]
) -> None:
    ada = await person()

    await project(happened(ada, "Consent Granted", **properties))

    assert await database["consents"].count_documents({}) == 0
