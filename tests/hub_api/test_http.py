"""GraphQL over HTTP: media types, status codes, limits, and errors that tell nothing of anybody."""

from collections.abc import AsyncIterator

import orjson
import pytest
import structlog
from httpx2 import AsyncClient
from pydantic import SecretStr

from hub.database import Client
from hub.settings import Environment, Settings
from hub_api import limits
from hub_api.profiles import Profile
from runtime import http
from tests.hub_api.conftest import Hub, browser, codes_of

MODERN = "application/graphql-response+json"
INTROSPECTION = "{ __schema { queryType { name } } }"


@pytest.mark.parametrize(
    ("query", "code", "status"),
    [
        ("{ journeys { name } }", None, 200),
        ("{ me { id } }", "FORBIDDEN", 200),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED", 400),
        ("{ journeys ", "GRAPHQL_PARSE_FAILED", 400),
        ("query ($n: Int!) { profiles(first: $n) { nodes { id } } }", "BAD_USER_INPUT", 400),
        ("subscription { x }", "GRAPHQL_VALIDATION_FAILED", 400),
        ("query A { journeys { name } } query B { journeys { name } }", "BAD_USER_INPUT", 400),
        ("fragment F on Query { journeys { name } }", "BAD_USER_INPUT", 400),
    ],
)
async def test_a_modern_client_gets_the_status_of_the_specification(
    hub: Hub, admin: str, query: str, code: str | None, status: int
) -> None:
    modern = await hub.post(query, admin, accept=f"{MODERN}, application/json;q=0.9")

    assert (modern.status_code, modern.headers["content-type"]) == (status, MODERN)
    answer = modern.json()
    assert ([code] if code else []) == (codes_of(answer) if "errors" in answer else [])
    assert ("data" in answer) == (status == 200)
    assert all(error["extensions"]["requestId"] == modern.headers["x-request-id"] for error in answer.get("errors", []))


async def test_an_older_client_gets_200_for_whatever_was_well_formed(hub: Hub, admin: str) -> None:
    for query in ("{ journeys { name } }", "{ nonsense }", "{"):
        response = await hub.post(query, admin, accept="*/*")
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query": 1}', "application/json", 400),
        (b'{"query": ""}', "application/json", 400),
        (b'[{"query": "{ me { id } }"}]', "application/json", 400),
        (b'{"query": "{ me { id } }", "variables": []}', "application/json", 400),
        (b'{"query": "{ me { id } }", "operationName": 1}', "application/json", 400),
        (b'{"query": "{ me { id } }"}', "text/plain", 415),
        (b'{"query": "{ me { id } }"}', "multipart/form-data", 415),
        (orjson.dumps({"query": "#" * (limits.MOST_CHARACTERS + 1)}), "application/json", 400),
        (b'{"query":"x","variables":' + b"[" * 5_000, "application/json", 400),
    ],
)
async def test_what_is_no_request_is_refused(hub: Hub, body: bytes, content_type: str, status: int) -> None:
    response = await hub.http.post("/graphql", content=body, headers={"Content-Type": content_type})

    assert response.status_code == status
    assert codes_of(response.json()) == ["BAD_USER_INPUT"]


async def test_a_get_asks_nothing_and_shows_a_person_how_to_ask(hub: Hub) -> None:
    page = await hub.http.get("/graphql", headers={"Accept": "text/html"})
    asked = await hub.http.get("/graphql", params={"query": INTROSPECTION})

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "curl -s http://hub/graphql " in page.text
    assert "src=" not in page.text
    assert "href=" not in page.text
    assert (asked.status_code, asked.headers["allow"]) == (405, "POST")
    assert codes_of(asked.json()) == ["BAD_USER_INPUT"]


@pytest.fixture
async def production(settings: Settings, client: Client) -> AsyncIterator[AsyncClient]:
    live = settings.model_copy(update={"env": Environment.PRODUCTION, "secret_key": SecretStr("x" * 32)})
    async with browser(await http.application(live, client)) as web:
        yield web


