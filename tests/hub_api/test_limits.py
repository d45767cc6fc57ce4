"""Staff of one brand or store: what belongs to all, or to another, is not theirs to change, or to see."""

from collections.abc import Sequence

import pytest

from hub.access import audit, keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.database import Database
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from hub.settings import Environment
from hub_api.nodes import global_id
from runtime.permissions import LIMITS
from tests.hub_api.conftest import JOURNEY, NOON, Hub

PUBLISH = """mutation ($source: String!, $under: String!) {
  publishJourney(input: {source: $source, idempotencyKey: $under}) {
    ... on PublishJourneyPayload { version } ... on UserError { code } } }"""
FOR_ALL = {
    "publishQuestion": 'publishQuestion(input: {idempotencyKey: "k", source: "x"}) { __typename }',
    "publishReward": 'publishReward(input: {idempotencyKey: "k", source: "x"}) { __typename }',
    "publishRollup": 'publishRollup(input: {idempotencyKey: "k", source: "x"}) { __typename }',
    "publishSegment": 'publishSegment(input: {idempotencyKey: "k", source: "x"}) { __typename }',
    "deleteSegment": 'deleteSegment(input: {idempotencyKey: "k", name: "x"}) { __typename }',
    "publishShippingRules": 'publishShippingRules(input: {idempotencyKey: "k", source: "x"}) { __typename }',
    "eraseProfile": 'eraseProfile(input: {idempotencyKey: "k", id: "ADA"}) { __typename }',
}


@pytest.fixture
async def grace(database: Database) -> str:
    """The admin of the brand alpha."""
    del database
    grant = Grant(KeyKind.STAFF, "office", person="grace", roles=frozenset({Role.ADMIN}), brands=frozenset({"alpha"}))
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""


@pytest.mark.parametrize("mutation", FOR_ALL)
async def test_who_is_limited_to_a_brand_changes_nothing_that_belongs_to_all(
    hub: Hub, grace: str, admin: str, database: Database, mutation: str
) -> None:
    await hub.identify("ada")
    ada = await database["profiles"].find_one({}) or {}
    asked = f"mutation {{ {FOR_ALL[mutation].replace('ADA', global_id('Profile', ada['_id']))} }}"

    assert await hub.codes(asked, grace) == ["FORBIDDEN"]

    assert await database["profiles"].count_documents({}) == 1
    assert await database["idempotency"].count_documents({}) == 0
    await hub.data(asked, admin)


async def test_a_marketer_of_a_brand_publishes_journeys_that_send_in_its_name_and_replaces_no_others(
    hub: Hub, grace: str, admin: str, database: Database
) -> None:
    await hub.publish()  # for its template
    theirs = JOURNEY.replace("journey: cart", "journey: alphas").replace("sms]", "sms], brand: alpha")

    assert await hub.codes(PUBLISH, grace, source=theirs.replace("brand: alpha", "brand: beta"), under="1") == [
        "FORBIDDEN"
    ]
    assert await hub.codes(PUBLISH, grace, source=theirs.replace("alphas", "cart"), under="2") == ["FORBIDDEN"]
    assert await database["journey_versions"].count_documents({}) == 1

    assert await hub.data(PUBLISH, grace, source=theirs, under="3") == {"publishJourney": {"version": 1}}
    assert await hub.data(PUBLISH, admin, source=theirs.replace("1h", "2h"), under="4") == {
        "publishJourney": {"version": 2}
    }


SEEN = """query ($id: ID!) { profile(id: $id) {
  consents { brand state } messagePreferences { brand } suppressions { brand }
  orders { nodes { id orderId } }
  timeline(filter: {names: ["Order Completed", "Consent Granted"]}) { nodes { id ... on Event { properties } } }
} }"""
AUDIT = "query ($what: String) { audit(filter: {what: $what}) { nodes { subject } } }"


async def limited(*, brands: Sequence[str] = (), stores: Sequence[str] = ()) -> str:
    """A member of staff who may see and do everything of these brands and stores."""
    grant = Grant(
        KeyKind.STAFF,
        "office",
        person="hopper",
        roles=frozenset({Role.ADMIN}),
        brands=frozenset(brands),
        stores=frozenset(stores),
    )
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""


async def ada(hub: Hub) -> str:
    await hub.identify("ada", email="ada@example.com")
    named = Identifier(IdentifierKind.USER, "ada")
    return str(global_id("Profile", (await identifier_store.owners([named]))[named].profile_id))


async def test_what_a_customer_has_said_of_a_brand_is_shown_to_staff_of_that_brand(hub: Hub, admin: str) -> None:
    profile = await ada(hub)
    for brand in ("alpha", "beta"):
        await hub.track("ada", "Consent Granted", brand=brand, topic="marketing", channel="email")
        await hub.data(
            f"""mutation {{ suppressAddress(input: {{
          idempotencyKey: "{brand}", channel: EMAIL, address: "ada@example.com", reason: LEGAL, brand: "{brand}"
        }}) {{ __typename }} }}""",
            admin,
        )
    await hub.track("ada", "Consent Withdrawn", channel="sms")

    async def brands(key: str) -> list[list[str | None]]:
        shown = (await hub.data(SEEN, key, id=profile))["profile"]
        said = [it["properties"].get("brand") for it in shown["timeline"]["nodes"]]
        parts = [[it["brand"] for it in shown[name]] for name in ("consents", "suppressions")]
        return [*parts, sorted({it["brand"] for it in shown["messagePreferences"]}), said]

    assert await brands(admin) == [
        [None, "alpha", "beta"],
        ["alpha", "beta"],
        ["alpha", "beta", "default"],
        ["beta", "alpha"],
    ]
    assert await brands(await limited(brands=["alpha"])) == [[None, "alpha"], ["alpha"], ["alpha"], [None, "alpha"]]
    assert await brands(await limited(stores=["S-1"])) == await brands(admin)


