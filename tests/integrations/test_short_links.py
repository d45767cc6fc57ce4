"""Links in SMS and push messages: led through the hub in a short form where the brand wants it, and counted."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient
from pymongo.errors import ServerSelectionTimeoutError

from hub.database import Client, Database
from hub.messaging import short_links, store, visits_keeper
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Message
from hub.messaging.ports import Push, Sms
from hub.messaging.short_links import ShortLinkDocument
from hub.privacy.service import Privacy
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from hub.wording import brand_store
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime import http
from runtime.wiring import DOCUMENTS
from tests.integrations.visiting import path
from tests.messaging import posting
from tests.messaging.posting import Blind, everywhere

PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
SHOP = "https://shop.example/sale?size=10&colour=red"
KIT = "{brand: default, name: Finch, colours: {ink: '#000'}, fonts: {body: Georgia}, track: TRACK}"
FILES = {"en/sms": f"The sale: {SHOP}. Or https://shop.example/about and {SHOP}", "en/push": "Sale", "en/link": SHOP}
LATER = timedelta(minutes=2)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def web(settings: Settings, client: Client, database: Database) -> AsyncIterator[AsyncClient]:
    del database  # it is emptied and bound
    app = await http.application(settings, client)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://hub") as web:
        yield web


async def told(
    settings: Settings, channel: Channel, *, track: bool = True, files: dict[str, str] = FILES, topic: str = "marketing"
) -> Sms | Push:
    """Tell Ada of the sale, some minutes ago."""
    source = KIT.replace("TRACK", str(track).lower())
    await brand_store.publish(source, by="test", key=source, now=now())
    await Library().save(template_of("sale", files))
    profile_id = await posting.person(devices=("phone",), phone="+4915123456789")
    await store.queue([Message(uuid4(), profile_id, "sale", (channel,), created_at=now() - LATER, topic=topic)])
    sender = Blind()
    await Dispatcher(settings, everywhere(sender), Library(), lambda: now() - LATER).step()
    [call] = sender.calls
    assert isinstance(call, Sms | Push)
    return call


async def clicks(settings: Settings, database: Database) -> list[tuple[int, str]]:
    while await visits_keeper.step(Suppressions(settings), now=now() + timedelta(seconds=11)):
        pass
    found = database["events"].find({"name": "Message Clicked"}).sort("properties.link", 1)
    return [(row["properties"]["link"], row["properties"]["url"]) async for row in found]


async def test_links_of_an_sms_are_short_lead_on_and_are_counted(
    web: AsyncClient, settings: Settings, database: Database
) -> None:
    sms = await told(settings, Channel.SMS)
    first, about, again = re.findall(rf"{re.escape(settings.public_url)}/m/c/[A-Za-z0-9_-]{{12}}", sms.text)

    assert sms.text == f"The sale: {first}. Or {about} and {again}"
    assert first == again
    answers = [await web.get(path(it), headers=PERSON) for it in (first, again, about)]
    assert [(it.status_code, it.headers["location"]) for it in answers] == [
        (302, SHOP),
        (302, SHOP),
        (302, "https://shop.example/about"),
    ]
    assert await clicks(settings, database) == [(1, SHOP), (2, "https://shop.example/about")]


async def test_the_link_of_a_push_message_is_led_and_one_into_the_app_is_not(
    web: AsyncClient, settings: Settings, database: Database
) -> None:
    push = await told(settings, Channel.PUSH)
    assert isinstance(push, Push)
    assert push.link is not None
    assert (await web.get(path(push.link), headers=PERSON)).headers["location"] == SHOP
    assert await clicks(settings, database) == [(1, SHOP)]


async def test_a_link_into_the_app_is_none_of_the_web_and_stays_as_it_is(
    settings: Settings, database: Database
) -> None:
    push = await told(settings, Channel.PUSH, files={"en/push": "Sale", "en/link": "shop://sale"})

    assert isinstance(push, Push)
    assert push.link == "shop://sale"
    assert await database["short_links"].count_documents({}) == 0


@pytest.mark.parametrize("how", ["the brand does not want it", "it is no advertising", "the settings say no"])
async def test_otherwise_they_are_sent_as_they_were_written(settings: Settings, database: Database, how: str) -> None:
    if how == "the settings say no":
        settings = settings.model_copy(update={"track_clicks": False})
    topic = "service" if how == "it is no advertising" else "marketing"

    sms = await told(settings, Channel.SMS, track=how != "the brand does not want it", topic=topic)

    assert sms.text == FILES["en/sms"]
    assert await database["short_links"].count_documents({}) == 0


async def test_a_message_that_is_prepared_again_has_the_same_links(settings: Settings, database: Database) -> None:
    sms = await told(settings, Channel.SMS)
    await database["messages"].update_many({}, {"$set": {"state": "queued", "due": now() - LATER}})
    sender = Blind()
    await Dispatcher(settings, everywhere(sender), Library(), now).step()

    assert [it.text for it in sender.calls if isinstance(it, Sms)] == [sms.text]
    assert await database["short_links"].count_documents({}) == 2


async def test_a_token_that_is_none_or_is_over_leads_nowhere(web: AsyncClient, settings: Settings) -> None:
    sms = await told(settings, Channel.SMS)
    [token, *_] = re.findall(r"/m/c/(\S{12})", sms.text)
    stored = await short_links.find(token, now=now())
    assert stored is not None

    assert await short_links.find(token, now=stored.expires_at) is None
    assert (await web.get("/m/c/AAAAAAAAAAAA", headers=PERSON)).status_code == 404
    assert (await web.head(f"/m/c/{token}", headers=PERSON)).status_code == 302


async def test_while_the_database_is_away_whoever_follows_one_is_asked_to_come_again(
    web: AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms = await told(settings, Channel.SMS)
    [token, *_] = re.findall(r"/m/c/(\S{12})", sms.text)

    async def away(*_: object, **__: object) -> None:
        raise ServerSelectionTimeoutError("nobody there")

    monkeypatch.setattr(short_links, "find", away)

    assert (await web.get(f"/m/c/{token}", headers=PERSON)).status_code == 503


async def test_who_is_erased_leaves_no_link_behind(settings: Settings, database: Database) -> None:
    await told(settings, Channel.SMS)
    [profile_id] = await database["short_links"].distinct("profile_id")

    await Privacy(settings, DOCUMENTS).erase(profile_id, now=now())

    assert await ShortLinkDocument.find_all().count() == 0
