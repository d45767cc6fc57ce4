"""Links and pictures of messages: what is followed leads on, persons are counted once, and machines never."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient
from pymongo.errors import ServerSelectionTimeoutError

from hub.database import Client, Database
from hub.journeys import language
from hub.messaging import store, visits_keeper, visits_store
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Message, State
from hub.messaging.ports import Senders
from hub.messaging.tracking import Click, Tracking
from hub.messaging.visits import Sign, Visit
from hub.messaging.visits_store import MOST, VisitsDocument
from hub.privacy.service import Privacy
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from hub.settings import Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from integrations.console.sender import ConsoleSender
from integrations.console.store import InboxDocument
from integrations.pages.tracking import PIXEL
from runtime import http
from runtime.wiring import DOCUMENTS
from tests.integrations.visiting import path, person

PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
SHOP = "https://shop.example/sale?size=10&colour=red"
BODY = f"""<mjml><mj-body><mj-section><mj-column>
<mj-button href="{SHOP.replace("&", "&amp;")}">To the sale</mj-button>
<mj-text><a href="{{{{ links.unsubscribe }}}}">No more</a> <a href="https://shop.example/about">About</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
LATER = timedelta(minutes=2)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def web(settings: Settings, client: Client, database: Database) -> AsyncIterator[AsyncClient]:
    del database  # it is emptied and bound
    app = await http.application(settings, client)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://hub") as web:
        yield web


@pytest.fixture
async def mail(web: AsyncClient, settings: Settings) -> dict[str, Any]:
    """A mail about the sale, as it lies in the inbox of somebody who got it some minutes ago."""
    del web  # the application stands
    await Library().save(template_of("sale", {"en/subject": "Sale", "en/body.mjml": BODY}))
    ada = await person()
    await store.queue([Message(uuid4(), ada.id, "sale", (Channel.EMAIL,), created_at=now() - LATER)])
    inbox = ConsoleSender(settings, InboxDocument.get_pymongo_collection())
    dispatcher = Dispatcher(settings, Senders(inbox, inbox, inbox), Library(), lambda: now() - LATER)
    while await dispatcher.step():
        pass
    row = await InboxDocument.get_pymongo_collection().find_one({})
    assert row is not None
    return row


def links_of(mail: dict[str, Any]) -> list[str]:
    """The addresses of the links that lead through the hub, in the order of the HTML."""
    return [path(it) for it in re.findall(r'href="([^"]+/m/c/[^"]+)"', mail["html"])]


def picture_of(mail: dict[str, Any]) -> str:
    (found,) = re.findall(r'src="([^"]+/m/o/[^"]+)"', mail["html"])
    return path(found)


async def counted(settings: Settings) -> list[dict[str, Any]]:
    """Judge what is known by now, as if it were over, and give what was announced."""
    while await visits_keeper.step(Suppressions(settings), now=now() + timedelta(seconds=11)):
        pass
    found = VisitsDocument.get_pymongo_collection().database["events"].find({"name": {"$regex": "^Message "}})
    return [row async for row in found.sort("name", 1)]


async def the_message(mail: dict[str, Any]) -> Message:
    return (await store.load([mail["key"]]))[mail["key"]]


async def test_a_link_leads_on_and_a_person_who_follows_it_is_counted_once(
    web: AsyncClient, settings: Settings, mail: dict[str, Any]
) -> None:
    first, second = links_of(mail)

    answers = [await web.get(first, headers=PERSON) for _ in range(2)]

    assert [(it.status_code, it.headers["location"], it.headers["cache-control"]) for it in answers] == [
        (302, SHOP, "no-store")
    ] * 2
    assert (await web.get(second, headers=PERSON)).headers["location"] == "https://shop.example/about"
    told = await counted(settings)
    assert [(it["name"], it["properties"]["link"], it["properties"]["url"]) for it in told] == [
        ("Message Clicked", 1, SHOP),
        ("Message Clicked", 2, "https://shop.example/about"),
    ]
    message = await the_message(mail)
    assert (message.state, message.clicked_at is not None, message.opened_at) == (State.DELIVERED, True, None)
    await web.get(first, headers=PERSON)
    assert len(await counted(settings)) == 2


async def test_the_text_beside_the_html_leads_the_same_way(web: AsyncClient, mail: dict[str, Any]) -> None:
    led = [path(it) for it in re.findall(r"\((http\S+/m/c/\S+)\)", mail["text"])]

    assert led == links_of(mail)
    assert (await web.get(led[0], headers=PERSON)).headers["location"] == SHOP
    assert len(re.findall(r"/m/u/", mail["text"])) == 1


async def test_the_picture_tells_of_an_opening(web: AsyncClient, settings: Settings, mail: dict[str, Any]) -> None:
    answer = await web.get(picture_of(mail), headers=PERSON)

    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PIXEL, "image/gif")
    assert answer.headers["cache-control"] == "no-store"
    (told,) = await counted(settings)
    assert (told["name"], told["properties"]["template"]) == ("Message Opened", "sale")
    assert (await the_message(mail)).opened_at is not None


