"""Row 31 in a browser: scan the store's code, sign in by a link, choose a reward, show its code."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from hub.access.model import Caller, CallerKind
from hub.commerce import posters_store
from hub.commerce.posters import Poster, Purpose, Wanted
from hub.database import Database
from hub.kit import ids
from hub.profiles import identifier_store
from hub.profiles.links import REWARDS_LAST, Links
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub.rewards.model import Reason
from hub.settings import Settings
from hub.vouchers import using
from hub.vouchers.codes import code_form
from hub.vouchers.model import Order, VoucherRefused
from integrations.pages import arriving, redeeming, shell, signin
from runtime.http import RequestLog
from tests.integrations.test_joining_page import ADA, here
from tests.integrations.test_signin_page import NOON, clock, code_of, hidden, link_of, press
from tests.vouchers.stage import COFFEE, Stage, stage

EVE = Caller(CallerKind.STAFF, "eve", frozenset())
YACHT = "{reward: yacht, kind: experience, labels: {en: A boat trip}, cost: {program: beans, points: 900}}"
ELSEWHERE = "{reward: tea, kind: experience, labels: {en: Tea}, cost: {program: others, points: 1}}"


@pytest.fixture
async def web(settings: Settings, database: Database) -> AsyncIterator[AsyncClient]:
    """A browser that keeps its cookies."""
    del database
    routes = [it for page in (signin, arriving, redeeming) for it in page.routes(settings, clock)]
    app = RequestLog(Starlette(routes=routes))
    async with AsyncClient(transport=ASGITransport(app, client=("1.1.1.1", 443)), base_url="http://hub") as browser:
        yield browser


@pytest.fixture
async def poster(database: Database, settings: Settings) -> Poster:
    shop = stage(database, settings)
    shop.now = NOON
    await shop.publish(COFFEE, YACHT, ELSEWHERE)
    await here()
    wanted = Wanted(Purpose.REDEEM, "beans", "default", "S-1")
    return await posters_store.make(EVE, wanted, cause=ids.new_id(), now=NOON)


@pytest.fixture
async def ada(web: AsyncClient, poster: Poster, settings: Settings, database: Database) -> Stage:
    """Ada, who has signed in by the poster's code and has 150 points."""
    shop = stage(database, settings)
    shop.now = NOON
    page = await press(web, await link_of(await ask(web, poster), settings))
    assert page.headers["location"].startswith("/m/r/")
    web.headers["x-page"] = page.headers["location"]
    named = Identifier(IdentifierKind.EMAIL, ADA)
    owner = (await identifier_store.owners([named]))[named].profile_id
    shop.people["ada"] = Profile(owner)
    await shop.earn(150)
    return shop


async def ask(web: AsyncClient, poster: Poster) -> Response:
    page = await web.get(f"/q/{poster.code}")
    assert "Your rewards" in page.text
    return await web.post("/m/s", data={**hidden_in(page), "address": ADA})


def hidden_in(page: Response) -> dict[str, str]:
    return {name: hidden(page, name) for name in ("key", "poster")}


def form_of(page: Response, name: str, value: str) -> dict[str, str]:
    """The form on the page that sends this."""
    found = re.search(
        rf'name="form" value="([^"]+)">\s*<input type="hidden" name="{name}" value="({value})"', page.text
    )
    assert found, page.text
    return {"form": found[1], name: found[2]}


def codes_on(page: Response) -> list[str]:
    return re.findall(r'class="text">([^<]+)<', page.text)


async def test_row_31_who_scans_signs_in_and_chooses_is_shown_the_code_that_the_till_takes(
    web: AsyncClient, ada: Stage
) -> None:
    address = web.headers["x-page"]
    page = await web.get(address)
    assert "You have 150 points." in page.text
    assert "You need 750 points more." in page.text
    assert "Tea" not in page.text
    assert page.headers["cache-control"] == "no-store"
    form = form_of(page, "reward", "coffee")

    done = await web.post(address, data=form)
    again = await web.post(address, data=form)
    shown = await web.get(urlsplit(done.headers["location"]).path)

    assert (done.status_code, again.status_code) == (303, 303)
    assert "You have 50 points." in shown.text
    (code,) = codes_on(shown)
    assert shown.text.count("<svg") == 2
    assert "Show this code at the till. It is good until " in shown.text
    form_read = code_form(code)
    assert form_read
    granted = await using.confirm(form_read, Order("pos/S-1", "O-1"), shop="S-1", now=ada.now)
    assert granted.reward.name == "coffee"
    assert codes_on(await web.get(address)) == []


async def test_a_voucher_is_given_back_on_the_page_and_its_points_are_there_again(web: AsyncClient, ada: Stage) -> None:
    address = web.headers["x-page"]
    await web.post(address, data=form_of(await web.get(address), "reward", "coffee"))
    page = await web.get(address)

    await web.post(address, data=form_of(page, "voucher", "[0-9a-f-]+"))

    assert "You have 150 points." in (await web.get(address)).text
    assert await ada.available() == 150


async def test_what_cannot_be_had_any_more_is_refused_on_the_page_and_moves_nothing(
    web: AsyncClient, ada: Stage
) -> None:
    address = web.headers["x-page"]
    first = await web.get(address)
    form, other = form_of(first, "reward", "coffee"), form_of(await web.get(address), "reward", "coffee")
    await web.post(address, data=form)

    short = await web.post(address, data=other)
    unknown = await web.post(address, data={**form_of(await web.get(address), "voucher", ".*"), "voucher": "x"})
    gone = await web.post(address, data={"form": "x", "reward": "coffee"})

    assert (short.status_code, "You have too few points for it." in short.text) == (409, True)
    assert (unknown.status_code, gone.status_code) == (409, 400)
    assert await ada.available() == 50


async def test_the_address_is_over_after_an_hour_and_opens_nothing_else(
    web: AsyncClient, ada: Stage, settings: Settings, poster: Poster
) -> None:
    links = Links(settings)
    late = urlsplit(links.rewards(ada.person().id, poster.code, now=NOON - REWARDS_LAST)).path
    other = urlsplit(links.preferences(ada.person().id, now=NOON)).path.replace("/m/p/", "/m/r/")

    assert [(await web.get(it)).status_code for it in (late, other)] == [404, 404]


async def test_by_a_typed_code_it_is_the_same(web: AsyncClient, poster: Poster, settings: Settings) -> None:
    asked = await ask(web, poster)
    form = {"key": hidden(asked, "key"), "sign_in": hidden(asked, "sign_in"), "code": code_of(asked, settings)}

    assert (await web.post("/m/s/code", data=form)).headers["location"].startswith("/m/r/")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_words_for_every_reason_and_refusal(language: str) -> None:
    refused = shell.texts("redeem")[language]["refused"]

    assert {*Reason, "NOT_FOUND", "TOO_OLD"} <= refused.keys()
    assert {it.code for it in VoucherRefused.__subclasses__()} - refused.keys() <= {"NOT_COMBINABLE"}
