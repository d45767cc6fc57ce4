"""The routes of the Segment tracking spec, called as SDKs call them."""

import base64
import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from hub.access import keys
from hub.access.grants import KeyKind
from hub.database import Client, Database
from hub.settings import Settings
from tests.intake.inflow import people, route_all
from tests.runtime.calling import calling

ACCEPTED = {"success": True, "refused": []}
CALLS: dict[str, dict[str, Any]] = {
    "track": {"userId": "ada", "event": "Product Viewed", "properties": {"sku": "7"}},
    "identify": {"userId": "ada", "traits": {"name": "Ada"}},
    "page": {"userId": "ada", "name": "Home", "category": "Shop", "properties": {"url": "https://shop.test/"}},
    "screen": {"anonymousId": "a1", "name": ""},
    "group": {"userId": "ada", "groupId": 7, "traits": {"industry": "retail"}},
    "alias": {"userId": "ada", "previousId": "a1"},
}
STORED: dict[str, dict[str, Any]] = {
    "track": {"name": "Product Viewed", "user_id": "ada", "properties": {"sku": "7"}},
    "identify": {"name": "Identify", "user_id": "ada", "traits": {"name": "Ada"}},
    "page": {"name": "Page Viewed", "page": "Home", "category": "Shop", "properties": {"url": "https://shop.test/"}},
    "screen": {"name": "Screen Viewed", "page": "", "anonymous_id": "a1"},
    "group": {"name": "Group", "group_id": "7", "traits": {"industry": "retail"}},
    "alias": {"name": "Alias", "user_id": "ada", "previous_id": "a1"},
}


@pytest.fixture
async def caller(settings: Settings, client: Client, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    del database
    async with calling(settings, client) as caller:
        yield caller


@pytest.fixture
async def key(settings: Settings, database: Database) -> str:
    del database
    return await keys.create(KeyKind.SERVER, "shop", env=settings.env, now=datetime.now(UTC))


def basic(key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}


async def test_every_call_of_the_spec_is_stored_when_sent_alone(
    caller: httpx2.AsyncClient, key: str, database: Database
) -> None:
    for kind, call in CALLS.items():
        answer = await caller.post(f"/v1/{kind}", json={**call, "messageId": kind}, headers=basic(key))
        assert (answer.status_code, answer.json()) == (200, ACCEPTED)

    await stored_all(database)


async def test_every_call_of_the_spec_is_stored_when_sent_in_a_batch(
    caller: httpx2.AsyncClient, key: str, database: Database
) -> None:
    batch = [{**call, "type": kind, "messageId": kind} for kind, call in CALLS.items()]

    answer = await caller.post("/v1/batch", json={"batch": batch, "context": {}}, headers=basic(key))

    assert (answer.status_code, answer.json()) == (200, ACCEPTED)
    await stored_all(database)


async def stored_all(database: Database) -> None:
    rows = {row["kind"]: row async for row in database["events"].find()}
    assert rows.keys() == CALLS.keys()
    for kind, wanted in STORED.items():
        assert {name: rows[kind].get(name) for name in wanted} == wanted
        assert (rows[kind]["message_id"], rows[kind]["source"], rows[kind]["trust"]) == (kind, "shop", "server")


async def test_track_and_identify_reach_the_profile(caller: httpx2.AsyncClient, key: str, database: Database) -> None:
    for kind in ("identify", "track"):
        await caller.post(f"/v1/{kind}", json=CALLS[kind], headers=basic(key))
    await route_all()

    (ada,) = (await people(database)).values()
    assert (ada["traits"], ada["events"]) == ({"name": "Ada"}, 2)


async def test_the_path_says_what_a_single_call_is(caller: httpx2.AsyncClient, key: str, database: Database) -> None:
    await caller.post("/v1/page", json={"type": "track", "event": "X", "userId": "ada"}, headers=basic(key))

    assert await database["events"].distinct("kind") == ["page"]


async def test_a_gzipped_batch_is_read(caller: httpx2.AsyncClient, key: str, database: Database) -> None:
    body = gzip.compress(json.dumps({"batch": [{"type": "track", "event": "X", "userId": "ada"}]}).encode())

    answer = await caller.post("/v1/batch", content=body, headers={**basic(key), "Content-Encoding": "gzip"})

    assert answer.json() == ACCEPTED
    assert await database["events"].count_documents({}) == 1


async def test_a_key_is_taken_from_basic_bearer_or_the_body(
    caller: httpx2.AsyncClient, key: str, database: Database
) -> None:
    call = {"event": "X", "userId": "ada"}
    answers = [
        await caller.post("/v1/track", json=call, headers=basic(key)),
        await caller.post("/v1/track", json=call, headers={"Authorization": f"Bearer {key}"}),
        await caller.post("/v1/track", json={**call, "writeKey": key}),
        await caller.post("/v1/batch", json={"batch": [{**call, "type": "track"}], "writeKey": key}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert await database["events"].count_documents({}) == 4


async def test_a_client_key_makes_events_of_a_client(
    caller: httpx2.AsyncClient, settings: Settings, database: Database
) -> None:
    key = await keys.create(KeyKind.CLIENT, "web", env=settings.env, now=datetime.now(UTC))

    await caller.post("/v1/track", json={"event": "X", "userId": "ada"}, headers=basic(key))

    row = await database["events"].find_one({})
    assert row is not None
    assert (row["source"], row["trust"]) == ("web", "client")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("hub_dev_000000000000_wrong"),
        basic(""),
        basic("hub_dev"),
        {"Authorization": "Basic ?"},
        {"Authorization": "Basic /w=="},
        {"Authorization": b"Basic \xe9"},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": "Digest x"},
    ],
    ids=["none", "unknown", "empty", "half", "no base64", "no text", "no ascii", "no token", "another scheme"],
)
async def test_a_wrong_key_is_refused_and_nothing_is_stored(
    headers: dict[str, str | bytes], caller: httpx2.AsyncClient, database: Database
) -> None:
    answer = await caller.post("/v1/track", json={"event": "X", "userId": "ada"}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert await database["events"].count_documents({}) == 0
    assert await database["dead_letters"].count_documents({}) == 0


async def test_a_key_of_the_right_id_and_another_secret_is_refused(caller: httpx2.AsyncClient, key: str) -> None:
    other = f"{key[:-1]}{'A' if key[-1] != 'A' else 'B'}"

    answer = await caller.post("/v1/track", json={"event": "X", "userId": "ada"}, headers=basic(other))

    assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b"7", b'{"batch": 1}', b"{}", b'{"batch": [{"type"', b"\xff"])
