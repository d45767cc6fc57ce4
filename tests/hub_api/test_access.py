"""Who may see what: no key, no data; one customer never sees another."""

import re
from dataclasses import dataclass

import pytest
import strawberry

from hub.access.grants import KeyKind
from hub.access.model import NOBODY, Caller, CallerKind, Forbidden, Scope, Unauthenticated
from hub.access.names import Names
from hub.kit.ids import new_id
from hub.privacy.service import Privacy
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind
from hub.profiles.suppression import Suppressions
from hub_api.context import Context
from hub_api.nodes import global_id
from hub_api.profiles import Profile
from hub_api.schema import Schema
from runtime import wiring
from runtime.permissions import CALLERS, Line
from tests.hub_api.asking import ROOTS, SCHEMA, document
from tests.hub_api.conftest import Hub, codes_of

BOB = "bob"
HIS = ("bob", "B-1")
"""Words that only answers about Bob hold."""


def context(hub: Hub, caller: Caller) -> Context:
    """What a field is given when nobody stands at the door."""
    privacy = Privacy(hub.settings, wiring.DOCUMENTS)
    return Context(caller, hub.clock, hub.settings, "test", privacy, Suppressions(hub.settings), Names(hub.settings))


@pytest.mark.parametrize("line", ROOTS.values(), ids=lambda line: line.name)
async def test_without_a_key_every_field_is_an_error_and_never_data(hub: Hub, line: Line) -> None:
    query = f"{'mutation' if line.of == 'Mutation' else 'query'} {{ {document(line, '')} }}"

    response = await hub.post(query)
    asked_past_the_door = await SCHEMA.execute(query, context_value=context(hub, NOBODY))

    assert response.status_code == 401
    assert codes_of(response.json()) == ["UNAUTHENTICATED"]
    assert "data" not in response.json()
    assert [type(error.original_error) for error in asked_past_the_door.errors or ()] == [Unauthenticated]
    assert not any((asked_past_the_door.data or {}).values())


async def test_a_key_that_is_wrong_changed_or_revoked_is_refused_before_anything_is_done(hub: Hub) -> None:
    right = await hub.key(KeyKind.STAFF)
    for wrong in (right[:-1], "hub_dev_0_0", "x", hub.token("ada") + "x"):
        response = await hub.post("{ journeys { name } }", wrong)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert codes_of(response.json()) == ["UNAUTHENTICATED"]
        assert "data" not in response.json()


async def test_a_forbidden_event_or_journey_is_not_stored(hub: Hub) -> None:
    await hub.codes(document_of("track"), hub.token("ada"))
    await hub.codes(document_of("publishJourney"), await hub.key(KeyKind.SERVER))

    admin = await hub.key(KeyKind.STAFF)
    assert (await hub.data("{ journeys { name } profiles { nodes { id } } }", admin)) == {
        "journeys": [],
        "profiles": {"nodes": []},
    }


def document_of(mutation: str) -> str:
    return f"mutation {{ {document(ROOTS['Mutation', mutation], '')} }}"


async def test_a_customer_sees_themselves_whole(hub: Hub) -> None:
    await hub.publish()
    await hub.identify("ada", email="ada@example.com")
    await hub.track("ada", "Checkout Started", order_id="A-1")
    await hub.advance()

    me = (
        await hub.data(
            """{ me { traits identifiers { value } timeline { nodes { name } } runs { nodes { key } }
                 messages { nodes { state } } decisions { nodes { question } } } }""",
            hub.token("ada"),
        )
    )["me"]

    assert me["traits"] == {"email": "ada@example.com"}
    assert sorted(it["value"] for it in me["identifiers"]) == ["ada", "ada@example.com"]
    assert sorted(it["name"] for it in me["timeline"]["nodes"]) == ["Checkout Started", "Identify", "reminder"]
    assert me["runs"]["nodes"] == [{"key": "A-1"}]
    assert me["messages"]["nodes"] == [{"state": "SENT"}]
    assert me["decisions"]["nodes"] == [{"question": "enter cart"}]


