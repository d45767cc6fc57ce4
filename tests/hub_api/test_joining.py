"""Row 21 and its kin over the API: who shows that an address is theirs joins, and sees all they have in one answer."""

from typing import Any

import pytest

from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.database import Database
from hub.kit import ids
from hub.settings import Environment
from tests.hub_api.conftest import NOON, Hub
from tests.hub_api.signing_in import PHONE, ask, code_in, link_in, sent
from tests.membership.people import activated

ENROLL = """mutation ($input: EnrollInput!) { enroll(input: $input) {
  __typename
  ... on EnrollPayload {
    already token enrolment { program way storeId consentVersion }
    profile { id memberCode traits enrolments(program: "club") { program } }
  }
  ... on UserError { code message path }
} }"""
ENROLL_CUSTOMER = """mutation ($input: EnrollCustomerInput!) { enrollCustomer(input: $input) {
  __typename
  ... on EnrollCustomerPayload {
    already enrolment { program way storeId campaign associateId consentVersion } profile { id }
  }
} }"""
MINE = "{ me { id enrolments { program joinedAt way storeId campaign associateId } } }"


async def enroll(hub: Hub, key: str, **given: Any) -> dict[str, Any]:
    given = {"idempotencyKey": "enroll", "program": "club", "consentVersion": "v3", **given}
    result: dict[str, Any] = (await hub.data(ENROLL, key, input=given))["enroll"]
    return result


async def enroll_customer(hub: Hub, key: str, **given: Any) -> dict[str, Any]:
    given = {"idempotencyKey": "enroll", "program": "club", **given}
    result: dict[str, Any] = (await hub.data(ENROLL_CUSTOMER, key, input=given))["enrollCustomer"]
    return result


@pytest.fixture(autouse=True)
async def programs(hub: Hub) -> None:
    del hub
    await activated("club", "bakers")


@pytest.fixture
async def app_key(hub: Hub) -> str:
    return await hub.key(KeyKind.CLIENT)


@pytest.mark.parametrize("by", ["code", "link"])
async def test_enroll_with_a_verified_code_returns_member_and_token_in_one_response(
    hub: Hub, app_key: str, by: str
) -> None:
    asked = await ask(hub, app_key)
    (message,) = await sent(hub)
    proof = {"signInId": asked["signInId"], "code": code_in(message)}
    proof = proof if by == "code" else {"linkToken": link_in(message)}

    result = await enroll(hub, app_key, deviceSecret=PHONE, **proof)

    assert result["__typename"] == "EnrollPayload"
    assert result["enrolment"] == {"program": "club", "way": "APP", "storeId": None, "consentVersion": "v3"}
    assert (result["already"], result["profile"]["traits"]) == (False, {"email": "ada@example.com"})
    assert result["profile"]["enrolments"] == [{"program": "club"}]
    assert len(result["profile"]["memberCode"]) == 11
    assert (await hub.data(MINE, result["token"]))["me"]["id"] == result["profile"]["id"]
    assert await enroll(hub, app_key, deviceSecret=PHONE, **proof) == result  # the answer was lost


async def test_a_wrong_code_enrolls_nobody(hub: Hub, app_key: str, database: Database) -> None:
    asked = await ask(hub, app_key)
    wrong = f"{(int(code_in((await sent(hub))[0])) + 1) % 10**6:06}"

    refused = await enroll(hub, app_key, deviceSecret=PHONE, signInId=asked["signInId"], code=wrong)

    assert (refused["__typename"], refused["code"]) == ("SignInRefused", "WRONG_CODE")
    assert await database["enrolments"].count_documents({}) == 0


async def test_a_program_that_there_is_not_uses_up_no_code(hub: Hub, app_key: str) -> None:
    asked = await ask(hub, app_key)
    proof = {"signInId": asked["signInId"], "code": code_in((await sent(hub))[0]), "deviceSecret": PHONE}
    given = {"idempotencyKey": "none", "program": "no-such", **proof}

    assert await hub.codes(ENROLL, app_key, input=given) == ["NOT_FOUND"]
    assert (await enroll(hub, app_key, **proof))["__typename"] == "EnrollPayload"


