"""The pages by which a customer chooses, unsubscribes and confirms without signing in."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

from hub.database import Client, Database
from hub.profiles import topics
from hub.profiles.consent import EVERYTHING, ConsentState, Subject
from hub.profiles.links import Links
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument
from hub.profiles.topics import Topic, TopicClass
from hub.settings import Settings
from integrations.pages import shell
from integrations.pages.visit import PAGE
from runtime import http
from tests.integrations.visiting import BY_EMAIL, path, person, rows, says, state_of

BY_SMS = Subject("default", "marketing", "sms")
GRANTED, _, WITHDRAWN = ConsentState
FIELD = re.compile(r'name="form" value="([^"]+)"')
SWITCH = re.compile(r'name="on" value="([^"]+)"( checked)?')


def preferences_of(settings: Settings, profile: Profile, *, ago: timedelta = timedelta(0)) -> str:
    return path(Links(settings).preferences(profile.id, now=datetime.now(UTC) - ago))


def unsubscribing(settings: Settings, profile: Profile) -> str:
    return path(Links(settings).unsubscribe(profile.id, BY_EMAIL, now=datetime.now(UTC)))


def field_of(answer: Response) -> str:
    found = FIELD.search(answer.text)
    assert found, answer.text
    return found[1]


async def test_the_page_shows_switches_in_the_customers_language_and_nothing_of_the_customer(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    ada = await person(locale="de-AT", firstName="Ada")
    await says(ada, GRANTED)
    link = preferences_of(lawful, ada)

    answer = await web.get(link)

    assert answer.status_code == 200
    assert '<html lang="de">' in answer.text
    assert "Worüber dürfen wir Ihnen schreiben?" in answer.text
    assert SWITCH.findall(answer.text) == [(BY_EMAIL.key, " checked"), (BY_SMS.key, "")]
    assert not [it for it in ("Ada", "ada@", "4917012345678") if it in answer.text + link]
    headers = {it: answer.headers[it] for it in ("cache-control", "referrer-policy")}
    assert headers == {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert await rows(database) == 1


async def test_switches_are_turned_by_the_form_and_the_evidence_is_kept(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    ada = await person()
    await says(ada, GRANTED)
    link = preferences_of(lawful, ada)
    form = {"form": field_of(await web.get(link)), "shown": [BY_EMAIL.key, BY_SMS.key], "on": [BY_SMS.key]}

    answers = [await web.post(link, data=form) for _ in range(2)]

    assert [(it.status_code, it.headers["location"]) for it in answers] == [(303, f"{link}?done=saved")] * 2
    assert (await state_of(ada), await state_of(ada, BY_SMS)) == (WITHDRAWN, GRANTED)
    row = await database["consents"].find_one({"channel": "sms"})
    assert row is not None
    assert (row["how"], row["source"], row["version"]) == ("page", "preferences", "preferences 1 en")
    assert await rows(database) == 3  # the one before, and one for each switch, however often the form is sent
    [entry] = await database["audit"].find({"what": "set consent"}).to_list()
    assert (entry["subject"], entry["after"]) == (str(ada.id), {BY_EMAIL.key: "withdrawn", BY_SMS.key: "granted"})
    assert "Your choice is saved." in (await web.get(answers[0].headers["location"])).text


async def test_a_switch_that_was_not_on_the_page_is_not_turned(web: AsyncClient, lawful: Settings) -> None:
    ada = await person()
    await says(ada, GRANTED)
    await says(ada, GRANTED, BY_SMS)
    link = preferences_of(lawful, ada)

    await web.post(link, data={"form": field_of(await web.get(link)), "shown": [BY_EMAIL.key], "on": []})

    assert (await state_of(ada), await state_of(ada, BY_SMS)) == (WITHDRAWN, GRANTED)


async def test_everything_is_stopped_by_one_button(web: AsyncClient, lawful: Settings) -> None:
    ada = await person()
    await says(ada, GRANTED)
    link = preferences_of(lawful, ada)

    answer = await web.post(link, data={"form": field_of(await web.get(link)), "act": "stop"})

    assert answer.headers["location"] == f"{link}?done=stopped"
    assert (await state_of(ada), await state_of(ada, EVERYTHING)) == (WITHDRAWN, WITHDRAWN)


@pytest.mark.parametrize("field", ["", "made-up", "of another page", "of yesterday"])
async def test_a_form_that_is_not_of_this_page_does_nothing(
    web: AsyncClient, lawful: Settings, database: Database, field: str
) -> None:
    ada = await person()
    link, links, now = preferences_of(lawful, ada), Links(lawful), datetime.now(UTC)
    token = link.rpartition("/")[2]
    if field == "of another page":
        field = links.form(uuid4(), "another", now=now)
    elif field == "of yesterday":
        field = links.form(uuid4(), token, now=now - timedelta(days=1))

    answer = await web.post(link, data={"form": field, "shown": [BY_EMAIL.key], "on": [BY_EMAIL.key]})

    assert answer.status_code == 400
    assert "This page was open for too long." in answer.text
    assert await rows(database) == 0


async def test_one_form_that_is_sent_with_two_contents_holds_the_first(web: AsyncClient, lawful: Settings) -> None:
    ada = await person()
    link = preferences_of(lawful, ada)
    form = {"form": field_of(await web.get(link)), "shown": [BY_EMAIL.key], "on": [BY_EMAIL.key]}

    await web.post(link, data=form)
    answer = await web.post(link, data={**form, "on": []})

    assert (answer.status_code, await state_of(ada)) == (409, GRANTED)


@pytest.mark.parametrize("broken", ["expired", "changed", "of another purpose", "erased", "made up"])
async def test_a_link_that_is_not_valid_any_more_shows_nothing_and_does_nothing(
    web: AsyncClient, lawful: Settings, database: Database, broken: str
) -> None:
    ada = await person()
    await says(ada, GRANTED)
    link = preferences_of(lawful, ada, ago=timedelta(days=91 if broken == "expired" else 0))
    match broken:
        case "changed":
            link = link[:-3] + ("AAA" if link[-3:] != "AAA" else "BBB")
        case "of another purpose":
            link = unsubscribing(lawful, ada).replace("/m/u/", "/m/p/")
        case "erased":
            await ProfileDocument.get_pymongo_collection().delete_one({"_id": ada.id})
        case "made up":
            link = "/m/p/%C3%A4%00%E2%82%AC"

    shown, acted = await web.get(link), await web.post(link, data={"act": "stop"})

    assert (shown.status_code, acted.status_code) == (404, 404)
    assert "This link does not work" in shown.text
    assert await rows(database) == 1


async def test_a_link_survives_a_change_of_the_secret(web: AsyncClient, lawful: Settings, client: Client) -> None:
    del web
    ada = await person()
    link = preferences_of(lawful, ada)
    secrets = {"secret_key": SecretStr("x" * 40), "secret_key_previous": lawful.secret_key}
    changed = lawful.model_copy(update=secrets)
    app = await http.application(changed, client)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://hub") as later:
        assert (await later.get(link)).status_code == 200


async def test_topics_of_several_brands_are_shown_by_brand_and_what_they_are_named_is_escaped(
    web: AsyncClient, lawful: Settings
) -> None:
    ada = await person()
    made = Topic("north-star", "wine", TopicClass.MARKETING, {"en": "Wine & <b>more</b>"}, {})
    await topics.save(made, now=datetime.now(UTC))

    text = (await web.get(preferences_of(lawful, ada))).text

    assert "Wine &amp; &lt;b&gt;more&lt;/b&gt;" in text
    assert re.findall(r'class="brand">([^<]+)<', text) == ["In general", "North Star"]


async def test_what_was_allowed_under_a_name_that_nobody_has_described_can_be_taken_back(
    web: AsyncClient, lawful: Settings
) -> None:
    ada = await person()
    wine = Subject("north", "wine", "email")
    await says(ada, GRANTED, wine)
    link = preferences_of(lawful, ada)
    page = await web.get(link)
    assert (wine.key, " checked") in SWITCH.findall(page.text)

    await web.post(link, data={"form": field_of(page), "shown": wine.key})

    assert await state_of(ada, wine) is WITHDRAWN
    assert (wine.key, "") in SWITCH.findall((await web.get(link)).text)


async def test_unsubscribing_asks_first_and_a_scanner_that_opens_the_link_changes_nothing(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    ada = await person()
    await says(ada, GRANTED)
    link = unsubscribing(lawful, ada)

    shown = await web.get(link)
    assert "News and offers · E-mail" in shown.text
    assert await rows(database) == 1

    answer = await web.post(link, data={"form": field_of(shown)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{link}?done=unsubscribed")
    assert (await state_of(ada), await state_of(ada, BY_SMS)) == (WITHDRAWN, None)


async def test_one_click_of_a_mail_program_unsubscribes_and_counts_once(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    ada = await person()
    await says(ada, GRANTED)
    link = unsubscribing(lawful, ada)

    answers = [await web.post(link, data={"List-Unsubscribe": "One-Click"}) for _ in range(3)]

    assert [(it.status_code, it.text) for it in answers] == [(200, "")] * 3
    assert (await state_of(ada), await rows(database)) == (WITHDRAWN, 2)

    await says(ada, GRANTED)
    await web.post(link, data={"List-Unsubscribe": "One-Click"})
    assert await state_of(ada) is WITHDRAWN


async def test_no_get_and_no_head_unsubscribes_whatever_it_says_and_nobody_gets_a_cookie(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    ada = await person()
    await says(ada, GRANTED)
    link = unsubscribing(lawful, ada)

    asked = [await web.get(f"{link}?List-Unsubscribe=One-Click"), await web.head(link), await web.get(link)]
    asked.append(await web.request("GET", link, content=b"List-Unsubscribe=One-Click"))

    assert [it.status_code for it in asked] == [200] * 4
    assert (await state_of(ada), await rows(database)) == (GRANTED, 1)
    answer = await web.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert not [it for it in (*asked, answer) if "set-cookie" in it.headers]


async def test_who_unsubscribes_may_stop_everything_instead(web: AsyncClient, lawful: Settings) -> None:
    ada = await person()
    link = unsubscribing(lawful, ada)

    answer = await web.post(link, data={"form": field_of(await web.get(link)), "act": "stop"})

    assert answer.headers["location"] == f"{link}?done=stopped"
    assert await state_of(ada, EVERYTHING) is WITHDRAWN


def test_every_language_says_everything() -> None:
    texts = shell.texts(PAGE)

    assert texts["de"].keys() == texts["en"].keys()
    assert {it["version"] for it in texts.values()} == {"1"}
