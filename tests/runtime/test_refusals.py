"""What no route answers is answered all the same: with a code and a sentence, or a page for a person."""

import html
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.database import Client, Database
from hub.settings import Settings
from runtime import refusals
from runtime.http import RequestLog
from tests.runtime.calling import calling

LIMIT = 500 * 1024
TOO_LARGE = "The body has more than 512000 bytes."
GERMAN = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "de"}


@pytest.fixture
async def caller(settings: Settings, client: Client, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    del database
    async with calling(settings, client) as caller:
        yield caller


async def test_an_address_that_there_is_not_and_a_method_that_it_does_not_take_have_codes_and_sentences(
    caller: httpx2.AsyncClient,
) -> None:
    nowhere, method, no_message, no_page = [
        await caller.get("/nowhere"),
        await caller.get("/v1/track"),
        await caller.get("/inbox/00000000-0000-0000-0000-000000000000"),
        await caller.get("/inbox?limit=0"),
    ]

    assert (nowhere.status_code, nowhere.json()) == (
        404,
        {
            "code": "NOT_FOUND",
            "message": "There is nothing at this address.",
            "requestId": nowhere.headers["x-request-id"],
        },
    )
    assert (method.status_code, method.json()["code"], method.json()["message"]) == (
        405,
        "METHOD_NOT_ALLOWED",
        "This address does not take this method.",
    )
    assert set(method.headers["allow"].split(", ")) == {"OPTIONS", "POST"}
    assert (no_message.status_code, no_message.json()["message"]) == (404, "The inbox has no such message.")
    assert (no_page.status_code, no_page.json()["code"], no_page.json()["message"]) == (
        400,
        "BAD_REQUEST",
        "limit is 1 to 500.",
    )


async def test_a_person_is_shown_a_page_in_their_language_with_the_code(caller: httpx2.AsyncClient) -> None:
    nowhere, method, no_message = [
        await caller.get("/nowhere", headers=GERMAN),
        await caller.delete("/m/s", headers={"Accept-Language": "de"}),
        await caller.get("/inbox/00000000-0000-0000-0000-000000000000", headers=GERMAN),
    ]

    shown = [(it.status_code, it.headers["content-type"]) for it in (nowhere, method, no_message)]
    assert shown == [(status, "text/html; charset=utf-8") for status in (404, 405, 404)]
    assert "<h1>Hier ist nichts</h1>" in nowhere.text
    assert "<code>NOT_FOUND</code>" in nowhere.text
    assert "<h1>Das hat nicht geklappt</h1>" in method.text
    assert "<code>METHOD_NOT_ALLOWED</code>" in method.text
    assert "The inbox has no such message." in no_message.text
    assert "frame-ancestors 'none'" in nowhere.headers["content-security-policy"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_has_a_code_and_a_sentence_wherever_it_is_sent(
    chunked: bool,  # noqa: FBT001  a parameter of the test
    caller: httpx2.AsyncClient,
) -> None:
    async def send(address: str, size: int, content_type: str) -> httpx2.Response:
        async def chunks() -> AsyncIterator[bytes]:
            for begin in range(0, size, 10_000):
                yield b" " * min(10_000, size - begin)

        body = chunks() if chunked else b" " * size
        return await caller.post(address, content=body, headers={"Content-Type": content_type})

    fits = await send("/graphql", LIMIT, "application/json")
    asked = await send("/graphql", LIMIT + 1, "application/json")
    page = await send("/m/s", LIMIT + 1, "application/x-www-form-urlencoded")

    assert (fits.status_code, fits.json()["errors"][0]["message"]) == (400, "The body is not JSON.")
    assert asked.status_code == 413
    assert asked.json()["errors"] == [
        {
            "message": TOO_LARGE,
            "extensions": {"code": "BAD_USER_INPUT", "requestId": asked.headers["x-request-id"]},
        }
    ]
    assert (page.status_code, page.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert TOO_LARGE in page.text
    assert "<code>TOO_LARGE</code>" in page.text


@pytest.mark.parametrize(
    ("content_type", "body", "sentence"),
    [
        ("multipart/form-data", b"--x", "Missing boundary in multipart."),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nothing\r\n\r\n--x--", ""),
        ("multipart/form-data; boundary=x", b"no form", ""),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 1_001), ""),
    ],
)
async def test_a_form_that_is_broken_is_answered_by_a_page_with_a_code(
    content_type: str, body: bytes, sentence: str, caller: httpx2.AsyncClient
) -> None:
    answer = await caller.post("/m/s", content=body, headers={"Content-Type": content_type})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert sentence in html.unescape(answer.text)
    assert "<code>BAD_REQUEST</code>" in answer.text


async def test_what_breaks_is_a_fault_of_ours_and_quotes_nobody() -> None:
    async def breaks(_request: Request) -> Response:
        raise ValueError("ada@example.com has no name")

    app = RequestLog(Starlette(routes=[Route("/breaks", breaks)], exception_handlers=refusals.HANDLERS))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub.test") as caller:
        told = await caller.get("/breaks")
        page = await caller.get("/breaks", headers=GERMAN)

    assert (told.status_code, told.json()) == (
        500,
        {
            "code": "INTERNAL_SERVER_ERROR",
            "message": "Something went wrong on our side. Name the request's id when you ask about it.",
            "requestId": told.headers["x-request-id"],
        },
    )
    assert (page.status_code, page.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "<code>INTERNAL_SERVER_ERROR</code>" in page.text
    assert "ada@example.com" not in page.text
