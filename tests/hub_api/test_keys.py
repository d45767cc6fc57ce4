"""Keys over the API: made, shown once, rotated, ended, listed; nobody hands out more than they have."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.database import Database
from hub.settings import Environment
from tests.hub_api.conftest import NOON, Hub

CREATE = """mutation ($input: CreateKeyInput!) { createKey(input: $input) {
  ... on CreateKeyPayload { secret key { id kind source person roles scopes brands stores last4 createdAt expiresAt } }
  ... on UserError { code }
} }"""
ROTATE = """mutation ($input: RotateKeyInput!) { rotateKey(input: $input) {
  ... on RotateKeyPayload { secret key { id last4 olderLast4 olderEndsAt } }
  ... on UserError { code }
} }"""
REVOKE = """mutation ($input: RevokeKeyInput!) { revokeKey(input: $input) {
  ... on RevokeKeyPayload { key { id olderLast4 revokedAt } }
  ... on UserError { code }
} }"""
PARTNER = {
    "idempotencyKey": "k1",
    "kind": "PARTNER",
    "source": "adnet",
    "scopes": ["COMMERCE_READ", "EVENTS_WRITE"],
    "brands": ["alpha"],
    "expiresAt": "2099-01-01T00:00:00Z",
}


async def create(hub: Hub, by: str, **changes: Any) -> dict[str, Any]:
    data = await hub.data(CREATE, by, input={**PARTNER, **changes})
    result: dict[str, Any] = data["createKey"]
    return result


async def rotate(hub: Hub, by: str, key_id: str, key: str = "r1", **rest: Any) -> dict[str, Any]:
    data = await hub.data(ROTATE, by, input={"idempotencyKey": key, "id": key_id, **rest})
    result: dict[str, Any] = data["rotateKey"]
    return result


async def works(hub: Hub, key: str) -> bool:
    """Ask with a key that nobody has presented yet: one that is remembered is believed for a second."""
    return (await hub.post("{ products { nodes { sku: productId } } }", key)).status_code == 200


async def entries(database: Database) -> list[tuple[str, str]]:
    return [(row["what"], row["subject"]) async for row in database["audit"].find().sort("_id")]


async def test_a_key_is_made_with_its_limits_and_shown_once(hub: Hub, admin: str, database: Database) -> None:
    made = await create(hub, admin)
    again = await create(hub, admin)

    key = made["key"]
    assert made["secret"].split("_")[2] == key["id"]
    assert key == {
        "id": key["id"],
        "kind": "PARTNER",
        "source": "adnet",
        "person": None,
        "roles": [],
        "scopes": ["COMMERCE_READ", "EVENTS_WRITE"],
        "brands": ["alpha"],
        "stores": [],
        "last4": made["secret"][-4:],
        "createdAt": key["createdAt"],
        "expiresAt": "2099-01-01T00:00:00+00:00",
    }
    assert again == {"secret": None, "key": key}
    assert await works(hub, made["secret"])
    assert await entries(database) == [("create key", key["id"])]
    assert made["secret"].split("_", 3)[3] not in str([row async for row in database["idempotency"].find()])


async def test_the_same_idempotency_key_for_another_key_is_refused(hub: Hub, admin: str, database: Database) -> None:
    await create(hub, admin)

    assert await create(hub, admin, brands=["beta"]) == {"code": "IDEMPOTENCY_KEY_REUSED"}
    assert await database["keys"].count_documents({"kind": "partner"}) == 1


async def test_a_key_is_rotated_without_an_outage(hub: Hub, admin: str, database: Database) -> None:
    old = await create(hub, admin)
    key_id = old["key"]["id"]

    new = await rotate(hub, admin, key_id)

    assert new["key"] == {
        "id": key_id,
        "last4": new["secret"][-4:],
        "olderLast4": old["key"]["last4"],
        "olderEndsAt": None,
    }
    assert await rotate(hub, admin, key_id) == {**new, "secret": None}
    assert await hub.codes(ROTATE, admin, input={"idempotencyKey": "r2", "id": key_id}) == ["CONFLICT"]
    assert [await works(hub, it["secret"]) for it in (old, new)] == [True, True]

    ended = {"idempotencyKey": "e1", "id": key_id, "olderOnly": True}
    shown = await hub.data(REVOKE, admin, input=ended)
    assert shown["revokeKey"]["key"] == {"id": key_id, "olderLast4": None, "revokedAt": None}
    assert await entries(database) == [
        ("create key", key_id),
        ("rotate key", key_id),
        ("revoke older secret", key_id),
    ]


async def test_the_older_secret_may_end_by_itself(hub: Hub, admin: str) -> None:
    key_id = (await create(hub, admin))["key"]["id"]
    before = datetime.now(UTC)

    new = await rotate(hub, admin, key_id, overlapSeconds=60)

    ends_in = datetime.fromisoformat(new["key"]["olderEndsAt"]) - before
    assert 59 < ends_in.total_seconds() < 120


async def test_a_revoked_key_is_listed_with_its_end_and_its_last_day(hub: Hub, admin: str) -> None:
    made = await create(hub, admin)
    assert await works(hub, made["secret"])

    for _ in range(2):
        data = await hub.data(REVOKE, admin, input={"idempotencyKey": "e1", "id": made["key"]["id"]})
    listed = await hub.data("{ keys { id usedOn revokedAt last4 source } }", admin)

    (partner,) = [it for it in listed["keys"] if it["source"] == "adnet"]
    assert partner == {
        "id": made["key"]["id"],
        "usedOn": datetime.now(UTC).date().isoformat(),
        "revokedAt": data["revokeKey"]["key"]["revokedAt"],
        "last4": made["key"]["last4"],
        "source": "adnet",
    }
    assert partner["revokedAt"] is not None


@pytest.mark.parametrize("mutation", [ROTATE, REVOKE])
async def test_a_key_that_there_is_not_is_not_found(hub: Hub, admin: str, mutation: str) -> None:
    assert await hub.codes(mutation, admin, input={"idempotencyKey": "x", "id": "nothing"}) == ["NOT_FOUND"]


async def test_a_key_that_breaks_the_rules_of_its_kind_is_bad_input_and_leaves_nothing(
    hub: Hub, admin: str, database: Database
) -> None:
    assert await hub.codes(CREATE, admin, input={**PARTNER, "brands": []}) == ["BAD_USER_INPUT"]

    assert await database["keys"].count_documents({"kind": "partner"}) == 0
    assert await entries(database) == []
    assert (await create(hub, admin))["secret"] is not None


async def test_an_admin_of_one_brand_hands_out_and_sees_and_ends_keys_of_that_brand_only(
    hub: Hub, admin: str, database: Database
) -> None:
    limited = Grant(KeyKind.STAFF, "office", person="grace", roles=frozenset({Role.ADMIN}), brands=frozenset({"alpha"}))
    grace = await keys.make(limited, key_id=keys.new_id(), env=Environment.DEV, now=NOON)
    beta = (await create(hub, admin, brands=["beta"]))["key"]["id"]
    before = await database["keys"].find({"source": "adnet"}).to_list()

    for refused in (
        {"brands": ["beta"]},
        {"brands": ["alpha", "beta"]},
        {"kind": "SERVER", "scopes": [], "brands": []},
        {"kind": "STAFF", "scopes": [], "roles": ["ADMIN"], "person": "grace", "brands": []},
    ):
        assert await hub.codes(CREATE, grace, input={**PARTNER, **refused}) == ["FORBIDDEN"]
    for mutation in (ROTATE, REVOKE):
        assert await hub.codes(mutation, grace, input={"idempotencyKey": "x", "id": beta}) == ["FORBIDDEN"]
    assert await database["keys"].find({"source": "adnet"}).to_list() == before

    assert (await create(hub, grace or "", brands=["alpha"]))["secret"] is not None
    listed = await hub.data("{ keys { brands } }", grace)
    assert listed == {"keys": [{"brands": ["alpha"]}] * 2}
