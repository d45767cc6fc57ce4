from collections.abc import AsyncIterator

import pytest
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr
from starlette.applications import Starlette

from hub.kit.ids import new_id
from hub.messaging.ports import Email, Push, Sms
from hub.settings import Environment, Settings
from integrations.console import inbox as page
from integrations.console.sender import ConsoleSender, NotForProduction
from integrations.console.store import Inbox

PRODUCTION = Settings(env=Environment.PRODUCTION, secret_key=SecretStr("x" * 32))


def browser(settings: Settings) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(Starlette(routes=page.routes(settings))), base_url="http://hub")


@pytest.fixture
async def web(settings: Settings, inbox: Inbox) -> AsyncIterator[AsyncClient]:
    assert await inbox.count_documents({}) == 0
    async with browser(settings) as web:
        yield web


@pytest.fixture
def console(settings: Settings, inbox: Inbox) -> ConsoleSender:
    return ConsoleSender(settings, inbox)


async def texts(web: AsyncClient, address: str) -> list[str]:
    answer = await web.get(address, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return [message["text"] for message in answer.json()["messages"]]


async def test_an_empty_inbox_says_what_will_appear(web: AsyncClient) -> None:
    answer = await web.get("/inbox")

    assert answer.status_code == 200
    assert "No messages yet" in answer.text
    assert '<meta http-equiv="refresh" content="5">' in answer.text


async def test_a_message_is_shown_with_all_that_was_sent(web: AsyncClient, console: ConsoleSender) -> None:
    key = new_id()
    accepted = await console.send(Email(key, "ada@example.com", "Shop <shop@example.com>", "Your cart", "Still there."))

    shown = (await web.get(f"/inbox/{accepted.provider_id}?format=json")).json()
    at = shown.pop("at")
    assert shown == {
        "id": accepted.provider_id,
        "key": str(key),
        "channel": "email",
        "to": "ada@example.com",
        "sender": "Shop <shop@example.com>",
        "subject": "Your cart",
        "text": "Still there.",
    }
    assert at.endswith("+00:00")
    assert "Still there." in (await web.get(f"/inbox/{accepted.provider_id}")).text


async def test_what_customers_write_is_text_and_never_html(web: AsyncClient, console: ConsoleSender) -> None:
    bad = "<script>alert(1)</script>"
    accepted = await console.send(Push(new_id(), bad, bad, bad))

    for address in ("/inbox", f"/inbox/{accepted.provider_id}"):
        answer = await web.get(address)
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_pages_go_from_new_to_old_and_leave_nothing_out(web: AsyncClient, console: ConsoleSender) -> None:
    for number in range(5):
        await console.send(Sms(new_id(), "+491", f"{number}"))

    seen, address = [], "/inbox?limit=2&format=json"
    while address:
        answer = (await web.get(address)).json()
        seen.append([message["text"] for message in answer["messages"]])
        address = f"{answer['older']}&format=json" if answer["older"] else ""

    assert seen == [["4", "3"], ["2", "1"], ["0"]]


async def test_messages_are_found_by_channel_recipient_and_key(web: AsyncClient, console: ConsoleSender) -> None:
    key = new_id()
    await console.send(Sms(key, "+491", "one"))
    await console.send(Sms(new_id(), "+492", "two"))
    await console.send(Push(new_id(), "+491", "", "three"))

    assert await texts(web, "/inbox?channel=sms") == ["two", "one"]
    assert await texts(web, "/inbox?to=%2B491") == ["three", "one"]
    assert await texts(web, "/inbox?to=%2B491&channel=push") == ["three"]
    assert await texts(web, f"/inbox?key={key}") == ["one"]


async def test_a_page_with_a_form_to_type_in_does_not_look_again_by_itself(web: AsyncClient) -> None:
    answer = await web.get("/inbox?find=1")

    assert "<form" in answer.text
    assert "refresh" not in answer.text


@pytest.mark.parametrize("query", ["channel=fax", "before=x", "key=1", "limit=0", "limit=501", "limit=many"])
async def test_a_wish_that_makes_no_sense_is_a_bad_request(query: str, web: AsyncClient) -> None:
    assert (await web.get(f"/inbox?{query}")).status_code == 400


async def test_a_message_that_is_not_there_is_not_found(web: AsyncClient) -> None:
    assert [(await web.get(f"/inbox/{id_}")).status_code for id_ in (new_id(), "nonsense")] == [404, 404]


async def test_in_production_there_is_no_inbox_and_no_console_sender(inbox: Inbox) -> None:
    async with browser(PRODUCTION) as web:
        assert (await web.get("/inbox")).status_code == 404
    with pytest.raises(NotForProduction):
        ConsoleSender(PRODUCTION, inbox)


async def test_the_html_of_a_mail_is_shown_in_a_frame_that_runs_and_fetches_nothing(
    web: AsyncClient, console: ConsoleSender
) -> None:
    html = "<!doctype html><script>alert(1)</script><p>Hello</p>"
    accepted = await console.send(Email(new_id(), "ada@example.com", "Shop <s@x.example>", "S", "Hello", html=html))

    page = await web.get(f"/inbox/{accepted.provider_id}")
    frame = await web.get(f"/inbox/{accepted.provider_id}/html")

    assert f'src="/inbox/{accepted.provider_id}/html"' in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "<script>" not in page.text
    assert frame.text == html
    assert frame.headers["Content-Security-Policy"] == (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    assert "html" not in (await web.get("/inbox?format=json")).json()["messages"][0]
    assert (await web.get(f"/inbox/{accepted.provider_id}?format=json")).json()["html"] == html


async def test_a_message_without_html_has_no_frame(web: AsyncClient, console: ConsoleSender) -> None:
    accepted = await console.send(Sms(new_id(), "+491", "Hello"))

    assert "<iframe" not in (await web.get(f"/inbox/{accepted.provider_id}")).text
    assert (await web.get(f"/inbox/{accepted.provider_id}/html")).status_code == 404
