"""The pages `/m/s`: a link shows on GET and acts on POST, in the browser that asked for it."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from hub.access import challenges
from hub.access.signin import SignIns
from hub.database import Database
from hub.profiles.links import Links
from hub.settings import Settings
from integrations.pages import shell, signin
from runtime.http import RequestLog

ADA = "ada@example.com"
NOON = datetime.now(UTC)  # tokens tell the time by the machine's own clock


def clock() -> datetime:
    return NOON


@pytest.fixture
async def web(settings: Settings, database: Database) -> AsyncIterator[AsyncClient]:
    """A browser that keeps its cookies."""
    del database
    app = RequestLog(Starlette(routes=signin.routes(settings, clock)))
    async with AsyncClient(transport=ASGITransport(app, client=("1.1.1.1", 443)), base_url="http://hub") as browser:
        yield browser


def hidden(page: Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def ask(web: AsyncClient, address: str = ADA) -> Response:
    form = await web.get("/m/s")
    return await web.post("/m/s", data={"key": hidden(form, "key"), "address": address})


async def link_of(asked: Response, settings: Settings) -> str:
    id_ = UUID(hidden(asked, "sign_in"))
    return SignIns(settings).link((await challenges.load([id_]))[id_]).removeprefix(settings.public_url)


def code_of(asked: Response, settings: Settings) -> str:
    return SignIns(settings).code(UUID(hidden(asked, "sign_in")))


async def press(web: AsyncClient, link: str) -> Response:
    """Open a link and press its button."""
    page = await web.get(link)
    return await web.post(link, data={"key": hidden(page, "key")})


def whose(answer: Response, settings: Settings) -> UUID | None:
    """Tell whose preferences a browser is led to."""
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    assert address.startswith("/m/p/")
    return Links(settings).prefers(address.removeprefix("/m/p/"), now=NOON)


async def test_a_code_that_is_typed_leads_to_ones_preferences(
    web: AsyncClient, settings: Settings, database: Database
) -> None:
    asked = await ask(web)
    assert "Look at your messages" in asked.text

    form = {"key": hidden(asked, "key"), "sign_in": hidden(asked, "sign_in"), "code": code_of(asked, settings)}
    answer = await web.post("/m/s/code", data=form)

    (profile,) = await database["profiles"].find().to_list()
    assert (whose(answer, settings), profile["traits"]) == (profile["_id"], {"email": ADA})


async def test_opening_the_link_shows_and_signs_nobody_in_and_the_button_does(
    web: AsyncClient, settings: Settings, database: Database
) -> None:
    link = await link_of(await ask(web), settings)

    for _ in range(3):
        page = await web.get(link)
        assert (page.status_code, "Sign in?" in page.text) == (200, True)
    assert await database["profiles"].count_documents({}) == 0

    answer = await web.post(link, data={"key": hidden(page, "key")})
    assert whose(answer, settings) == (await database["profiles"].find_one({}) or {})["_id"]


async def test_a_link_is_used_once_and_a_form_that_is_sent_twice_acts_once(
    web: AsyncClient, settings: Settings, database: Database
) -> None:
    link = await link_of(await ask(web), settings)
    form = {"key": hidden(await web.get(link), "key")}
    first, again = await web.post(link, data=form), await web.post(link, data=form)
    assert whose(first, settings) == whose(again, settings)

    replay = await web.post(link, data={"key": "another form"})

    assert (replay.status_code, "was used already" in replay.text) == (410, True)
    assert "location" not in replay.headers
    assert (await web.get(link)).status_code == 410
    assert await database["audit"].count_documents({"what": "sign in"}) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_in_a_browser_that_has_not_asked_the_link_does_nothing(
    web: AsyncClient, settings: Settings, database: Database, method: str
) -> None:
    link = await link_of(await ask(web), settings)
    web.cookies.clear()
    if method == "POST":
        await web.get("/m/s")  # a secret of its own

    answer = await web.request(method, link, data={"key": "k1"} if method == "POST" else None)

    assert (answer.status_code, "where you asked for it" in answer.text) == (403, True)
    assert "<button>" not in answer.text
    assert await database["profiles"].count_documents({}) == 0


@pytest.mark.parametrize("key", [{}, {"key": "k" * 256}], ids=["left out", "too long"])
async def test_a_form_without_a_key_of_its_own_does_nothing_and_is_shown_again_with_one(
    web: AsyncClient, settings: Settings, database: Database, key: dict[str, str]
) -> None:
    await web.get("/m/s")
    unasked = await web.post("/m/s", data={**key, "address": ADA})
    assert await database["sign_ins"].count_documents({}) == 0
    asked = await web.post("/m/s", data={"key": hidden(unasked, "key"), "address": ADA})
    code = {"sign_in": hidden(asked, "sign_in"), "code": code_of(asked, settings)}
    uncoded = await web.post("/m/s/code", data={**key, **code})
    link = await link_of(asked, settings)
    unpressed = await web.post(link, data=key)

    for answer in (unasked, uncoded, unpressed):
        assert answer.status_code == 422
        assert "The form was not sent whole. Please send it again." in answer.text
        assert "e-mail address, and no" not in answer.text
    assert await database["profiles"].count_documents({}) == 0
    again = {"key": hidden(uncoded, "key"), "sign_in": hidden(uncoded, "sign_in"), "code": code["code"]}
    assert (await web.post("/m/s/code", data=again)).status_code == 303


async def test_a_wrong_code_is_asked_for_again(web: AsyncClient, settings: Settings) -> None:
    asked = await ask(web)
    right = code_of(asked, settings)
    form = {"key": hidden(asked, "key"), "sign_in": hidden(asked, "sign_in"), "code": f"{(int(right) + 1) % 10**6:06}"}

    refused = await web.post("/m/s/code", data=form)

    assert (refused.status_code, "This is not the code. Try again." in refused.text) == (422, True)
    again = {"key": hidden(refused, "key"), "sign_in": hidden(refused, "sign_in"), "code": right}
    assert (await web.post("/m/s/code", data=again)).status_code == 303


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/m/s", {"key": "k1", "address": "nobody"}, 422),
        ("/m/s", {"address": ADA}, 422),
        ("/m/s/code", {"key": "k1", "sign_in": "x", "code": "123456"}, 410),
        ("/m/s/made-up", {"key": "k1"}, 410),
    ],
)
async def test_what_cannot_be_used_is_told_on_the_page(
    web: AsyncClient, path: str, form: dict[str, str], status: int
) -> None:
    await web.get("/m/s")

    answer = await web.post(path, data=form)

    assert answer.status_code == status
    assert 'role="alert"' in answer.text


async def test_who_asks_too_often_is_told_when_to_come_again(web: AsyncClient) -> None:
    for _ in range(5):
        assert (await ask(web)).status_code == 200

    refused = await ask(web)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")


@pytest.mark.parametrize(
    ("wished", "language", "title"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Anmelden"),
        ("en-GB", "en", "Sign in"),
        ("fr;q=0.9, de;q=0.3", "de", "Anmelden"),
        ("fr;q=oops,,", "en", "Sign in"),
        ("", "en", "Sign in"),
    ],
)
async def test_the_page_speaks_the_language_of_the_browser(
    web: AsyncClient, wished: str, language: str, title: str
) -> None:
    page = await web.get("/m/s", headers={"Accept-Language": wished})

    assert f'<html lang="{language}">' in page.text
    assert f"<title>{title}</title>" in page.text


async def test_no_page_runs_scripts_is_framed_kept_or_tells_its_address_and_the_cookie_is_the_servers_alone(
    web: AsyncClient,
) -> None:
    page = await web.get("/m/s")

    assert page.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "<script" not in page.text
    cookie = page.headers["set-cookie"]
    assert re.fullmatch(r"hub_device=[\w-]{43}; HttpOnly; Max-Age=7776000; Path=/m/s; SameSite=lax", cookie)


def test_every_language_says_the_same_things() -> None:
    english, german = (shell.texts("signin")[language] for language in ("en", "de"))

    assert _keys(english) == _keys(german)


def _keys(said: object) -> object:
    return {name: _keys(inner) for name, inner in said.items()} if isinstance(said, dict) else None
