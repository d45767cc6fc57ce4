"""Row 20 over the API: staff make codes of store and campaign, and who joins by one brings both along."""

from typing import Any

import pytest

from hub.access.grants import KeyKind
from hub.database import Database
from tests.hub_api.conftest import Hub
from tests.hub_api.signing_in import PHONE, ask, code_in, sent
from tests.hub_api.test_joining import enroll
from tests.membership.people import activated

STORE = """mutation { upsertStores(input: {idempotencyKey: "s", stores: [{
  storeId: "S-1", name: "One", timeZone: "Europe/Berlin", updatedAt: "2026-11-01T12:00:00Z",
  address: {street: "1 High Street", city: "Berlin", postalCode: "10115", country: "DE"}
}]}) { __typename } }"""
CREATE = """mutation ($input: CreatePosterInput!) { createPoster(input: $input) {
  __typename
  ... on CreatePosterPayload { poster { code url storeId campaign word enabled } }
  ... on UserError { code path }
} }"""
CHANGE = """mutation ($input: ChangePosterInput!) { changePoster(input: $input) {
  __typename ... on ChangePosterPayload { poster { enabled refused { code } } } ... on UserError { code }
} }"""
POSTER = "query ($code: String!) { poster(code: $code) { program storeId campaign refused { code message } } }"


async def create(hub: Hub, key: str, **given: Any) -> dict[str, Any]:
    await hub.data(STORE, key)
    wanted = {"idempotencyKey": "create", "program": "club", "storeId": "S-1", "campaign": "opening", **given}
    result: dict[str, Any] = (await hub.data(CREATE, key, input=wanted))["createPoster"]
    return result


async def switch_off(hub: Hub, key: str, code: str) -> dict[str, Any]:
    given = {"idempotencyKey": "off", "code": code, "enabled": False}
    result: dict[str, Any] = (await hub.data(CHANGE, key, input=given))["changePoster"]
    return result


@pytest.fixture(autouse=True)
async def programs(hub: Hub) -> None:
    del hub
    await activated("club", "bakers")


@pytest.fixture
async def app_key(hub: Hub) -> str:
    return await hub.key(KeyKind.CLIENT)


async def test_each_qr_carries_store_and_campaign_and_enrolment_stores_both(
    hub: Hub, admin: str, app_key: str, database: Database
) -> None:
    poster = (await create(hub, admin))["poster"]
    assert poster["url"] == f"http://127.0.0.1:8000/q/{poster['code']}"
    about = {"program": "club", "storeId": "S-1", "campaign": "opening"}
    assert (await hub.data(POSTER, app_key, code=poster["url"]))["poster"] == {**about, "refused": None}
    asked = await ask(hub, app_key)
    proof = {"signInId": asked["signInId"], "code": code_in((await sent(hub))[0]), "deviceSecret": PHONE}

    result = await enroll(hub, app_key, posterCode=poster["url"], **proof)

    assert result["enrolment"] == {"program": "club", "way": "QR", "storeId": "S-1", "consentVersion": "v3"}
    row = await database["enrolments"].find_one({})
    assert row
    assert (row["store_id"], row["campaign"]) == ("S-1", "opening")


async def test_an_expired_or_disabled_qr_is_refused_with_a_reason(hub: Hub, admin: str, database: Database) -> None:
    await hub.identify("ada", email="ada@example.com")
    over = (await create(hub, admin, expiresAt="2026-01-01T00:00:00Z"))["poster"]["code"]
    off = (await create(hub, admin, idempotencyKey="other"))["poster"]["code"]
    changed = await switch_off(hub, admin, off)
    assert changed["poster"] == {"enabled": False, "refused": {"code": "DISABLED"}}

    found = [await enroll(hub, hub.token("ada"), posterCode=it, idempotencyKey=it) for it in (over, off, "nothing")]

    assert [(it["__typename"], it["code"], it["message"]) for it in found] == [
        ("PosterRefused", "EXPIRED", "This code was valid until 2026-01-01 00:00 UTC."),
        ("PosterRefused", "DISABLED", "This code is not in use any more."),
        ("PosterRefused", "NO_SUCH_POSTER", "This code is not one of ours."),
    ]
    assert await database["enrolments"].count_documents({}) == 0


async def test_a_poster_of_another_program_or_for_something_else_enrolls_nobody(hub: Hub, admin: str) -> None:
    await hub.identify("ada", email="ada@example.com")
    other = (await create(hub, admin, program="bakers"))["poster"]["code"]
    redeems = (await create(hub, admin, idempotencyKey="other", purpose="REDEEM"))["poster"]["code"]

    found = [await enroll(hub, hub.token("ada"), posterCode=it, idempotencyKey=it) for it in (other, redeems)]

    assert [it["code"] for it in found] == ["OTHER_PURPOSE", "OTHER_PURPOSE"]


async def test_two_posters_in_use_do_not_have_one_word(hub: Hub, admin: str) -> None:
    await create(hub, admin, word="Coffee")

    refused = await create(hub, admin, idempotencyKey="other", word="COFFEE!")

    assert refused == {"__typename": "PosterRefused", "code": "WORD_TAKEN", "path": ["input", "word"]}
    assert len((await hub.data("{ posters { nodes { code } } }", admin))["posters"]["nodes"]) == 1


async def test_a_poster_that_hangs_nowhere_we_have_a_store_is_not_made(hub: Hub, admin: str) -> None:
    given = {"idempotencyKey": "x", "program": "club", "storeId": "S-9"}

    assert await hub.codes(CREATE, admin, input=given) == ["BAD_USER_INPUT"]