async def test_a_customer_of_whom_nothing_was_heard_is_null(hub: Hub) -> None:
    await hub.identify("bob", email="ada@example.com")

    assert await hub.data("{ me { id } }", hub.token("ada")) == {"me": None}


@dataclass(frozen=True)
class Two:
    """Ada, who asks, and Bob, of whom she must learn nothing: the ids and cursors of what is his."""

    ada: str
    own_id: str
    his_id: str
    his_ids: dict[str, str]
    his_cursor: str


@pytest.fixture
async def two(hub: Hub, admin: str) -> Two:
    await hub.publish()
    for name in ("ada", BOB):
        await hub.identify(name, email=f"{name}@example.com")
    await hub.track(BOB, "Checkout Started", order_id="B-1")
    await hub.advance()
    found = """query ($user: String!) { profiles(filter: {userId: $user}) { nodes {
        id timeline { edges { cursor } nodes { id } } runs { nodes { id } }
        messages { nodes { id } } decisions { nodes { id } }
    } } }"""
    (his,) = (await hub.data(found, admin, user=BOB))["profiles"]["nodes"]
    (own,) = (await hub.data(found, admin, user="ada"))["profiles"]["nodes"]
    ids = {name: his[name]["nodes"][0]["id"] for name in ("timeline", "runs", "messages", "decisions")}
    cursor = his["timeline"]["edges"][0]["cursor"]
    return Two(hub.token("ada"), own["id"], his["id"], {"profile": his["id"], **ids}, cursor)


