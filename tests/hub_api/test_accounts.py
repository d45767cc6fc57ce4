"""Households and companies over the API: who makes them, who puts in and who leaves."""

from typing import Any

import pytest

from tests.hub_api.conftest import Hub
from tests.membership.people import activated

ACCOUNT = "account { kind name pooling persons { role isSelf } }"
CREATE = f"""mutation ($input: CreateAccountInput!) {{ createAccount(input: $input) {{
  __typename ... on CreateAccountPayload {{ {ACCOUNT} }} ... on UserError {{ code }}
}} }}"""
PUT = f"""mutation ($input: PutAccountPersonInput!) {{ putAccountPerson(input: $input) {{
  __typename ... on PutAccountPersonPayload {{ {ACCOUNT} }} ... on UserError {{ code }}
}} }}"""
REMOVE = f"""mutation ($input: RemoveAccountPersonInput!) {{ removeAccountPerson(input: $input) {{
  __typename ... on RemoveAccountPersonPayload {{ {ACCOUNT} }} ... on UserError {{ code }}
}} }}"""
MINE = "{ me { id accounts { id program persons { role isSelf } } } }"


@pytest.fixture
async def household(hub: Hub) -> str:
    """Ada's household in the club, by its id."""
    await activated("club")
    for name in ("ada", "bob"):
        await hub.identify(name, email=f"{name}@example.com")
    given = {"idempotencyKey": "k", "program": "club", "kind": "HOUSEHOLD"}
    made = (await hub.data(CREATE, hub.token("ada"), input=given))["createAccount"]
    assert made["account"] == {
        "kind": "HOUSEHOLD",
        "name": None,
        "pooling": "ALL",
        "persons": [{"role": "OWNER", "isSelf": True}],
    }
    (account,) = (await mine(hub, "ada"))["accounts"]
    id_: str = account["id"]
    return id_


async def mine(hub: Hub, user: str) -> dict[str, Any]:
    me: dict[str, Any] = (await hub.data(MINE, hub.token(user)))["me"]
    return me


async def put(hub: Hub, key: str, account: str, user: str, role: str) -> dict[str, Any]:
    profile = (await mine(hub, user))["id"]
    given = {"idempotencyKey": "put", "accountId": account, "profileId": profile, "role": role}
    result: dict[str, Any] = (await hub.data(PUT, key, input=given))["putAccountPerson"]
    return result


async def test_the_staff_put_a_person_in_and_they_leave_by_themselves(hub: Hub, admin: str, household: str) -> None:
    result = await put(hub, admin, household, "bob", "COLLECTOR")
    assert result["account"]["persons"] == [{"role": "OWNER", "isSelf": False}, {"role": "COLLECTOR", "isSelf": True}]
    assert len((await mine(hub, "bob"))["accounts"]) == 1

    given = {"idempotencyKey": "leave", "accountId": household}
    left = (await hub.data(REMOVE, hub.token("bob"), input=given))["removeAccountPerson"]

    assert left["account"]["persons"] == [{"role": "OWNER", "isSelf": False}]
    assert (await mine(hub, "bob"))["accounts"] == []


async def test_a_customer_puts_nobody_in_and_takes_nobody_out(hub: Hub, admin: str, household: str) -> None:
    await put(hub, admin, household, "bob", "COLLECTOR")
    bob, ada = (await mine(hub, "bob"))["id"], (await mine(hub, "ada"))["id"]
    putting = {"idempotencyKey": "x", "accountId": household, "profileId": bob, "role": "OWNER"}
    taking = {"idempotencyKey": "x", "accountId": household, "id": ada}

    assert await hub.codes(PUT, hub.token("ada"), input=putting) == ["FORBIDDEN"]
    assert await hub.codes(REMOVE, hub.token("bob"), input=taking) == ["FORBIDDEN"]


async def test_refusals_are_data_with_a_code(hub: Hub, household: str) -> None:
    given = {"idempotencyKey": "leave", "accountId": household}
    last = (await hub.data(REMOVE, hub.token("ada"), input=given))["removeAccountPerson"]
    twice = {"idempotencyKey": "again", "program": "club", "kind": "HOUSEHOLD"}
    another = (await hub.data(CREATE, hub.token("ada"), input=twice))["createAccount"]
    stranger = (await hub.data(REMOVE, hub.token("bob"), input=given))["removeAccountPerson"]

    assert [it["code"] for it in (last, another, stranger)] == ["LAST_OWNER", "IN_ANOTHER_ACCOUNT", "NOT_IN_ACCOUNT"]
