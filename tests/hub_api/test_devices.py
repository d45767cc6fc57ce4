"""Devices that apps register, and row 17: a kiosk that posts events of a scanned member."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access import audit
from hub.access.audit import Wanted
from hub.access.grants import KeyKind
from hub.database import Database
from hub.kit import pages
from hub.profiles import devices, identifier_store
from hub.profiles.devices import Device, Platform
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub.wording.library import Library
from hub.wording.templates import template_of
from hub_api.nodes import global_id
from tests.hub_api.conftest import JOURNEY, NOON, Hub

REGISTER = """
mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) {
  __typename ... on RegisterDevicePayload { device { app platform installationId name last4 } }
  ... on UserError { code }
} }
"""
UNREGISTER = """
mutation ($input: UnregisterDeviceInput!) { unregisterDevice(input: $input) {
  ... on UnregisterDevicePayload { devices { installationId } }
} }
"""
DEVICES = "{ me { devices { app platform installationId name last4 } } }"
ADA, BOB = UUID(int=1), UUID(int=2)


async def register(hub: Hub, key: str, *, token: str, installation: str = "i-1", **other: Any) -> dict[str, Any]:
    given = {"app": "shop", "platform": "IOS", "token": token, "installationId": installation, **other}
    found = await hub.data(REGISTER, key, input={"idempotencyKey": f"{token} {installation}", **given})
    result: dict[str, Any] = found["registerDevice"]
    return result


async def installations(hub: Hub, user: str) -> list[str]:
    found = await hub.data("{ me { devices { installationId } } }", hub.token(user))
    return [it["installationId"] for it in found["me"]["devices"]]


async def head(user: str) -> Profile:
    """A customer, with the devices by which push reaches them."""
    named = Identifier(IdentifierKind.USER, user)
    owned = (await identifier_store.owners([named]))[named]
    return (await devices.heads([owned.profile_id]))[owned.profile_id]


async def test_a_device_is_registered_per_app_with_token_and_installation_id_and_its_token_is_never_shown(
    hub: Hub, admin: str, database: Database
) -> None:
    await hub.identify("ada")

    first = await register(hub, hub.token("ada"), token="fcm-token-0001", name="Ada's phone")
    second = await register(hub, hub.token("ada"), token="fcm-token-0001", name="Ada's phone")

    shown = {"app": "shop", "platform": "IOS", "installationId": "i-1", "name": "Ada's phone", "last4": "0001"}
    assert first == second == {"__typename": "RegisterDevicePayload", "device": shown}
    assert await hub.data(DEVICES, hub.token("ada")) == {"me": {"devices": [shown]}}
    by_staff = await hub.answer("{ profiles { nodes { devices { app last4 } } } }", admin)
    assert by_staff["data"]["profiles"]["nodes"] == [{"devices": [{"app": "shop", "last4": "0001"}]}]
    ada = await head("ada")
    assert ada.device == "fcm-token-0001"
    (entry,) = [it for _, it in (await audit.page(Wanted(what="register device"), pages.Span())).rows]
    told = audit.Change("register device", str(ada.id), None, {"app": "shop", "platform": "ios"})
    assert entry.change == told
    assert await database["devices"].count_documents({}) == 1


async def test_a_token_that_is_registered_for_another_customer_is_taken_from_the_first(hub: Hub) -> None:
    for user in ("ada", "bob"):
        await hub.identify(user)
    # Also where the first one's events named it.
    named = {"device": {"token": "shared"}}
    await hub.say({"type": "track", "userId": "ada", "event": "App Opened", "context": named})
    await register(hub, hub.token("ada"), token="shared")

    await register(hub, hub.token("bob"), token="shared")

    assert ((await head("ada")).devices, (await head("bob")).devices) == ((), ("shared",))
    assert (await installations(hub, "ada"), await installations(hub, "bob")) == ([], ["i-1"])


async def test_of_many_who_register_one_token_at_once_one_has_it(hub: Hub) -> None:
    users = [f"user {n}" for n in range(8)]
    for user in users:
        await hub.identify(user)

    await asyncio.gather(*(register(hub, hub.token(user), token="shared") for user in users))

    assert sorted([(await head(user)).devices for user in users], reverse=True) == [("shared",), *[()] * 7]


async def test_a_new_token_of_an_installation_takes_the_place_of_the_old_one(hub: Hub) -> None:
    await hub.identify("ada")
    await register(hub, hub.token("ada"), token="old")
    await register(hub, hub.token("ada"), token="tablet", installation="i-2")

    await register(hub, hub.token("ada"), token="new")

    assert sorted((await head("ada")).devices) == ["new", "tablet"]
    assert sorted(await installations(hub, "ada")) == ["i-1", "i-2"]


async def test_what_is_unregistered_is_reached_no_more_also_where_events_name_it(hub: Hub) -> None:
    await hub.identify("ada")
    await register(hub, hub.token("ada"), token="t1")
    await register(hub, hub.token("ada"), token="t2", installation="i-2")
    given = {"idempotencyKey": "k", "app": "shop", "installationId": "i-1"}

    left = await hub.data(UNREGISTER, hub.token("ada"), input=given)
    named = {"device": {"token": "t1"}}
    await hub.say({"type": "track", "userId": "ada", "event": "App Opened", "context": named})

    assert left == {"unregisterDevice": {"devices": [{"installationId": "i-2"}]}}
    assert (await head("ada")).devices == ("t2",)


async def test_nobody_unregisters_another_customers_device(hub: Hub) -> None:
    for user in ("ada", "eve"):
        await hub.identify(user)
    await register(hub, hub.token("ada"), token="t1")
    given = {"idempotencyKey": "k", "app": "shop", "installationId": "i-1"}
    ada = str(global_id("Profile", (await head("ada")).id))

    await hub.data(UNREGISTER, hub.token("eve"), input=given)
    assert await hub.codes(UNREGISTER, hub.token("eve"), input={**given, "idempotencyKey": "k2", "id": ada}) == [
        "FORBIDDEN"
    ]

    assert (await head("ada")).devices == ("t1",)


async def test_an_event_from_a_registered_device_says_that_it_was_heard_from(hub: Hub) -> None:
    await hub.identify("ada")
    profile_id = (await head("ada")).id
    for n in range(2):
        await devices.register(device(f"t{n}", profile_id, seconds=n))
    assert (await head("ada")).devices == ("t0", "t1")

    await hub.say({"type": "track", "userId": "ada", "event": "X", "context": {"device": {"token": "t0"}}})
    assert (await head("ada")).devices == ("t1", "t0")

    # What somebody else's events say of it changes nothing, and brings them no push.
    await hub.say({"type": "track", "userId": "eve", "event": "X", "context": {"device": {"token": "t1"}}})
    assert ((await head("ada")).devices, (await head("eve")).devices) == (("t1", "t0"), ())


async def test_push_goes_to_the_device_that_was_heard_from_last(hub: Hub, database: Database) -> None:
    await hub.publish(JOURNEY.replace("email, sms", "push"))
    await Library().save(template_of("reminder", {"en/push": "Still there."}))
    await hub.identify("ada")
    profile_id = (await head("ada")).id
    for n in range(2):
        await devices.register(device(f"t{n}", profile_id, seconds=n))

    await hub.track("ada", "Checkout Started", order_id="A-1")
    await hub.advance()

    assert [row["to"] async for row in database["inbox"].find()] == ["t1"]


async def test_the_ten_newest_devices_stay(hub: Hub) -> None:
    await hub.identify("ada")
    profile_id = (await head("ada")).id
    for n in range(12):
        await devices.register(device(f"t{n}", profile_id, seconds=n))

    assert (await head("ada")).devices == tuple(f"t{n}" for n in range(2, 12))


@pytest.mark.parametrize(
    "wrong", [{"token": ""}, {"token": "t" * 4097}, {"app": ""}, {"installationId": "i" * 256}, {"name": "n" * 256}]
)
async def test_a_device_that_cannot_be_is_bad_user_input(hub: Hub, wrong: dict[str, str], database: Database) -> None:
    await hub.identify("ada")
    given = {"idempotencyKey": "k", "app": "shop", "platform": "WEB", "token": "t", "installationId": "i", **wrong}

    assert await hub.codes(REGISTER, hub.token("ada"), input=given) == ["BAD_USER_INPUT"]
    assert await database["devices"].count_documents({}) == 0


def device(token: str, owner: UUID, *, seconds: int, on: bool = True) -> Device:
    at = NOON.replace(second=seconds)
    return Device(owner, "shop", Platform.IOS, token, f"of {token}", None, at, at, on=on)


TOKENS = st.sampled_from("abcde")


@given(
    told=st.lists(TOKENS, unique=True),
    known=st.lists(st.tuples(TOKENS, st.sampled_from([ADA, BOB]), st.booleans()), unique_by=lambda it: it[0]),
)
def test_push_reaches_what_is_registered_and_what_events_named_and_nobody_has_registered(
    told: list[str], known: list[tuple[str, UUID, bool]]
) -> None:
    rows = [device(token, owner, seconds=n, on=on) for n, (token, owner, on) in enumerate(known)]

    found = devices.reached(Profile(ADA, devices=tuple(told)), rows).devices

    assert set(found) == {
        *({*told} - {token for token, _, _ in known}),
        *(token for token, owner, on in known if owner == ADA and on),
    }
    assert len(set(found)) == len(found)


KIOSK = """
mutation { createKey(input: {idempotencyKey: "kiosk", kind: DEVICE, source: "kiosk", stores: ["S-1"]}) {
  ... on CreateKeyPayload { secret }
} }
"""


async def kiosk(hub: Hub, admin: str) -> str:
    secret: str = (await hub.data(KIOSK, admin))["createKey"]["secret"]
    return secret


async def scanned(hub: Hub, key: str, code: str, *, message: str, **call: Any) -> list[dict[str, Any]]:
    """Post what a kiosk says of somebody who has shown a code, and route it."""
    event = {
        "type": "track",
        "event": "Checkout Started",
        "messageId": message,
        "properties": {"order_id": "A-1"},
        "context": {"memberCode": code},
        **call,
    }
    answer = await hub.http.post("/v1/batch", json={"batch": [event]}, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    await hub.say()
    refused: list[dict[str, Any]] = answer.json()["refused"]
    return refused


async def test_a_kiosk_with_a_device_credential_can_post_events_for_a_scanned_member_and_those_events_trigger_journeys_like_any_other(  # noqa: E501 - the row's sentence
    hub: Hub, admin: str, database: Database
) -> None:
    await hub.publish()
    await hub.identify("ada", email="ada@example.com")
    code = (await hub.data("{ me { memberCode } }", hub.token("ada")))["me"]["memberCode"]
    key = await kiosk(hub, admin)

    # The kiosk has an anonymous id of its own, as every SDK sends one; the code is typed in small letters.
    assert await scanned(hub, key, code.lower(), message="k1", anonymousId="kiosk-7") == []
    assert await scanned(hub, key, code, message="k1", anonymousId="kiosk-7") == []
    await hub.advance()

    me = """{ me { timeline(filter: {sources: ["kiosk"]}) { nodes { name source } }
               runs { nodes { journey key } } messages { nodes { state } } } }"""
    assert (await hub.data(me, hub.token("ada")))["me"] == {
        "timeline": {"nodes": [{"name": "Checkout Started", "source": "kiosk"}]},
        "runs": {"nodes": [{"journey": "cart", "key": "A-1"}]},
        "messages": {"nodes": [{"state": "SENT"}]},
    }
    # Many people use a kiosk: it is nobody's, and whoever comes next is not the one before.
    assert await database["identifiers"].count_documents({"value": "kiosk-7"}) == 0
    assert await database["profiles"].count_documents({}) == 1


async def test_a_device_credential_reads_nothing_of_the_member_it_has_scanned(hub: Hub, admin: str) -> None:
    await hub.identify("ada")
    code = (await hub.data("{ me { memberCode } }", hub.token("ada")))["me"]["memberCode"]

    view = f'{{ associateView(lookup: {{memberCode: "{code}"}}) {{ name }} }}'
    assert await hub.codes(view, await kiosk(hub, admin)) == ["FORBIDDEN"]


@pytest.mark.parametrize("code", ["00000000000", "no code", "FFKQA82FP2Y"])
async def test_a_code_that_no_member_has_is_refused_and_makes_nobody(
    hub: Hub, admin: str, code: str, database: Database
) -> None:
    refused = await scanned(hub, await kiosk(hub, admin), code, message="k1", anonymousId="kiosk-7")

    assert refused == [
        {"index": 0, "code": "unknown_member", "message": "`context.memberCode` is nobody's: scan it again."}
    ]
    assert await database["profiles"].count_documents({}) == 0
    assert await database["dead_letters"].count_documents({"code": "unknown_member"}) == 1


async def test_a_kiosks_events_change_no_address_of_the_member(hub: Hub, admin: str) -> None:
    await hub.identify("ada", email="ada@example.com")
    code = (await hub.data("{ me { memberCode } }", hub.token("ada")))["me"]["memberCode"]
    said = {"type": "identify", "event": None, "traits": {"email": "eve@example.com"}}

    assert await scanned(hub, await kiosk(hub, admin), code, message="k1", userId="eve", **said) == []

    assert (await head("ada")).email == "ada@example.com"
    assert await identifier_store.owners([Identifier(IdentifierKind.USER, "eve")]) == {}


async def test_of_a_batch_only_the_calls_with_a_wrong_code_are_refused(hub: Hub) -> None:
    await hub.identify("ada")
    call = {"type": "track", "event": "Seen", "userId": "ada"}
    batch = [{**call, "messageId": "1"}, {**call, "messageId": "2", "context": {"memberCode": "no code"}}]
    key = await hub.key(KeyKind.SERVER)

    answer = await hub.http.post("/v1/batch", json={"batch": batch}, headers={"Authorization": f"Bearer {key}"})

    assert [(it["index"], it["code"]) for it in answer.json()["refused"]] == [(1, "unknown_member")]
    await hub.say()
    assert (await head("ada")).events == 2
