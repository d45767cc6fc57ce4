"""Row 20 in a browser: who scans a poster joins by code or link, without an app, and brings its store and campaign."""

import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from hub.access.model import Caller, CallerKind
from hub.commerce import posters_store, stores
from hub.commerce.opening import Opening
from hub.commerce.posters import Poster, Purpose, Wanted
from hub.commerce.stores import Address, Store
from hub.database import Database
from hub.kit import ids
from hub.settings import Settings
from integrations.pages import arriving, signin
from runtime.http import RequestLog
from tests.integrations.test_signin_page import NOON, clock, code_of, hidden, link_of, press
from tests.membership.people import activated

EVE = Caller(CallerKind.STAFF, "eve", frozenset())
ADA = "ada@example.com"


@pytest.fixture
async def web(settings: Settings, database: Database) -> AsyncIterator[AsyncClient]:
    """A browser that keeps its cookies."""
    del database
    app = RequestLog(Starlette(routes=[*signin.routes(settings, clock), *arriving.routes(settings, clock)]))
    async with AsyncClient(transport=ASGITransport(app, client=("1.1.1.1", 443)), base_url="http://hub") as browser:
        yield browser


async def here() -> None:
    """Open the store in which posters hang."""
    at = Address("1 High Street", "10115", "Berlin", "DE")
    await stores.upsert(EVE, [Store("S-1", "One", at, Opening("Europe/Berlin", {}, {}), NOON)], now=NOON)


@pytest.fixture
async def poster(database: Database) -> Poster:
    del database
    await activated("club")
    await here()
    wanted = Wanted(Purpose.JOIN, "club", "default", "S-1", "opening", consent_version="v3")
    return await posters_store.make(EVE, wanted, cause=ids.new_id(), now=NOON)


async def ask(web: AsyncClient, poster: Poster) -> Response:
    page = await web.get(f"/q/{poster.code}")
    assert "Join the Finch Club" in page.text
    form = {"key": hidden(page, "key"), "poster": hidden(page, "poster"), "address": ADA}
    return await web.post("/m/s", data=form)


async def type_code(web: AsyncClient, asked: Response, settings: Settings) -> Response:
    form = {"key": hidden(asked, "key"), "sign_in": hidden(asked, "sign_in"), "code": code_of(asked, settings)}
    return await web.post("/m/s/code", data=form)


def member_code(page: Response) -> str:
    found = re.search(r'class="member">(\w{11})<', page.text)
    assert found, page.text
    return found[1]


async def joined(database: Database) -> list[tuple[object, ...]]:
    found = database["enrolments"].find()
    return [(it["program"], it["way"], it["store_id"], it["campaign"], it["consent_version"]) async for it in found]


BY_QR = ("club", "qr", "S-1", "opening", "v3")


@pytest.mark.parametrize("by", ["code", "link"])
async def test_who_scans_a_poster_joins_by_code_or_link_with_its_store_and_campaign(
    web: AsyncClient, poster: Poster, settings: Settings, database: Database, by: str
) -> None:
    asked = await ask(web, poster)

    if by == "code":
        page = await type_code(web, asked, settings)
    else:
        page = await press(web, await link_of(asked, settings))

    assert (page.status_code, "Welcome to the Finch Club" in page.text) == (200, True)
    assert await joined(database) == [BY_QR]
    named = await database["identifiers"].find_one({"value": member_code(page)})
    assert named is not None
    assert '<a href="/m/p/' in page.text


async def test_who_is_a_member_already_is_told_so_and_shown_the_same_code(
    web: AsyncClient, poster: Poster, settings: Settings, database: Database
) -> None:
    first = await type_code(web, await ask(web, poster), settings)
    second = await type_code(web, await ask(web, poster), settings)

    assert "You are a member of the Finch Club" in second.text
    assert member_code(second) == member_code(first)
    assert await joined(database) == [BY_QR]


async def test_signing_in_for_something_else_joins_nothing(
    web: AsyncClient, poster: Poster, settings: Settings, database: Database
) -> None:
    await ask(web, poster)  # and thinks better of it
    form = await web.get("/m/s")
    asked = await web.post("/m/s", data={"key": hidden(form, "key"), "address": ADA})

    answer = await type_code(web, asked, settings)

    assert answer.headers["location"].startswith("/m/p/")
    assert await joined(database) == []


OVER = (True, NOON, "Its time is over")
OFF = (False, None, "not in use any more")


@pytest.mark.parametrize("change", [OVER, OFF])
async def test_an_expired_or_disabled_code_is_refused_with_a_reason(
    web: AsyncClient,
    poster: Poster,
    settings: Settings,
    database: Database,
    change: tuple[bool, datetime | None, str],
) -> None:
    enabled, expires_at, why = change
    asked = await ask(web, poster)
    await posters_store.change(EVE, poster.code, enabled=enabled, expires_at=expires_at)

    page = await web.get(f"/q/{poster.code}")
    late = await type_code(web, asked, settings)

    assert (page.status_code, why in page.text) == (410, True)
    assert late.status_code == 410
    assert await joined(database) == []
    assert await database["profiles"].count_documents({}) == 0


async def test_a_code_that_nobody_printed_says_so(web: AsyncClient, poster: Poster) -> None:
    page = await web.get(f"/q/{poster.code[:-1]}!")

    assert (page.status_code, "not one of ours" in page.text) == (404, True)


async def test_a_wrong_address_is_asked_for_again_and_the_poster_is_kept(
    web: AsyncClient, poster: Poster, settings: Settings, database: Database
) -> None:
    page = await web.get(f"/q/{poster.code}")
    form = {"key": hidden(page, "key"), "poster": hidden(page, "poster"), "address": "ada"}
    again = await web.post("/m/s", data=form)
    assert again.status_code == 422

    asked = await web.post("/m/s", data={**form, "key": hidden(again, "key"), "address": ADA})
    await type_code(web, asked, settings)

    assert hidden(again, "poster") == poster.code
    assert await joined(database) == [BY_QR]