async def test_introspection_is_for_development_only(hub: Hub, admin: str, production: AsyncClient) -> None:
    live = Hub(hub.settings, production)

    assert (await hub.data(INTROSPECTION, admin)) == {"__schema": {"queryType": {"name": "Query"}}}
    assert set(await live.codes(INTROSPECTION, admin)) == {"GRAPHQL_VALIDATION_FAILED"}
    assert await live.data("{ journeys { name } }", admin) == {"journeys": []}
    assert (await production.get("/graphql", headers={"Accept": "text/html"})).status_code == 405
    assert "mean" not in (await live.answer("{ journeyz { name } }", admin))["errors"][0]["message"]
    assert "mean" in (await hub.answer("{ journeyz { name } }", admin))["errors"][0]["message"]


def doubling(fragments: int) -> str:
    """Each fragment spreads the next one twice: a few lines that unfold into millions of fields."""
    lines = [f"fragment F{n} on Profile {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments)]
    return "\n".join(["{ me { ...F0 } }", *lines, f"fragment F{fragments} on Profile {{ id }}"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ profiles(first: 100) { nodes { timeline(first: 100) { nodes { name } } } } }", "QUERY_TOO_COMPLEX"),
        ("{ profiles(last: 100) { nodes { timeline(last: 100) { nodes { name } } } } }", "QUERY_TOO_COMPLEX"),
        (
            """query ($n: Int = 100) { profiles(first: $n) { nodes { ...P } } }
               fragment P on Profile { ... { timeline(first: $n) { nodes { name } } } }""",
            "QUERY_TOO_COMPLEX",
        ),
        ("{ " + " ".join(f"a{n}: me {{ id }}" for n in range(31)) + " }", "QUERY_TOO_COMPLEX"),
        (doubling(40), "QUERY_TOO_COMPLEX"),
        ("{ " + " ".join("me { id }" for _ in range(400)) + " }", "GRAPHQL_PARSE_FAILED"),
        ("{ a" * 295, "GRAPHQL_PARSE_FAILED"),
        ("query ($n: Int = " + "9" * 5_000 + ") { profiles(first: $n) { nodes { id } } }", "GRAPHQL_PARSE_FAILED"),
        ("query ($x: " + "[" * 400, "GRAPHQL_PARSE_FAILED"),
        ("{ " + " ".join("id" for _ in range(590)) + " }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
@pytest.mark.timeout(10)
async def test_a_document_that_asks_for_too_much_is_refused_before_anything_is_loaded(
    hub: Hub, admin: str, query: str, code: str
) -> None:
    response = await hub.post(query, admin, accept=MODERN)

    assert response.status_code == 400
    assert set(codes_of(response.json())) == {code}
    assert "data" not in response.json()


async def test_what_a_document_costs_is_said_and_follows_its_pages(hub: Hub, admin: str) -> None:
    query = "query ($n: Int) { profiles(first: $n) { nodes { id runs(first: 2) { nodes { key } } } } }"

    for first, cost in ((1, 1 + 1 + 2 + 2 * 2), (10, 1 + 10 * (1 + 2 + 2 * 2)), (None, 1 + 20 * (1 + 2 + 2 * 2))):
        answer = await hub.answer(query, admin, n=first)
        assert answer["extensions"] == {"cost": {"requested": cost, "limit": limits.MOST_COST}}


PRIVATE = ("ada@example.com", "Lovelace", "491701234567")


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($n: Int) { profiles(first: $n) { nodes { id } } }", {"n": PRIVATE[0]}),
        ("query ($f: ProfileFilter) { profiles(filter: $f) { nodes { id } } }", {"f": {"email": list(PRIVATE)}}),
        ("query ($f: ProfileFilter) { profiles(filter: $f) { nodes { id } } }", {"f": {PRIVATE[0]: PRIVATE[1]}}),
        ("query ($f: ProfileFilter) { profiles(filter: $f) { nodes { id } } }", {"f": PRIVATE[1]}),
        ("mutation ($i: TrackInput!) { track(input: $i) { __typename } }", {"i": {"event": PRIVATE[1]}}),
        (
            "mutation ($i: TrackInput!) { track(input: $i) { __typename } }",
            {"i": {"idempotencyKey": "k", "event": "E", "userId": PRIVATE[0], "timestamp": " at 'Lovelace'; x"}},
        ),
        (f'{{ profiles(first: "{PRIVATE[0]}") {{ nodes {{ id }} }} }}', {}),
        (f"{{ profiles(filter: {{email: {PRIVATE[2]}}}) {{ nodes {{ id }} }} }}", {}),
        (f'{{ profiles(filter: {{email: ["{PRIVATE[1]}"]}}) {{ nodes {{ id }} }} }}', {}),
        (f'{{ profiles(filter: "{PRIVATE[1]}") {{ nodes {{ id }} }} }}', {}),
        (f'query ($n: Int = "{PRIVATE[1]}") {{ profiles(first: $n) {{ nodes {{ id }} }} }}', {}),
        (
            f'mutation {{ track(input: {{idempotencyKey: "k", event: "E", timestamp: "{PRIVATE[0]}"}}) {{ code }} }}',
            {},
        ),
        (f'{{ profiles "{PRIVATE[0]}"', {}),
        (f"{{ profiles(filter: {{email: {PRIVATE[0]}}}", {}),
        (f'{{ profiles(filter: {{email: "{PRIVATE[0]}\n"}}', {}),
        (f'{{ profile(id: "{PRIVATE[0]}") {{ id }} }}', {}),
        (f'{{ profiles(after: "{PRIVATE[0]}") {{ nodes {{ id }} }} }}', {}),
        ("query A { me { id } }", {"operationName": PRIVATE[1]}),
    ],
)
async def test_an_error_quotes_nobody(
    hub: Hub, admin: str, capfd: pytest.CaptureFixture[str], query: str, variables: dict[str, object]
) -> None:
    operation = {"operationName": variables.pop("operationName")} if "operationName" in variables else {}
    response = await hub.post(query, admin, variables=variables, **operation)

    said = capfd.readouterr()
    assert response.json()["errors"]
    for private in PRIVATE:
        assert private not in response.text
        assert private not in said.out + said.err


async def test_a_wrong_variable_is_named_with_its_place(hub: Hub, admin: str) -> None:
    query = "mutation ($i: TrackInput!) { track(input: $i) { __typename } }"

    async def message(value: object) -> str:
        answer = await hub.answer(query, admin, i=value)
        return str(answer["errors"][0]["message"])

    assert await message({"idempotencyKey": "k"}) == (
        "Variable $i: Expected value of type 'TrackInput' to include required field 'event'."
    )
    assert await message({"idempotencyKey": "k", "event": 1}) == (
        "Variable $i.event: String cannot represent a non string value."
    )


async def test_what_was_not_foreseen_is_masked_and_logged_under_the_requests_id(
    hub: Hub, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.identify("ada", email="ada@example.com")

    def broken(_profile: object) -> Profile:
        raise ValueError("ada@example.com has no name")

    monkeypatch.setattr(Profile, "of", broken)
    with structlog.testing.capture_logs() as logged:
        response = await hub.post("{ profiles { nodes { id } } }", admin)

    (error,) = response.json()["errors"]
    request_id = response.headers["x-request-id"]
    assert error["message"] == "Something went wrong on our side. Name the request's id when you ask about it."
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    assert error["path"] == ["profiles"]
    assert [(it["event"], it["request_id"]) for it in logged if it["log_level"] == "error"] == [
        ("graphql_failed", request_id)
    ]
