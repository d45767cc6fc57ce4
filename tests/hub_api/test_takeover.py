"""Whoever holds a key that anybody can read tries to become somebody else. Each way ends in nothing of theirs."""

import re
from typing import Any

import orjson
import pytest

from hub.access.keys import KeyKind
from hub.database import Database
from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub_api.nodes import global_id
from tests.hub_api.conftest import Hub
from tests.hub_api.signing_in import ask, sent

APP = Source("app", Trust.CLIENT)
EMAIL, PHONE = "ada@example.com", "+44 20 7946 0000"
SECRET = {"order_id": "A-1", "total": "5.00", "currency": "EUR"}
DEVICE = {"device": {"token": "eves-device"}}


def identify(user: str = "eve", **rest: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "anonymousId": "eves-phone", **rest}


def track(event: str = "Seen", **rest: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, **rest}


WAYS: dict[str, list[dict[str, Any]]] = {
    "another's user id": [identify("ada", traits={"name": "Eve"}, context=DEVICE), identify()],
    "another's user id, to be reached there": [
        identify("ada", traits={"email": "eve@example.com", "phone": "+44 20 7946 0999"}, context=DEVICE)
    ],
    "another's user id, in an event": [track(userId="ada", anonymousId="eves-phone", context=DEVICE)],
    "another's e-mail": [identify(traits={"email": " ADA@Example.com "})],
    "another's e-mail, without a user id": [
        {"type": "identify", "anonymousId": "eves-phone", "traits": {"email": EMAIL}, "context": DEVICE},
        identify(),
    ],
    "another's e-mail alone": [track(properties={"email": EMAIL}, context=DEVICE), identify()],
    "another's e-mail, in the traits of the context": [identify(context={"traits": {"email": EMAIL}, **DEVICE})],
    "another's phone": [identify(traits={"phone": "+44 (20) 7946-0000"})],
    "another's phone alone": [track(properties={"phone": PHONE}, context=DEVICE), identify()],
    "an alias of another's user id": [{"type": "alias", "userId": "eve", "previousId": "ada"}],
    "an alias for another": [{"type": "alias", "userId": "ada", "previousId": "eve", "context": DEVICE}],
    "an alias of another's device": [{"type": "alias", "userId": "eve", "previousId": "adas-phone"}],
    "an alias of one's own device for another": [
        {"type": "alias", "userId": "ada", "previousId": "eves-phone", "context": DEVICE}
    ],
    "the device of a known person": [{"type": "identify", "userId": "eve", "anonymousId": "adas-phone"}],
    "the device of a known person, in an event": [track(userId="eve", anonymousId="adas-phone", context=DEVICE)],
    "a new user id on the device of a known person": [
        {"type": "identify", "userId": "eve-2", "anonymousId": "adas-phone", "traits": {"email": EMAIL}}
    ],
    "what the hub itself would say": [
        track("Profile Merged", userId="eve", properties={"absorbed": "ADAS-ID"}, about="ADAS-ID"),
        track("Profile Unmerged", userId="ada"),
        track("Consent Granted", userId="ada", properties={"topic": "marketing", "channel": "email"}),
    ],
}
LISTED = {
    "another's user id": 1,
    "another's e-mail": 1,
    "another's e-mail, in the traits of the context": 1,
    "another's phone": 1,
    "an alias of another's user id": 1,
    "an alias for another": 1,
    "an alias of another's device": 1,
    "the device of a known person": 1,
    "a new user id on the device of a known person": 2,
}
"""The ways that a person has to look at, for they may be honest: how many names clash."""


async def found(user_id: str) -> Profile | None:
    user = Identifier(IdentifierKind.USER, user_id)
    owned = (await identifier_store.owners([user])).get(user)
    return None if owned is None else (await store.heads([owned.profile_id]))[owned.profile_id]