async def test_an_order_of_a_store_is_shown_to_staff_of_that_store_on_whatever_way(hub: Hub, admin: str) -> None:
    profile = await ada(hub)
    pickup = {"kind": "pickup", "location": "berlin"}
    for name, about in {
        "online": {},
        "berlin": {"store_id": "berlin"},
        "munich": {"store_id": "munich"},
        "collected": {"store_id": "munich", "fulfilment": pickup},
    }.items():
        await hub.track("ada", "Order Completed", order_id=name, currency="EUR", total=5, **about)
    everything = (await hub.data(SEEN, admin, id=profile))["profile"]
    ids = {it["orderId"]: it["id"] for it in everything["orders"]["nodes"]}
    berlin = await limited(stores=["berlin"])

    shown = (await hub.data(SEEN, berlin, id=profile))["profile"]
    one = "query ($id: ID!) { order(id: $id) { orderId } node(id: $id) { id } }"
    found = {name for name, id_ in ids.items() if (await hub.data(one, berlin, id=id_))["order"]}
    nodes = {name for name, id_ in ids.items() if (await hub.data(one, berlin, id=id_))["node"]}

    assert ids.keys() == {"online", "berlin", "munich", "collected"}
    assert {it["orderId"] for it in shown["orders"]["nodes"]} == found == nodes == {"online", "berlin", "collected"}
    said = [it["properties"].get("order_id") for it in shown["timeline"]["nodes"]]
    assert said == [None, None, "berlin", "online"]
    event = shown["timeline"]["nodes"][1]["id"]
    asked = "query ($id: ID!) { node(id: $id) { ... on Event { properties } } }"
    assert await hub.data(asked, berlin, id=event) == {"node": {"properties": {}}}
    assert (await hub.data(SEEN, await limited(brands=["alpha"]), id=profile))["profile"]["orders"] == everything[
        "orders"
    ]


async def test_an_associate_sees_what_was_bought_in_all_stores(hub: Hub) -> None:
    await ada(hub)
    await hub.track("ada", "Order Completed", order_id="munich", store_id="munich")

    view = 'query { associateView(lookup: {email: "ada@example.com"}) { lastOrders { orderId } } }'
    assert (await hub.data(view, await limited(stores=["berlin"])))["associateView"] == {
        "lastOrders": [{"orderId": "munich"}]
    }


TOPIC = """mutation ($brand: String!) { saveTopic(input: {
  idempotencyKey: $brand, name: "wine", brand: $brand, topicClass: MARKETING, descriptions: [],
  names: [{language: "en", text: "Wine"}]
}) { __typename } }"""
STORE = """mutation ($brand: String!, $store: String!) { upsertStores(input: {idempotencyKey: $store, stores: [{
  storeId: $store, name: "One", brand: $brand, timeZone: "Europe/Berlin", updatedAt: "2026-11-01T12:00:00Z",
  address: {street: "1 High Street", city: "Berlin", postalCode: "10115", country: "DE"}
}]}) { __typename } }"""
KEY = """mutation ($brand: String!) { createKey(input: {
  idempotencyKey: $brand, kind: PARTNER, source: $brand, brands: [$brand], scopes: [EVENTS_WRITE]
}) { __typename } }"""
CONSENT = """mutation ($brand: String!, $id: ID!) { setConsent(input: {
  idempotencyKey: $brand, id: $id, granted: true, brand: $brand, topic: "marketing", channel: EMAIL
}) { __typename } }"""


async def test_entries_about_a_brand_or_store_are_shown_to_who_is_limited_to_it_and_those_about_none_to_all(
    hub: Hub, admin: str
) -> None:
    await hub.publish()  # for its template
    profile = await ada(hub)
    for brand in ("alpha", "beta"):
        await hub.data(TOPIC, admin, brand=brand)
        await hub.data(STORE, admin, brand=brand, store=f"{brand}-1")
        await hub.data(KEY, admin, brand=brand)
        await hub.data(CONSENT, admin, brand=brand, id=profile)
        source = JOURNEY.replace("journey: cart", f"journey: {brand}").replace("sms]", f"sms], brand: {brand}")
        await hub.data(PUBLISH, admin, source=source, under=brand)
    await hub.data("query ($id: ID!) { profile(id: $id) { id } }", admin, id=profile)

    async def counts(key: str) -> dict[str, int]:
        asked = ("save topic", "upsert stores", "create key", "set consent", "publish journey", "read profiles")
        return {what: len((await hub.data(AUDIT, key, what=what))["audit"]["nodes"]) for what in asked}

    every = {"save topic": 2, "upsert stores": 2, "create key": 2, "set consent": 2, "publish journey": 2}
    assert await counts(admin) == {**every, "read profiles": 1}
    assert await counts(await limited(brands=["alpha"])) == {**dict.fromkeys(every, 1), "read profiles": 1}
    assert await counts(await limited(brands=["gamma"])) == {**dict.fromkeys(every, 0), "read profiles": 1}
    assert await counts(await limited(stores=["alpha-1"])) == {**every, "upsert stores": 1, "read profiles": 1}
    assert (await audit.verify()).fault is None


def test_every_limit_of_the_page_says_who_sees_and_who_changes() -> None:
    assert all(it.what and it.by and it.seen and it.changed for it in LIMITS)
    assert {it.what for it in LIMITS if it.by == "-" and it.seen != "all"} == set()
