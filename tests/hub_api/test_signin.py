"""Row 23 over the API: sign in by an e-mailed link or code, no password, and out again."""

from dataclasses import replace

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.types import ASGIApp

from hub.access import audit
from hub.access.grants import KeyKind
from hub.access.model import Unauthenticated
from hub.access.service import Callers
from hub.database import Database
from hub_api.nodes import global_id, parsed
from runtime import wiring
from tests.hub_api.conftest import Hub
from tests.hub_api.signing_in import ADA, ASK, PHONE, ask, code_in, complete, link_in, sent

SIGN_OUT = """mutation { signOut(input: {idempotencyKey: "out"}) { ... on SignOutPayload { signedOut } } }"""
ME = "{ me { id } }"


@pytest.fixture
async def app_key(hub: Hub) -> str:
    """The key inside an app: anybody can read it."""
    return await hub.key(KeyKind.CLIENT)


@pytest.mark.parametrize("by", ["code", "link"])
async def test_sign_in_by_e_mailed_link_or_code_without_a_password(hub: Hub, app_key: str, by: str) -> None:
    await hub.identify("ada", email="Ada@Example.com", locale="de-AT")
    asked = await ask(hub, app_key)
    (message,) = await sent(hub)
    assert (message["to"], message["subject"]) == (ADA, f"{code_in(message)} ist Ihr Code zum Anmelden")

    proof = {"signInId": asked["signInId"], "code": code_in(message)}
    given = proof if by == "code" else {"linkToken": link_in(message)}
    result = await complete(hub, app_key, **given)

    assert result["__typename"] == "CompleteSignInPayload"
    assert result["profile"]["traits"]["email"] == "Ada@Example.com"
    assert await hub.data(ME, result["token"]) == {"me": {"id": result["profile"]["id"]}}
    assert (await hub.data(ME, hub.token("ada")))["me"]["id"] == result["profile"]["id"]


async def test_link_works_once_and_a_replay_returns_an_error_and_not_a_session(hub: Hub, app_key: str) -> None:
    await ask(hub, app_key)
    token = link_in((await sent(hub))[0])
    first = await complete(hub, app_key, linkToken=token)

    assert await complete(hub, app_key, linkToken=token) == first  # the answer was lost, and is asked for again
    assert await complete(hub, app_key, linkToken=token, idempotencyKey="replay") == {
        "__typename": "SignInRefused",
        "code": "ALREADY_USED",
        "message": "This link or code was used already. Ask for a new one.",
        "path": ["input"],
        "triesLeft": None,
    }


async def test_link_is_bound_to_the_requesting_device(hub: Hub, app_key: str) -> None:
    await ask(hub, app_key)
    token = link_in((await sent(hub))[0])

    refused = await complete(hub, app_key, linkToken=token, deviceSecret="the secret of a thief")

    assert (refused["__typename"], refused["code"]) == ("SignInRefused", "OTHER_DEVICE")
    assert (await complete(hub, app_key, linkToken=token))["__typename"] == "CompleteSignInPayload"


async def test_a_wrong_code_is_told_with_the_tries_that_are_left(hub: Hub, app_key: str) -> None:
    asked = await ask(hub, app_key)
    wrong = f"{(int(code_in((await sent(hub))[0])) + 1) % 10**6:06}"

    refused = await complete(hub, app_key, signInId=asked["signInId"], code=wrong)

    assert (refused["code"], refused["triesLeft"]) == ("WRONG_CODE", 4)


@pytest.mark.parametrize("given", [{"linkToken": "made-up"}, {"signInId": "01a1c6a8-0000-7000-8000-000000000000"}])
async def test_a_made_up_link_or_sign_in_is_expired(hub: Hub, app_key: str, given: dict[str, str]) -> None:
    proof = {**given, "code": "123456"} if "signInId" in given else given

    assert (await complete(hub, app_key, **proof))["code"] == "EXPIRED"


async def test_the_answer_is_the_same_whether_or_not_the_address_is_known_or_only_claimed(
    hub: Hub, app_key: str
) -> None:
    await hub.identify("ada", email=ADA)
    await claimed_by_an_app(hub, app_key, "mallory@example.com")

    answers = [
        await ask(hub, app_key, email=email, idempotencyKey=email)
        for email in (ADA, "mallory@example.com", "nobody@example.com")
    ]

    assert {tuple(answer) for answer in answers} == {("__typename", "signInId", "expiresAt")}
    assert len({answer["signInId"] for answer in answers}) == 3
    assert sorted(message["to"] for message in await sent(hub)) == [ADA, "nobody@example.com"]


async def claimed_by_an_app(hub: Hub, app_key: str, email: str) -> None:
    call = {"type": "identify", "messageId": "c1", "anonymousId": "a1", "traits": {"email": email}}
    response = await hub.http.post("/v1/batch", json={"batch": [call]}, headers={"Authorization": f"Bearer {app_key}"})
    assert response.status_code == 200
    await hub.say()