async def test_head_is_answered_and_never_counts(web: AsyncClient, settings: Settings, mail: dict[str, Any]) -> None:
    link, picture = links_of(mail)[0], picture_of(mail)

    led, shown = await web.head(link, headers=PERSON), await web.head(picture, headers=PERSON)

    assert (led.status_code, led.headers["location"], shown.status_code) == (302, SHOP, 200)
    assert (led.content, shown.content) == (b"", b"")
    assert await counted(settings) == []
    assert await VisitsDocument.find_all().count() == 0


async def test_machines_are_led_on_and_counted_never(
    web: AsyncClient, settings: Settings, mail: dict[str, Any]
) -> None:
    link, picture = links_of(mail)[0], picture_of(mail)
    for headers in ({"User-Agent": "Mozilla/5.0"}, {"User-Agent": "python-requests/2.31"}, {"Purpose": "prefetch"}):
        assert (await web.get(link, headers={**PERSON, **headers})).status_code == 302
        assert (await web.get(picture, headers={**PERSON, **headers})).status_code == 200

    assert await counted(settings) == []
    assert (await the_message(mail)).clicked_at is None


async def test_a_visit_is_judged_when_those_around_it_are_over(
    web: AsyncClient, settings: Settings, mail: dict[str, Any]
) -> None:
    await web.get(links_of(mail)[0], headers=PERSON)

    assert await visits_keeper.step(Suppressions(settings), now=now() + timedelta(seconds=5)) == 0
    assert await visits_keeper.step(Suppressions(settings), now=now() + timedelta(seconds=11)) == 1
    assert await visits_keeper.step(Suppressions(settings), now=now() + timedelta(seconds=99)) == 0


@pytest.mark.parametrize("token", ["x", "AAAA", "a" * 300, "%00", "..%2F..%2Fetc", "https:%2F%2Fevil.example"])
async def test_what_is_no_token_of_ours_leads_nowhere(web: AsyncClient, token: str) -> None:
    answer = await web.get(f"/m/c/{token}", headers=PERSON)

    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert "evil" not in answer.text


async def test_a_picture_that_is_none_of_ours_is_shown_and_not_counted(web: AsyncClient, settings: Settings) -> None:
    assert (await web.get("/m/o/x", headers=PERSON)).content == PIXEL
    assert await counted(settings) == []


async def test_a_link_leads_on_while_the_database_is_away(
    web: AsyncClient, mail: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ServerSelectionTimeoutError("nobody there")

    monkeypatch.setattr(visits_store, "add", away)

    assert (await web.get(links_of(mail)[0], headers=PERSON)).headers["location"] == SHOP


async def test_a_link_of_a_message_that_is_gone_leads_on_and_tells_of_nobody(
    web: AsyncClient, settings: Settings
) -> None:
    link = path(Tracking(settings).click(Click(uuid4(), 1, SHOP), now=now()))

    assert (await web.get(link, headers=PERSON)).headers["location"] == SHOP
    assert await counted(settings) == []


async def test_who_is_erased_leaves_no_visit_behind(web: AsyncClient, settings: Settings, mail: dict[str, Any]) -> None:
    await web.get(links_of(mail)[0], headers=PERSON)
    profile_id: UUID = (await the_message(mail)).profile_id

    await Privacy(settings, DOCUMENTS).erase(profile_id, now=now())

    assert await VisitsDocument.find_all().count() == 0


async def test_of_one_message_so_many_visits_are_kept_and_no_more(database: Database) -> None:
    del database
    message_id, at = uuid4(), now()
    for number in range(MOST + 5):
        await visits_store.add(message_id, Visit(1, at + timedelta(seconds=number), Sign.PERSON))

    (row,) = await VisitsDocument.find_all().to_list()
    assert (row.id, len(row.visits)) == (message_id, MOST)


async def test_messages_that_are_no_advertising_are_sent_as_they_were_written(
    web: AsyncClient, settings: Settings
) -> None:
    del web
    await Library().save(template_of("sale", {"en/subject": "Your order", "en/body.mjml": BODY}))
    ada = await person()
    await store.queue([Message(uuid4(), ada.id, "sale", (Channel.EMAIL,), created_at=now(), topic="service")])
    inbox = ConsoleSender(settings, InboxDocument.get_pymongo_collection())
    while await Dispatcher(settings, Senders(inbox, inbox, inbox), Library(), now).step():
        pass

    (row,) = await InboxDocument.find_all().to_list()
    assert row.html is not None
    assert "/m/c/" not in row.html + row.text
    assert "/m/o/" not in row.html
    assert urlsplit(SHOP).path in row.html


def test_journeys_may_ask_for_what_a_click_says() -> None:
    source = """
journey: interested
enter: {event: Message Clicked, where: properties.url starts "https://shop.example/sale" and properties.link >= 1}
steps: [end]
"""

    assert language.read(source, templates=(), known=scope.of(NOTHING_DEFINED)).entry.event == "Message Clicked"
