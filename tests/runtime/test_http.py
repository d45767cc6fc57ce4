"""The application as a whole: readiness, what happens without MongoDB, and what a stranger is told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
import structlog
from pydantic import SecretStr

import hub.database
from hub.access import keys
from hub.access.grants import KeyKind
from hub.database import Client, Database
from hub.settings import Settings
from runtime import addresses
from runtime.wiring import DOCUMENTS
from tests.runtime.calling import Line, calling, line

EVENT = {"event": "X", "userId": "ada", "messageId": "m1"}


@pytest.fixture
async def cuttable(mongo_url: str) -> AsyncIterator[Line]:
    async with line(mongo_url) as laid:
        yield laid


@pytest.fixture
async def database(client: Client, database: Database) -> Database:
    """The empty database, which knows that it is migrated: the note of that is emptied with the rest."""
    del database
    return await hub.database.migrate(client, DOCUMENTS)


def impatient(settings: Settings, **changed: object) -> Settings:
    return settings.model_copy(update={"mongo_timeout_ms": 200, **changed})


async def test_a_hub_with_all_it_needs_is_ready(
    settings: Settings, client: Client, database: Database, temporal_address: str
) -> None:
    del database
    async with calling(settings.model_copy(update={"temporal_address": temporal_address}), client) as caller:
        answer = await caller.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "missing": [],
        "checks": {"mongodb": "ok", "migrations": "ok", "temporal": "ok"},
    }


async def test_readiness_names_a_temporal_that_is_away(settings: Settings, client: Client, database: Database) -> None:
    del database
    away = f"127.0.0.1:{addresses.free_port()}"
    async with calling(settings.model_copy(update={"temporal_address": away}), client) as caller:
        answer = await caller.get("/readyz")
        alive = await caller.get("/healthz")

    assert (answer.status_code, answer.json()["missing"]) == (503, ["temporal"])
    assert answer.json()["checks"]["temporal"] == "Temporal does not answer. Is TEMPORAL_ADDRESS right?"
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})


async def test_readiness_names_migrations_that_were_not_made(
    settings: Settings, database: Database, mongo_url: str, temporal_address: str
) -> None:
    elsewhere = mongo_url.replace(database.name, f"{database.name}_empty")
    changed = {"mongo_url": SecretStr(elsewhere), "temporal_address": temporal_address}
    fresh = settings.model_copy(update=changed)
    async with hub.database.connect(fresh) as client, calling(fresh, client) as caller:
        answer = await caller.get("/readyz")

    assert (answer.status_code, answer.json()["missing"]) == (503, ["migrations"])


async def test_without_mongodb_events_are_to_be_sent_again_and_readiness_says_why(
    settings: Settings, database: Database, cuttable: Line, temporal_address: str
) -> None:
    key = await keys.create(KeyKind.SERVER, "shop", env=settings.env, now=datetime.now(UTC))
    through = impatient(settings, mongo_url=SecretStr(cuttable.url), temporal_address=temporal_address)
    async with hub.database.connect(through) as client, calling(through, client) as caller:
        await hub.database.use(client, DOCUMENTS)
        sent = await caller.post("/v1/track", json=EVENT, auth=httpx2.BasicAuth(key, ""))
        assert (sent.status_code, sent.json()) == (200, {"success": True, "refused": []})
        ready = await caller.get("/readyz")
        assert ready.status_code == 200

        await cuttable.cut()

        refused = await caller.post("/v1/track", json={**EVENT, "messageId": "m2"}, auth=httpx2.BasicAuth(key, ""))
        unready = await caller.get("/readyz")
        alive = await caller.get("/healthz")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json() == {
        "success": False,
        "code": "UNAVAILABLE",
        "message": "The events could not be stored. Send them again.",
    }
    assert (unready.status_code, unready.json()["missing"]) == (503, ["migrations", "mongodb"])
    assert alive.status_code == 200
    assert [row["message_id"] async for row in database["events"].find()] == ["m1"]


async def test_without_mongodb_whoever_asks_is_told_to_ask_again(
    settings: Settings, database: Database, cuttable: Line
) -> None:
    del database
    known, unknown = [
        await keys.create(KeyKind.STAFF, "admin", env=settings.env, now=datetime.now(UTC)) for _ in range(2)
    ]
    through = impatient(settings, mongo_url=SecretStr(cuttable.url))
    async with hub.database.connect(through) as client, calling(through, client) as caller:
        await hub.database.use(client, DOCUMENTS)

        async def ask(key: str) -> httpx2.Response:
            document = {"query": "{ clashes { nodes { id } } }"}
            return await caller.post("/graphql", json=document, headers={"Authorization": f"Bearer {key}"})

        before = await ask(known)
        assert before.json()["data"] == {"clashes": {"nodes": []}}

        await cuttable.cut()

        with structlog.testing.capture_logs() as logged:
            asked = [await ask(known), await ask(unknown)]
            listed = await caller.get("/inbox", headers={"Accept": "application/json"})
            page = await caller.get("/inbox", headers={"Accept": "text/html", "Accept-Language": "de"})

    sentence = "The database does not answer. Ask again in a moment."
    for answer in asked:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json() == {
            "errors": [
                {
                    "message": sentence,
                    "extensions": {"code": "UNAVAILABLE", "requestId": answer.headers["x-request-id"]},
                }
            ]
        }
    assert (listed.status_code, listed.headers["retry-after"]) == (503, "2")
    assert listed.json() == {
        "code": "UNAVAILABLE",
        "message": sentence,
        "requestId": listed.headers["x-request-id"],
    }
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "Bitte versuchen Sie es" in page.text
    assert [it["request_id"] for it in logged if it["event"] == "database_away"] == [
        it.headers["x-request-id"] for it in (*asked, listed, page)
    ]


async def test_every_answer_has_an_id_of_its_own(settings: Settings, client: Client, database: Database) -> None:
    del database
    async with calling(settings, client) as caller:
        answers = [await caller.get("/healthz") for _ in range(2)]

    first, second = (answer.headers["x-request-id"] for answer in answers)
    assert len(first) == 32
    assert first != second