async def test_a_phone_gets_the_code_by_sms(hub: Hub, app_key: str) -> None:
    asked = await ask(hub, app_key, email=None, phone="+43 660 1234567", language="de")
    (message,) = await sent(hub)

    assert (message["channel"], message["to"]) == ("sms", "+436601234567")
    assert message["text"] == (
        f"{code_in(message)} ist Ihr Code zum Anmelden. "
        "Er gilt einmal, 15 Minuten lang. Geben Sie ihn niemandem weiter."
    )
    result = await complete(hub, app_key, signInId=asked["signInId"], code=code_in(message))
    assert result["profile"]["traits"] == {"phone": "+436601234567"}


async def test_one_address_is_asked_for_and_its_message_is_never_sent_after_the_code_is_over(
    hub: Hub, app_key: str, database: Database
) -> None:
    assert await hub.codes(ASK, app_key, input={"idempotencyKey": "1", "deviceSecret": PHONE}) == ["BAD_USER_INPUT"]
    await ask(hub, app_key)
    await database["sign_ins"].update_many({}, {"$set": {"live": False}})

    assert await sent(hub) == []
    (message,) = await database["messages"].find().to_list()
    assert (message["state"], message["reason"]) == ("failed", "expired")


async def test_who_asks_too_often_is_told_when_to_come_again(hub: Hub, app_key: str) -> None:
    for n in range(10):
        await ask(hub, app_key, idempotencyKey=f"k{n}")

    given = {"idempotencyKey": "k10", "deviceSecret": PHONE, "email": ADA}
    (error,) = (await hub.answer(ASK, app_key, input=given))["errors"]

    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfter"] <= 3600


@pytest.mark.parametrize(("kind", "most"), [(KeyKind.CLIENT, 5), (KeyKind.SERVER, 10)])
async def test_the_network_of_an_app_is_counted_and_not_that_of_the_shops_own_machine(
    hub: Hub, app: ASGIApp, kind: KeyKind, most: int
) -> None:
    key = await hub.key(kind)
    async with AsyncClient(transport=ASGITransport(app, client=("1.1.1.1", 443)), base_url="http://hub") as web:
        there = replace(hub, http=web)
        for n in range(most):
            await ask(there, key, idempotencyKey=f"k{n}", deviceSecret=f"a device with number {n}")

        given = {"idempotencyKey": "last", "deviceSecret": PHONE, "email": ADA}
        assert await there.codes(ASK, key, input=given) == ["RATE_LIMITED"]


async def test_an_owner_gets_a_code_on_a_device_that_has_signed_in_however_often_others_ask(
    hub: Hub, app_key: str
) -> None:
    await ask(hub, app_key)
    await complete(hub, app_key, linkToken=link_in((await sent(hub))[0]))
    for n in range(9):
        await ask(hub, app_key, idempotencyKey=f"k{n}", deviceSecret=f"a device with number {n}")
    given = {"idempotencyKey": "k9", "deviceSecret": "a device with number 9", "email": ADA}
    assert await hub.codes(ASK, app_key, input=given) == ["RATE_LIMITED"]

    assert (await ask(hub, app_key, idempotencyKey="own"))["__typename"] == "RequestSignInPayload"


async def test_who_signs_out_is_refused_within_a_second(hub: Hub, app_key: str) -> None:
    await ask(hub, app_key)
    token = (await complete(hub, app_key, linkToken=link_in((await sent(hub))[0])))["token"]

    assert await hub.data(SIGN_OUT, token) == {"signOut": {"signedOut": True}}

    with pytest.raises(Unauthenticated):  # as a process says that has not asked within this second
        await Callers(hub.settings, wiring.clock).of(token)


async def test_a_token_of_somebody_who_was_merged_shows_whom_they_are_now(
    hub: Hub, app_key: str, database: Database
) -> None:
    await ask(hub, app_key)
    token = (await complete(hub, app_key, linkToken=link_in((await sent(hub))[0])))["token"]
    await hub.identify("ada")
    (signed_in,) = await database["profiles"].find({"traits.email": ADA}).to_list()
    (head,) = await database["profiles"].find({"traits.email": {"$exists": False}}).to_list()
    await database["profiles"].update_one({"_id": head["_id"]}, {"$set": {"members": [signed_in["_id"]]}})
    await database["profiles"].update_one({"_id": signed_in["_id"]}, {"$set": {"absorbed_by": head["_id"]}})

    assert await hub.data(ME, token) == {"me": {"id": global_id("Profile", head["_id"])}}


async def test_another_issuers_customer_cannot_name_a_profile(hub: Hub) -> None:
    await hub.identify("ada")
    ada = (await hub.data(ME, hub.token("ada")))["me"]["id"]

    assert await hub.data(ME, hub.token(f"profile:{parsed(ada)[1]}")) == {"me": None}


async def test_asking_and_signing_in_leave_entries_without_the_address(
    hub: Hub, app_key: str, database: Database
) -> None:
    await ask(hub, app_key)
    result = await complete(hub, app_key, linkToken=link_in((await sent(hub))[0]))

    rows = await database["audit"].find().sort("_id", 1).to_list()
    assert [(row["what"], row["actor"]["kind"]) for row in rows] == [
        ("request sign-in", "anonymous"),
        ("sign in", "anonymous"),
    ]
    assert rows[1]["subject"] == parsed(result["profile"]["id"])[1]
    assert "example.com" not in str(rows)
    assert (await audit.verify()).fault is None