@pytest.mark.parametrize("known", [True, False], ids=["eve is a customer too", "nobody knows eve"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_client_source_cannot_take_over_a_profile(way: str, known: bool, hub: Hub, database: Database) -> None:  # noqa: FBT001  a parameter of the test
    ada_s = {"device": {"token": "adas-device"}}
    traits = {"email": EMAIL, "phone": PHONE, "name": "Ada"}
    await hub.say(
        {"type": "identify", "userId": "ada", "anonymousId": "adas-phone", "traits": traits, "context": ada_s}
    )
    await hub.track("ada", "Order Completed", **SECRET)
    if known:
        await hub.track("eve", "Seen")
    before = await found("ada")
    assert before is not None

    for number, call in enumerate(WAYS[way]):
        body = orjson.dumps({"messageId": f"eve {number}", **call}).replace(b"ADAS-ID", str(before.id).encode())
        assert not (await accept(APP, [body], now=hub.now)).refused
        await hub.say()

    after = await found("ada")
    assert after is not None
    # Nothing of hers has moved, and what is meant for her reaches her and nobody else.
    assert (after.id, after.absorbed_by, after.consents) == (before.id, None, {})
    assert (after.email, after.phone, after.devices) == (EMAIL, PHONE, ("adas-device",))
    verified = database["identifiers"].find({"verified": True, "kind": {"$in": ["user", "email", "phone"]}})
    hers = [(row["kind"], row["value"]) async for row in verified if row["profile_id"] in after.own_ids]
    assert sorted(hers) == [("email", EMAIL), ("phone", "+442079460000"), ("user", "ada")]
    # Nothing of hers can be read by who is eve, or whatever name she has taken.
    for user in ("eve", "eve-2"):
        me = (await hub.data("{ me { id timeline { nodes { ... on Event { properties } } } } }", hub.token(user)))["me"]
        assert me is None or (me["id"] != str(global_id("Profile", after.id)) and SECRET not in _properties(me))
    listed = 0 if way == "an alias for another" and not known else LISTED.get(way, 0)
    assert await database["clashes"].count_documents({"state": "open"}) == listed


async def test_who_confirms_a_consent_at_an_address_they_named_for_another_signs_in_as_nobody_but_themself(
    hub: Hub, database: Database
) -> None:
    app, eves = await hub.key(KeyKind.CLIENT), "eve@example.com"
    await accept(APP, [orjson.dumps(identify("ada", traits={"email": eves}))], now=hub.now)
    await hub.track("ada", "Order Completed", **SECRET)
    agree = """mutation { setConsent(input: {idempotencyKey: "k", granted: true, channel: EMAIL}) {
      ... on SetConsentPayload { state } } }"""
    assert (await hub.data(agree, hub.token("ada")))["setConsent"] == {"state": "PENDING"}
    (mail,) = await sent(hub)
    link = re.search(r"http://127\.0\.0\.1:8000(/m/p/\S+)", mail["text"])
    assert link

    assert (await hub.http.post(link[1])).status_code == 303

    assert await database["consents"].count_documents({"state": "granted"}) == 1
    email = Identifier(IdentifierKind.EMAIL, eves)
    assert not (await identifier_store.owners([email]))[email].verified
    await ask(hub, app, email=eves)
    assert await sent(hub) == [mail]  # no code, no link


async def test_a_client_key_cannot_merge(hub: Hub) -> None:
    await hub.identify("ada")
    ada = await found("ada")
    assert ada is not None
    id_ = str(global_id("Profile", ada.id))
    merge = "mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }"
    given = {"idempotencyKey": "k", "into": id_, "absorb": id_}

    client = await hub.key(KeyKind.CLIENT)
    assert await hub.codes(merge, client, input=given) == ["FORBIDDEN"]
    assert await hub.codes(merge, input=given) == ["UNAUTHENTICATED"]
    assert await hub.codes("{ clashes { nodes { value } } }", client) == ["FORBIDDEN"]


async def test_an_address_that_a_stranger_has_named_first_is_won_by_its_owner(hub: Hub) -> None:
    """And what a shop then says of the address alone is the owner's, never the stranger's."""
    await accept(APP, [orjson.dumps(identify(traits={"email": EMAIL}))], now=hub.now)
    await hub.say({"type": "track", "event": "Order Completed", "properties": {"email": EMAIL, **SECRET}})
    email = Identifier(IdentifierKind.EMAIL, EMAIL)

    eve, owned = await found("eve"), (await identifier_store.owners([email]))[email]
    assert eve is not None
    assert (eve.events, owned.profile_id == eve.id, owned.verified) == (1, False, True)

    await hub.identify("ada", name="Ada")
    await hub.identify("ada", email=EMAIL)
    ada = await found("ada")
    assert ada is not None
    me = (await hub.data("{ me { timeline { nodes { ... on Event { properties } } } } }", hub.token("eve")))["me"]
    assert SECRET not in _properties(me)


def _properties(me: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: it["properties"].get(name) for name in SECRET} for it in me["timeline"]["nodes"]]
