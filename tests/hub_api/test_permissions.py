"""Every cell of `docs/permissions.md`, asked over HTTP: who may do what, and who may not."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.routing import Route

from hub.access import keys
from hub.access.grants import CALLER_KINDS, Grant, KeyKind
from hub.access.model import CallerKind, Role, Scope
from hub.access.permissions import DETAILS, KINDS, MEANINGS, ROLES
from hub.ledger.moves import Earn
from hub.settings import Environment
from runtime.http import RequestLog
from runtime.permissions import CALLERS, ROUTES, Line
from tests.hub_api.asking import LINES, REACHED, document, reached, root_of
from tests.hub_api.conftest import NOON, Hub, codes_of
from tests.hub_api.test_wallets import post, profile_of

PROGRAM = (
    "{program: a, texts: {en: a}, zone: UTC, currency: EUR, rules: [{rule: v, wallet: p, visit: {points: 1}}], "
    "wallets: [{wallet: p, kind: spendable, one: {en: p}, many: {en: p}, expires: never}]}"
)
STOCKED = """
mutation {
  publishRollup(input: {idempotencyKey: "r", source: "{rollup: spend, event: Order Completed}"}) { __typename }
  publishSegment(input: {idempotencyKey: "g", source: "{segment: vips, when: profile.vip = true}"}) { __typename }
  createProgram(input: {idempotencyKey: "l", source: "%PROGRAM%"}) { __typename }
  activateProgram(input: {idempotencyKey: "l", name: "a", version: 1}) { __typename }
  publishReward(input: {idempotencyKey: "w", source: "{reward: a, kind: experience, labels: {en: A}}"}) { __typename }
  createBroadcast(input: {idempotencyKey: "b", name: "Sale", segment: "vips", template: "reminder"}) { __typename }
  upsertProducts(input: {idempotencyKey: "p", products: [{
    productId: "P-1", names: [{language: "en", text: "Milk"}], updatedAt: "2026-11-01T12:00:00Z",
    variants: [{sku: "A-1"}]
  }]}) { __typename }
  upsertStores(input: {idempotencyKey: "s", stores: [{
    storeId: "S-1", name: "One", timeZone: "Europe/Berlin", updatedAt: "2026-11-01T12:00:00Z",
    address: {street: "1 High Street", city: "Berlin", postalCode: "10115", country: "DE"}
  }]}) { __typename }
  setStock(input: {idempotencyKey: "l", levels: [{
    sku: "A-1", location: "S-1", onHand: 3, updatedAt: "2026-11-01T12:00:00Z"
  }]}) { __typename }
}
""".replace("%PROGRAM%", PROGRAM)


OURS = {"UNAUTHENTICATED", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "INTERNAL_SERVER_ERROR"}
"""Errors that would be the fault of this file, or of the hub."""


class Shop:
    """Something of everything, and a key or token of every sort of caller."""

    def __init__(self, hub: Hub, ada: str, presented: Mapping[str, str]) -> None:
        self.hub, self.ada, self.presented = hub, ada, presented

    async def let_in(self, caller: str, line: Line) -> bool:
        """Ask for a field, and tell whether the caller was let in. A field that is not even reached fails the test."""
        kind = "mutation" if line.of == "Mutation" else "query"
        query = f"{kind} {{ {document(line, caller)} }}".replace("<ada>", self.ada)
        # A customer comes with a new token each time: one of the mutations ends it.
        presented = self.hub.token("ada") if caller == CallerKind.CUSTOMER else self.presented[caller]
        answer = await self.hub.answer(query, presented)
        codes = codes_of(answer) if "errors" in answer else []
        assert "FORBIDDEN" not in codes or codes == ["FORBIDDEN"], (line, answer)
        assert not OURS & set(codes), (line, answer)
        if not codes and line.of in REACHED:
            assert reached(answer["data"]), f"REACHED leads to no {line.of}: {answer}"
        return not codes or codes != ["FORBIDDEN"]


async def presented_by(hub: Hub) -> dict[str, str]:
    """Make a key or token of every sort of caller."""

    async def make(grant: Grant) -> str:
        return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""

    every = KINDS[CallerKind.PARTNER]
    return {
        "client": await hub.key(KeyKind.CLIENT),
        "customer": hub.token("ada"),
        "device": await make(Grant(KeyKind.DEVICE, "kiosk", stores=frozenset({"S-1"}))),
        "till": await make(
            Grant(KeyKind.DEVICE, "till", scopes=frozenset({Scope.TILLS_WRITE}), stores=frozenset({"S-1"}))
        ),
        "partner": await make(Grant(KeyKind.PARTNER, "adnet", scopes=every, brands=frozenset({"default"}))),
        "server": await hub.key(KeyKind.SERVER),
        **{role: await make(Grant(KeyKind.STAFF, "office", person=role, roles=frozenset({role}))) for role in Role},
    }


@pytest.fixture
async def shop(hub: Hub) -> Shop:
    for name in ("ada", "bob"):
        await hub.identify(name, email="ada@example.com")
    presented = await presented_by(hub)
    await hub.publish()  # for its template
    await hub.data(STOCKED, presented["admin"])
    await hub.track("ada", "Order Completed", order_id="O-1", total=10, currency="EUR")
    await hub.track("ada", "Product Added", product_id="P-1", sku="A-1", quantity=1)
    await post(await profile_of("ada"), "earn", Earn("points", 5, "order/O-1", NOON))
    profiles = await hub.data('{ profiles(filter: {userId: "ada"}) { nodes { id } } }', presented["admin"])
    given = 'mutation { redeemReward(input: {idempotencyKey: "v", reward: "a"}) { __typename } }'
    await hub.data(given, hub.token("ada"))
    return Shop(hub, profiles["profiles"]["nodes"][0]["id"], presented)


async def test_every_caller_is_let_in_where_the_matrix_says_so_and_nowhere_else(shop: Shop) -> None:
    # Mutations come last: one of those that a customer may do erases them.
    asked = sorted(LINES, key=lambda line: line.of == "Mutation")
    cells = [(caller, line) for line in asked for caller in CALLERS]
    said = {cell for cell in cells if lets(*cell)}

    found = {cell for cell in cells if await shop.let_in(*cell)}

    assert found - said == set()
    assert said - found == set()
    assert {caller for caller, _ in found} == set(CALLERS)


def lets(caller: str, line: Line) -> bool:
    """Read the matrix: a field is for whom gets past it and past the way to it."""
    return line.lets(CALLERS[caller]) and root_of(line, caller).lets(CALLERS[caller])


def routes_of(app: Any) -> set[str]:
    assert isinstance(app, RequestLog)
    return {route.path for route in app._app.routes if isinstance(route, Route)}  # type: ignore[attr-defined]


def test_every_route_says_which_scope_it_needs_or_why_none(app: Any) -> None:
    assert routes_of(app) == set(ROUTES), "Give each new route a line in runtime/permissions.py, with its scope."


async def test_events_are_taken_over_http_from_whom_the_matrix_lets_send_them(hub: Hub) -> None:
    statuses = {}
    for caller, key in (await presented_by(hub)).items():
        event = {"event": "Looked", "userId": "ada", "messageId": f"by-{caller}"}
        answer = await hub.http.post("/v1/track", json=event, headers={"Authorization": f"Bearer {key}"})
        statuses[caller] = answer.status_code

    needed = ROUTES["/v1/{call}"]
    assert statuses == {caller: 200 if needed in scopes else 403 for caller, scopes in CALLERS.items()}


@pytest.mark.parametrize("path", [path for path, needed in ROUTES.items() if needed is Scope.TILLS_WRITE])
async def test_a_till_is_believed_over_http_where_the_matrix_says_so(hub: Hub, path: str) -> None:
    statuses = {}
    for caller, key in (await presented_by(hub)).items():
        answer = await hub.http.post(path, json={}, headers={"Authorization": f"Bearer {key}"})
        statuses[caller] = answer.status_code

    needed = ROUTES[path]
    assert statuses == {caller: 422 if needed in scopes else 403 for caller, scopes in CALLERS.items()}


def test_every_scope_role_and_kind_has_its_line() -> None:
    assert MEANINGS.keys() == set(Scope)
    assert ROLES.keys() == set(Role)
    assert KINDS.keys() == set(CallerKind)
    assert CALLER_KINDS.keys() == set(KeyKind)
    assert DETAILS.keys() == {role for role, scopes in ROLES.items() if Scope.ASSOCIATE_READ in scopes}


def test_somebody_has_every_scope() -> None:
    assert frozenset().union(*CALLERS.values()) == set(Scope)


def test_only_an_admin_hands_out_keys_and_only_customers_have_a_profile_of_their_own() -> None:
    assert {name for name, scopes in CALLERS.items() if Scope.KEYS_WRITE in scopes} == {"admin"}
    assert {name for name, scopes in CALLERS.items() if Scope.PROFILE_SELF in scopes} == {"customer"}
    assert {name for name, scopes in CALLERS.items() if Scope.PROFILE_ERASE in scopes} == {"admin"}


@pytest.mark.parametrize("kind", [KeyKind.CLIENT, KeyKind.DEVICE, KeyKind.PARTNER])
def test_a_key_that_others_can_get_hold_of_reads_nothing_of_a_person(kind: KeyKind) -> None:
    assert KINDS[CALLER_KINDS[kind]] <= {Scope.EVENTS_WRITE, Scope.CONTENT_READ, Scope.COMMERCE_READ}
