"""`track` and `publishJourney`: keyed, repeatable, their failures as data."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hub.access import keys
from hub.access.grants import KeyKind
from hub.database import Database
from hub.settings import Environment
from hub.wording.library import Library
from hub.wording.templates import template_of
from tests.hub_api.conftest import JOURNEY, NOON, Hub

TRACK = """
mutation ($input: TrackInput!) { track(input: $input) {
  __typename
  ... on TrackPayload { event { id name source properties at acceptedAt } }
  ... on UserError { code message path }
  ... on InvalidEvent { reason }
} }
"""
PUBLISH = """
mutation ($input: PublishJourneyInput!) { publishJourney(input: $input) {
  __typename
  ... on PublishJourneyPayload { version isNew journey { name version source } }
  ... on UserError { code message path }
  ... on InvalidDefinition { problems { line column code message } }
} }
"""
REUSED = {
    "__typename": "IdempotencyKeyReused",
    "code": "IDEMPOTENCY_KEY_REUSED",
    "message": "This idempotency key was used with another input. Use a new key for a new request.",
    "path": ["input", "idempotencyKey"],
}


async def track(hub: Hub, key: str, **given: Any) -> dict[str, Any]:
    given = {"idempotencyKey": "k1", "event": "Order Completed", "userId": "ada", **given}
    result: dict[str, Any] = (await hub.data(TRACK, key, input=given))["track"]
    return result


async def publish(hub: Hub, key: str, source: str, idempotency_key: str) -> dict[str, Any]:
    given = {"idempotencyKey": idempotency_key, "source": source}
    result: dict[str, Any] = (await hub.data(PUBLISH, key, input=given))["publishJourney"]
    return result


async def test_a_tracked_event_is_stored_and_reaches_the_profile(hub: Hub, admin: str) -> None:
    shop = await hub.key(KeyKind.SERVER)
    at = (NOON - timedelta(days=1)).isoformat()

    result = await track(hub, shop, properties={"value": 12.5, "gift": True}, timestamp=at)

    assert result["__typename"] == "TrackPayload"
    event = result["event"]
    assert (event["name"], event["source"], event["at"]) == ("Order Completed", "shop", at)
    assert event["properties"] == {"value": 12.5, "gift": True}
    await hub.say()
    timeline = "{ profiles { nodes { timeline { nodes { id } } } } }"
    assert (await hub.data(timeline, admin))["profiles"]["nodes"] == [{"timeline": {"nodes": [{"id": event["id"]}]}}]


@pytest.mark.parametrize("timestamp", [None, "2026-11-21T12:00:00.123999+01:00", "2026-11-21T12:00:00", "2999-01-01"])
async def test_the_same_input_under_the_same_key_answers_the_first_event(
    hub: Hub, database: Database, timestamp: str | None
) -> None:
    shop = await hub.key(KeyKind.SERVER)
    given = {"properties": {"a": 1, "b": [1.5, None]}, "timestamp": timestamp}

    first = await track(hub, shop, **given)
    again = await track(hub, shop, **given)

    assert first["__typename"] == "TrackPayload"
    assert again == first
    assert await database["events"].count_documents({}) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"event": "Order Refunded"},
        {"userId": "bob"},
        {"anonymousId": "device"},
        {"properties": {"n": 2}},
        {"properties": {"n": True}},
        {"properties": None},
        {"timestamp": "2026-11-20T12:00:00Z"},
    ],
)
async def test_another_input_under_the_same_key_is_refused_and_changes_nothing(
    hub: Hub, database: Database, changed: dict[str, Any]
) -> None:
    shop = await hub.key(KeyKind.SERVER)
    given = {"properties": {"n": 1}, "timestamp": "2026-11-21T12:00:00Z"}
    await track(hub, shop, **given)
    before = await database["events"].find().to_list()

    assert await track(hub, shop, **{**given, **changed}) == REUSED

    assert await database["events"].find().to_list() == before


async def test_of_two_inputs_at_once_under_one_key_one_is_stored_and_the_other_told(
    hub: Hub, database: Database
) -> None:
    shop = await hub.key(KeyKind.SERVER)

    results = await asyncio.gather(*(track(hub, shop, properties={"n": n}) for n in range(8)))

    assert sorted(it["__typename"] for it in results) == ["IdempotencyKeyReused"] * 7 + ["TrackPayload"]
    (stored,) = await database["events"].find().to_list()
    (told,) = [it["event"]["properties"] for it in results if "event" in it]
    assert told == stored["properties"]


async def test_a_key_of_another_source_is_another_key(hub: Hub, database: Database) -> None:
    till = await keys.create(KeyKind.SERVER, "till", env=Environment.DEV, now=NOON)

    await track(hub, await hub.key(KeyKind.SERVER), properties={"n": 1})
    assert (await track(hub, till, properties={"n": 2}))["event"]["source"] == "till"

    assert await database["events"].count_documents({}) == 2


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"userId": None}, "missing_identity"),
        ({"properties": [1]}, "invalid"),
        ({"properties": {"x": "y" * 40_000}}, "too_large"),
        ({"event": ""}, "invalid"),
        ({"idempotencyKey": ""}, "invalid"),
        ({"idempotencyKey": "k" * 256}, "invalid"),
    ],
)
async def test_an_event_that_cannot_be_used_is_a_failure_as_data(
    hub: Hub, database: Database, given: dict[str, Any], reason: str
) -> None:
    result = await track(hub, await hub.key(KeyKind.SERVER), **given)

    assert (result["__typename"], result["code"], result["reason"]) == ("InvalidEvent", "INVALID_EVENT", reason)
    assert result["path"] == ["input"]
    assert await database["events"].count_documents({}) == 0


async def test_a_number_beyond_what_can_be_stored_is_refused(hub: Hub) -> None:
    shop = await hub.key(KeyKind.SERVER)
    for number in (2**63, 2**70):
        query = f"""mutation {{ track(input: {{idempotencyKey: "k", event: "E", userId: "ada",
                    properties: {{n: {number}}}}}) {{ ... on InvalidEvent {{ reason }} }} }}"""
        assert await hub.data(query, shop) == {"track": {"reason": "not_storable"}}


async def test_a_journey_is_published_once_under_its_key(hub: Hub, admin: str) -> None:
    await hub.publish()

    first = await publish(hub, admin, JOURNEY.replace("1h", "2h"), "k1")
    again = await publish(hub, admin, JOURNEY.replace("1h", "2h"), "k1")

    assert first == {
        "__typename": "PublishJourneyPayload",
        "version": 2,
        "isNew": True,
        "journey": {"name": "cart", "version": 2, "source": JOURNEY.replace("1h", "2h")},
    }
    assert again == first
    assert (await publish(hub, admin, JOURNEY.replace("1h", "2h"), "k2"))["isNew"] is False
    assert await publish(hub, admin, JOURNEY.replace("1h", "3h"), "k1") == REUSED
    journeys = await hub.data('{ journeys { name version } journey(name: "cart") { version } }', admin)
    assert journeys == {"journeys": [{"name": "cart", "version": 2}], "journey": {"version": 2}}
    assert await hub.data('{ journey(name: "other") { version } }', admin) == {"journey": None}


async def test_a_journey_with_problems_is_not_published_and_each_has_its_place(hub: Hub, admin: str) -> None:
    await hub.publish()
    broken = JOURNEY.replace("template: reminder", "template: remainder").replace("wait: 1h", "wait: soon")

    result = await publish(hub, admin, broken, "k1")

    problems = result.pop("problems")
    assert result == {
        "__typename": "InvalidDefinition",
        "code": "INVALID_DEFINITION",
        "message": "The document has 2 problems.",
        "path": ["input", "source"],
    }
    assert [(it["line"], it["column"], it["code"]) for it in problems] == [
        (4, 22, "unknown_template"),
        (5, 11, "bad_duration"),
    ]
    assert problems[0]["message"] == "There is no template `remainder`. Did you mean `reminder`?"
    assert await hub.data("{ journeys { version } }", admin) == {"journeys": [{"version": 1}]}


async def test_a_journey_whose_mails_advertise_without_a_way_out_is_refused_by_its_place(hub: Hub) -> None:
    await Library().save(template_of("bare", {"en/subject": "S", "en/text": "Hello", "en/sms": "Hello"}))
    shop = await hub.key(KeyKind.STAFF)
    source = """\
journey: bare
enter: {event: Checkout Started}
steps:
  - send: {template: bare, channels: [sms]}
  - send: {template: bare, topic: service}
  - send: {template: bare, channels: [sms, email]}
"""

    refused = await publish(hub, shop, source, "k")

    assert [(it["line"], it["column"], it["code"]) for it in refused["problems"]] == [(6, 22, "no_way_out")]
    assert (await publish(hub, shop, source.replace("[sms, email]", "[sms]"), "l"))["version"] == 1
