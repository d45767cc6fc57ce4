"""Double opt-in: a consent holds when the link in a message to the address itself was used."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import AsyncClient

from hub.database import Database
from hub.messaging import confirming
from hub.messaging.dispatch import Dispatcher
from hub.profiles import consent, identifier_store
from hub.profiles.consent import EVERYTHING, Consent, ConsentState, How, Subject
from hub.profiles.links import Links
from hub.profiles.model import Identifier, IdentifierKind, Owned, Profile
from hub.profiles.store import ProfileDocument
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from hub.wording.library import Library
from runtime import wiring
from tests.integrations.visiting import BY_EMAIL, SHOP, again, path, person, rows, says, state_of

GRANTED, PENDING, WITHDRAWN = ConsentState


async def asked(settings: Settings, profile: Profile, cause: str = "c1") -> Consent:
    return await confirming.ask(
        await again(profile),
        BY_EMAIL,
        version="v7",
        by=SHOP,
        cause=cause,
        now=datetime.now(UTC),
        hashed=Suppressions(settings),
    )


async def link_sent(settings: Settings, database: Database) -> str:
    await Dispatcher(settings, wiring.senders(settings), Library(), wiring.clock).step()
    [mail] = await database["inbox"].find().to_list()
    found = re.search(r"http\S+/m/p/\S+", mail["text"])
    assert found
    return path(found[0])


async def test_a_consent_with_double_opt_in_holds_when_the_link_of_the_message_is_used_and_verifies_the_address(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    ada = await person()
    identifier = Identifier(IdentifierKind.EMAIL, "ada@example.com")
    await identifier_store.claim([Owned(identifier, ada.id, verified=False)], at=datetime.now(UTC))
    await asked(lawful, ada)
    link = await link_sent(lawful, database)

    shown = await web.get(link)
    assert "May we write to you?" in shown.text
    assert await state_of(ada) is PENDING

    answers = [await web.post(link) for _ in range(2)]

    assert [it.headers["location"] for it in answers] == [f"{link}?done=confirmed"] * 2
    standing = consent.standing_of((await again(ada)).consents, BY_EMAIL)
    assert standing is not None
    assert (standing.state, standing.how, standing.version) == (GRANTED, How.DOUBLE_OPT_IN, "v7")
    assert await rows(database) == 2
    assert (await identifier_store.owners([identifier]))[identifier].verified
    assert "It is confirmed." in (await web.get(link)).text


@pytest.mark.parametrize("since", ["withdrawn", "moved", "erased", "too long"])
async def test_a_confirmation_that_comes_too_late_confirms_nothing(
    web: AsyncClient, lawful: Settings, database: Database, since: str
) -> None:
    ada = await person()
    await asked(lawful, ada)
    link = await link_sent(lawful, database)
    profiles = ProfileDocument.get_pymongo_collection()
    match since:
        case "withdrawn":
            await says(ada, WITHDRAWN, EVERYTHING)
        case "moved":
            await profiles.update_one({"_id": ada.id}, {"$set": {"traits.email": "eve@example.com"}})
        case "erased":
            await profiles.delete_one({"_id": ada.id})
        case "too long":
            consent_id = (await database["consents"].find_one({}) or {})["_id"]
            link = path(Links(lawful).confirm(consent_id, asked_at=datetime.now(UTC) - timedelta(days=8)))

    shown, acted = await web.get(link), await web.post(link)

    assert (shown.status_code, acted.status_code) == (404, 404)
    assert await database["consents"].count_documents({"state": "granted"}) == 0


@pytest.mark.parametrize("verified", [True, False])
async def test_a_confirmation_takes_no_address_that_is_verified_as_somebody_elses(
    web: AsyncClient, lawful: Settings, database: Database, *, verified: bool
) -> None:
    ada, eve = await person(), await person()
    identifier = Identifier(IdentifierKind.EMAIL, "ada@example.com")
    await identifier_store.claim([Owned(identifier, eve.id, verified=verified)], at=datetime.now(UTC))
    await asked(lawful, ada)

    await web.post(await link_sent(lawful, database))

    owned = (await identifier_store.owners([identifier]))[identifier]
    assert (owned.profile_id, owned.verified) == (eve.id if verified else ada.id, True)


def link_of(settings: Settings, consent: Consent) -> str:
    return path(Links(settings).confirm(consent.id, asked_at=datetime.now(UTC)))


@pytest.mark.parametrize("used", [True, False], ids=["used", "unused"])
@pytest.mark.parametrize("subject", [BY_EMAIL, EVERYTHING], ids=["this", "everything"])
async def test_who_has_withdrawn_and_is_asked_anew_confirms_by_the_newer_link_only(
    web: AsyncClient, lawful: Settings, *, used: bool, subject: Subject
) -> None:
    ada = await person()
    older = link_of(lawful, await asked(lawful, ada))
    if used:
        await web.post(older)
    await says(ada, WITHDRAWN, subject)
    newer = link_of(lawful, await asked(lawful, ada, "c2"))

    shown, acted = await web.get(older), await web.post(older)
    assert (shown.status_code, acted.status_code) == (404, 404)
    assert await state_of(ada) is PENDING

    answer = await web.post(newer)
    assert answer.headers["location"] == f"{newer}?done=confirmed"
    assert await state_of(ada) is GRANTED
    assert "It is confirmed." in (await web.get(older)).text


async def test_who_has_confirmed_and_is_asked_anew_is_not_thanked_for_nothing(
    web: AsyncClient, lawful: Settings
) -> None:
    ada = await person()
    older = link_of(lawful, await asked(lawful, ada))
    await web.post(older)
    newer = link_of(lawful, await asked(lawful, ada, "c2"))

    assert (await web.post(older)).status_code == 404
    assert (await web.post(newer)).status_code == 303
    assert await state_of(ada) is GRANTED


async def test_of_two_messages_that_ask_the_same_either_confirms(web: AsyncClient, lawful: Settings) -> None:
    ada = await person()
    older = link_of(lawful, await asked(lawful, ada))
    await asked(lawful, ada, "c2")

    assert (await web.post(older)).status_code == 303
    assert await state_of(ada) is GRANTED