async def test_a_body_that_is_no_batch_is_a_bad_request(body: bytes, caller: httpx2.AsyncClient, key: str) -> None:
    answer = await caller.post("/v1/batch", content=body, headers=basic(key))

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b"7", b'"x"', b'{"event": "X"'])
async def test_a_body_that_is_no_call_is_a_bad_request(body: bytes, caller: httpx2.AsyncClient, key: str) -> None:
    answer = await caller.post("/v1/track", content=body, headers=basic(key))

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_500_kilobytes_is_read_and_a_greater_one_is_a_bad_request(
    packed: bool,  # noqa: FBT001  a parameter of the test
    chunked: bool,  # noqa: FBT001  as above
    caller: httpx2.AsyncClient,
    key: str,
) -> None:
    async def send(size: int) -> httpx2.Response:
        body = b'{"batch":[]' + b" " * (size - 12) + b"}"
        headers = {**basic(key), "Content-Encoding": "gzip"} if packed else basic(key)
        content = gzip.compress(body) if packed else body

        async def chunks() -> AsyncIterator[bytes]:
            for begin in range(0, len(content), 10_000):
                yield content[begin : begin + 10_000]

        return await caller.post("/v1/batch", content=chunks() if chunked else content, headers=headers)

    read, refused = await send(500 * 1024), await send(500 * 1024 + 1)

    assert (read.status_code, read.json()) == (200, ACCEPTED)
    assert (refused.status_code, refused.json()["message"]) == (400, "The body has more than 512000 bytes.")


async def test_half_a_kilobyte_that_unpacks_to_too_many_calls_is_a_bad_request_of_which_nothing_is_kept(
    caller: httpx2.AsyncClient, key: str, database: Database
) -> None:
    body = gzip.compress(b'{"batch":[' + b"1," * 250_000 + b"1]}")
    assert len(body) < 1_024

    answer = await caller.post(
        "/v1/batch", content=body, headers={**basic(key), "Content-Encoding": "gzip", "Idempotency-Key": "k"}
    )

    assert (answer.status_code, answer.json()) == (
        400,
        {"success": False, "code": "TOO_MANY_CALLS", "message": "The batch has 250001 calls; 10000 are allowed."},
    )
    for collection in ("events", "dead_letters", "idempotency"):
        assert await database[collection].count_documents({}) == 0


async def test_a_bad_call_is_reported_by_its_place_and_kept(
    caller: httpx2.AsyncClient, key: str, database: Database
) -> None:
    good = {"type": "track", "event": "X", "userId": "ada"}
    batch = [good, {**good, "userId": ""}, good, {**good, "properties": {"x": "x" * 32_767}}]

    answer = await caller.post("/v1/batch", json={"batch": batch}, headers=basic(key))

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "refused": [
            {"index": 1, "code": "invalid", "message": "Expected `str` of length >= 1 - at `$.userId`."},
            {"index": 3, "code": "too_large", "message": "The call has 32832 bytes; 32768 are allowed."},
        ],
    }
    assert await database["events"].count_documents({}) == 2
    assert await database["dead_letters"].count_documents({}) == 2


async def test_the_senders_clock_is_that_of_the_batch(caller: httpx2.AsyncClient, key: str, database: Database) -> None:
    call = {"type": "track", "event": "X", "userId": "ada", "timestamp": "2031-01-01T00:00:00Z"}

    await caller.post("/v1/batch", json={"batch": [call], "sentAt": "2031-01-01T01:00:00Z"}, headers=basic(key))
    await caller.post("/v1/batch", json={"batch": [{**call, "event": "Y"}], "sentAt": 7}, headers=basic(key))

    lags = {row["name"]: (row["accepted_at"] - row["at"]).total_seconds() async for row in database["events"].find()}
    assert lags == {"X": 3_600, "Y": 0}


async def test_another_call_is_not_found(caller: httpx2.AsyncClient, key: str) -> None:
    assert (await caller.post("/v1/purchase", json={}, headers=basic(key))).status_code == 404
    assert (await caller.get("/v1/track")).status_code == 405


async def test_a_page_of_another_origin_may_send(caller: httpx2.AsyncClient, key: str) -> None:
    origin = {"Origin": "https://shop.test"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}

    preflight = await caller.options("/v1/batch", headers={**origin, **asked})
    answer = await caller.post("/v1/track", json={**CALLS["track"]}, headers={**origin, **basic(key)})

    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, "*")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-allow-credentials" not in answer.headers