async def test_who_is_signed_in_joins_without_a_code_and_only_once(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")

    first = await enroll(hub, hub.token("ada"))
    again = await enroll(hub, hub.token("ada"), idempotencyKey="again")

    assert (first["already"], first["token"]) == (False, None)
    assert again == {**first, "already": True}


async def test_a_key_inside_an_app_enrolls_nobody_without_a_proof(hub: Hub, app_key: str) -> None:
    given = {"idempotencyKey": "none", "program": "club"}

    assert await hub.codes(ENROLL, app_key, input=given) == ["BAD_USER_INPUT"]


async def test_staff_enroll_with_store_campaign_and_associate_and_within_their_stores(hub: Hub, admin: str) -> None:
    await hub.identify("ada", email="ada@example.com")
    ada = (await hub.data(MINE, hub.token("ada")))["me"]["id"]
    grant = Grant(
        KeyKind.STAFF, "shop", person="eve", roles=frozenset({Role.SERVICE}), stores=frozenset({"S-1", "S-3"})
    )
    eve = await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""
    where = {"storeId": "S-1", "campaign": "opening", "associateId": "eve"}

    beyond = {"idempotencyKey": "beyond", "program": "club", "profileId": ada, "storeId": "S-2"}
    assert await hub.codes(ENROLL_CUSTOMER, eve, input=beyond) == ["FORBIDDEN"]
    result = await enroll_customer(hub, eve, profileId=ada, **where)

    enrolment = {"program": "club", "way": "STAFF", **where, "consentVersion": None}
    assert result == {
        "__typename": "EnrollCustomerPayload",
        "already": False,
        "enrolment": enrolment,
        "profile": {"id": ada},
    }
    await enroll_customer(hub, admin, profileId=ada, program="bakers", storeId="S-2", associateId="bob")
    shown = "query ($id: ID!) { profile(id: $id) { enrolments { program storeId associateId } } }"
    assert (await hub.data(shown, eve, id=ada))["profile"]["enrolments"] == [
        {"program": "bakers", "storeId": None, "associateId": None},  # it was in another store
        {"program": "club", "storeId": "S-1", "associateId": "eve"},
    ]


async def test_joining_is_an_event_of_the_timeline_that_a_journey_may_enter_by(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")
    await hub.publish(
        'journey: hello\nenter: {event: Member Joined, where: properties.program = "club"}\n'
        "steps:\n  - send: {template: reminder, channels: [email]}\n"
    )

    await enroll(hub, hub.token("ada"))
    await hub.say()

    mine = (await hub.data("{ me { timeline { nodes { name } } runs { nodes { journey } } } }", hub.token("ada")))["me"]
    assert {"name": "Member Joined"} in mine["timeline"]["nodes"]
    assert mine["runs"]["nodes"] == [{"journey": "hello"}]


async def test_nobody_is_enrolled_whom_nobody_knows(hub: Hub, admin: str) -> None:
    unknown = await hub.codes(
        ENROLL_CUSTOMER, admin, input={"idempotencyKey": "x", "program": "club", "profileId": str(ids.new_id())}
    )

    assert unknown == ["BAD_USER_INPUT"]


async def test_the_report_of_joins_is_of_ones_own_stores(hub: Hub, admin: str) -> None:
    for name, store in (("ada", "S-1"), ("bob", "S-2")):
        await hub.identify(name, email=f"{name}@example.com")
        profile = (await hub.data(MINE, hub.token(name)))["me"]["id"]
        await enroll_customer(hub, admin, idempotencyKey=name, profileId=profile, storeId=store, associateId="eve")
    grant = Grant(KeyKind.STAFF, "shop", person="ann", roles=frozenset({Role.ANALYST}), stores=frozenset({"S-1"}))
    ann = await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""
    query = '{ joins(program: "club", since: "2026-01-01T00:00:00Z") { storeId associateId joins firstPurchases } }'

    one, other = ({"storeId": it, "associateId": "eve", "joins": 1, "firstPurchases": 0} for it in ("S-1", "S-2"))
    assert (await hub.data(query, admin))["joins"] == [one, other]
    assert (await hub.data(query, ann))["joins"] == [one]