WAYS = {
    "field": "{ profile(id: <his>) { traits } }",
    "list": "{ profiles { nodes { traits } } }",
    "filter by a name of his": '{ profiles(filter: {userId: "bob"}) { nodes { traits } } }',
    "filter by a name of her own": '{ profiles(filter: {userId: "ada"}) { nodes { traits } } }',
    "node": "{ node(id: <his>) { id ... on Profile { traits } } }",
    "nodes": "{ nodes(ids: [<his>]) { id ... on Profile { traits } } }",
    "nodes beside her own": "{ nodes(ids: [<own>, <his>]) { id ... on Profile { traits } } }",
    "alias beside her own": "{ me { id } him: profile(id: <his>) { traits } }",
    "fragment": "{ ...him } fragment him on Query { profile(id: <his>) { traits } }",
    "the audit": "{ audit { nodes { subject } } }",
    "a file with everything": """mutation { exportProfile(input: {idempotencyKey: "k", id: <his>}) {
        ... on ExportProfilePayload { __typename } } }""",
    "an address suppressed": """mutation { liftSuppression(input: {
        idempotencyKey: "k", channel: EMAIL, address: "bob@example.com"}) { __typename } }""",
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_customer_reaches_nothing_of_another_by(hub: Hub, two: Two, way: str) -> None:
    query = WAYS[way].replace("<his>", f'"{two.his_id}"').replace("<own>", f'"{two.own_id}"')

    answer = await hub.answer(query, two.ada)

    assert codes_of(answer) == ["FORBIDDEN"]
    assert not any(
        (answer["data"] or {}).get(name) for name in ("profile", "profiles", "node", "nodes", "him", "audit")
    )
    assert not any(word in str(answer) for word in HIS)


@pytest.mark.parametrize("relation", ["profile", "timeline", "runs", "messages", "decisions"])
async def test_a_customer_reaches_nothing_of_another_by_the_id_of(hub: Hub, two: Two, relation: str) -> None:
    for query in ("node(id: $id) { id }", "nodes(ids: [$id]) { id }", "profile(id: $id) { id }"):
        answer = await hub.answer(f"query ($id: ID!) {{ {query} }}", two.ada, id=two.his_ids[relation])
        assert codes_of(answer) == ["FORBIDDEN"]
        assert not any((answer["data"] or {}).values())


@pytest.mark.parametrize("bound", ["after", "before"])
async def test_a_cursor_of_another_leads_into_ones_own_list_only(hub: Hub, two: Two, bound: str) -> None:
    count = "last: 5" if bound == "before" else "first: 5"
    data = await hub.data(
        f"query ($at: String!) {{ me {{ timeline({count}, {bound}: $at) {{ nodes {{ name }} }} }} }}",
        two.ada,
        at=two.his_cursor,
    )

    # Bob's last event is the newest of all: Ada's one event stands behind it.
    assert data["me"]["timeline"]["nodes"] == ([{"name": "Identify"}] if bound == "after" else [])


@pytest.mark.parametrize(
    "query",
    [
        "query ($id: ID!) { profile(id: $id) { id } }",
        "query ($id: ID!) { node(id: $id) { id } }",
        "query ($id: ID!) { nodes(ids: [$id]) { id } }",
        """mutation ($id: ID!) { setConsent(input: {
            idempotencyKey: "k", id: $id, channel: EMAIL, granted: false}) { __typename } }""",
    ],
)
async def test_an_error_does_not_tell_whether_another_exists(hub: Hub, two: Two, query: str) -> None:
    nobodys = global_id("Profile", new_id())

    his, made_up = [await hub.answer(query, two.ada, id=id_) for id_ in (two.his_id, nobodys)]

    for answer in (his, made_up):
        answer["errors"][0]["extensions"].pop("requestId")
    assert his == made_up
    assert codes_of(his) == ["FORBIDDEN"]


OF_SOMETHING_ELSE = {"removeReview"}
"""Mutations whose `id` is none of a profile. That nobody changes what is another's is tested where they are."""


def that_name_somebody() -> list[Line]:
    """The mutations that a customer may do and whose input has the id of a profile."""
    inputs = SCHEMA._schema.type_map
    return [
        line
        for (of, name), line in ROOTS.items()
        if of == "Mutation" and line.lets(CALLERS["customer"])
        if "id" in inputs[f"{name[0].upper()}{name[1:]}Input"].fields and name not in OF_SOMETHING_ELSE
    ]


@pytest.mark.parametrize("line", that_name_somebody(), ids=lambda line: line.name)
async def test_a_customer_who_names_another_in_a_mutation_changes_nothing(
    hub: Hub, two: Two, admin: str, line: Line
) -> None:
    state = "{ profiles { nodes { id traits eventCount timeline { nodes { name } } consents { __typename } } } }"
    before = await hub.data(state, admin)
    given = re.sub(r"\bid: [^,}]*,? ?", "", document(line, "")).replace("(input: {", f'(input: {{id: "{two.his_id}", ')

    assert await hub.codes(f"mutation {{ {given} }}", two.ada) == ["FORBIDDEN"]

    assert await hub.data(state, admin) == before


@strawberry.type
class Careless:
    """A field that somebody may write one day: it leads to whatever profile is asked for."""

    @strawberry.field
    async def anybody(self, user_id: str) -> Profile:
        owned = await identifier_store.owners([Identifier(IdentifierKind.USER, user_id)])
        (profile_id,) = {it.profile_id for it in owned.values()}
        return Profile.of((await store.load([profile_id]))[profile_id])


@pytest.mark.parametrize("relation", ["identifiers", "timeline", "runs", "messages", "decisions"])
async def test_relations_ask_again_whose_profile_it_is(hub: Hub, relation: str) -> None:
    await hub.identify("ada")
    await hub.identify("bob")
    ada = context(hub, Caller(CallerKind.CUSTOMER, "ada", frozenset({Scope.PROFILE_SELF})))
    query = f"query ($user: String!) {{ anybody(userId: $user) {{ {relation} {{ __typename }} }} }}"
    careless = Schema(Careless)

    own = await careless.execute(query, variable_values={"user": "ada"}, context_value=ada)
    others = await careless.execute(query, variable_values={"user": "bob"}, context_value=ada)

    assert own.errors is None
    assert [type(error.original_error) for error in others.errors or ()] == [Forbidden]
    assert others.data is None
