"""Row 114: what was changed and what staff were shown stands in the audit, and nothing of a person."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument
from strawberry.types.base import StrawberryObjectDefinition

from hub.access import audit
from hub.access.audit import Entry, EntryDocument, Wanted
from hub.access.grants import KeyKind
from hub.access.model import Scope
from hub.content import service as contents
from hub.database import Database
from hub.kit import pages
from hub.kit.ids import new_id
from hub.messaging import store as messages
from hub.messaging.model import Message
from hub.profiles import clashes, identifier_store
from hub.profiles.clashes import Clash
from hub.profiles.model import Channel, Identifier, IdentifierKind
from hub.rewards import service as rewards
from hub_api.needs import Needs
from hub_api.nodes import Node, global_id
from hub_api.schema import Schema, build
from tests.hub_api.conftest import JOURNEY, NOON, Hub, codes_of

AUDIT = """query ($filter: AuditFilter, $first: Int, $after: String) {
  audit(filter: $filter, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { number hash actor { kind subject roles } what subject before after at requestId }
  }
}"""
PUBLISH = """mutation ($source: String!) {
  publishJourney(input: {source: $source, idempotencyKey: "k1"}) { __typename }
}"""

PERSONAL = {Scope.PROFILE_READ, Scope.PROFILE_EXPORT, Scope.PROFILE_MERGE, Scope.ASSOCIATE_READ, Scope.CONTENT_READ}
"""Scopes of questions whose answers are about persons."""

COUNTING = {"agreedSnippets", "profileCount", "segmentPreview", "rfmGrid", "poster"}
"""Questions that are answered by a number, by agreed words, or by what hangs on a wall, and show nobody; whom a preview
shows beside it, `examples` tells."""

ABOUT_NOBODY = {"Broadcast", "Journey", "Product", "Store"}
"""Objects with an id that say nothing of a person."""

ROOTS = {
    "profile": 'profile(id: "ADA") { traits }',
    "profiles": 'profiles(filter: {userId: "ada"}) { nodes { locale } }',
    "node": 'node(id: "ADA") { id }',
    "nodes": 'nodes(ids: ["ADA"]) { id }',
    "associateView": 'associateView(lookup: {email: "ada@example.com"}) { verified }',
    "clashes": "clashes { nodes { value } }",
    "content": 'content(surface: STAFF_SCRIPT, id: "ADA") { text }',
    "doubtfulMessages": "doubtfulMessages(doubt: UNKNOWN) { nodes { state } }",
    "previewTemplate": 'previewTemplate(input: {name: "sign-in", channel: EMAIL, profileId: "ADA"}) { __typename }',
    "canAccess": 'canAccess(id: "ADA", sku: "A-1") { allowed }',
    "rewards": 'rewards(id: "ADA") { name }',
    "reviews": "reviews(filter: {states: [RECEIVED]}) { nodes { text } }",
    "review": 'review(id: "REVIEW") { text }',
    "order": 'order(id: "ORDER") { id }',
    "explainEarning": 'explainEarning(id: "ORDER") { programs { program } }',
}
"""How each question is asked that shows something of Ada to staff. The fields of a profile need no line here."""


@pytest.fixture(scope="module")
def schema() -> Schema:
    return build(introspection=True)


def definitions(schema: Schema) -> Iterator[StrawberryObjectDefinition]:
    for concrete in schema.schema_converter.type_map.values():
        if isinstance(concrete.definition, StrawberryObjectDefinition) and not concrete.definition.is_input:
            yield concrete.definition


def test_every_object_with_an_id_says_whose_it_is_or_stands_in_the_list_of_those_about_nobody(schema: Schema) -> None:
    anonymous = {
        it.name
        for it in definitions(schema)
        if issubclass(it.origin, Node) and it.origin is not Node and "profile_id" not in it.origin.__annotations__
    }

    assert anonymous - ABOUT_NOBODY == set()


def test_every_question_whose_answer_is_about_persons_stands_in_the_table(schema: Schema) -> None:
    asked = {
        schema.config.name_converter.get_graphql_name(field)
        for it in definitions(schema)
        if it.name == "Query"
        for field in it.fields
        for needs in field.extensions
        if isinstance(needs, Needs) and needs.scope in PERSONAL
    }

    assert asked - COUNTING == set(ROOTS)


async def test_every_read_of_personal_data_by_staff_leaves_an_entry(
    hub: Hub, admin: str, schema: Schema, database: Database
) -> None:
    ada, bob = await profile_of(hub, "ada"), await profile_of(hub, "bob")
    named = Identifier(IdentifierKind.EMAIL, "ada@example.com")
    await clashes.record([Clash(holder=ada, claimant=bob, identifier=named, source="shop", at=NOON)])
    lines = [{"product_id": "P-1", "quantity": 1, "price": 10}]
    await hub.track("ada", "Order Completed", order_id="A-1", total=10, currency="EUR", products=lines)
    await hub.track("ada", "Product Reviewed", product_id="P-1", rating=4, review_body="Tastes of plums")
    await messages.queue([Message(new_id(), ada, "sign-in", (Channel.EMAIL,), NOON)])
    await database["messages"].update_one({}, {"$set": {"state": "unknown", "due": None}})
    script = "{content: greet, surface: staff_script, texts: {en: {text: Hello}}}"
    await contents.publish(script, by="test", key="k", now=NOON)
    thanks = "{reward: thanks, kind: experience, labels: {en: Thanks}}"
    await rewards.publish(thanks, by="test", key="k", now=NOON)
    order = await database["orders"].find_one({}) or {}
    review = await database["reviews"].find_one({}) or {}
    ids = {
        "ADA": global_id("Profile", ada),
        "ORDER": global_id("Order", order["_id"]),
        "REVIEW": global_id("Review", review["_id"]),
    }
    fields = [f'profile(id: "ADA") {{ {field} }}' for field in fields_of_a_profile(schema)]

    for number, field in enumerate([*ROOTS.values(), *fields], start=1):
        await hub.data(re.sub("ADA|ORDER|REVIEW", lambda name: ids[name[0]], f"{{ {field} }}"), admin)
        told = await entries()
        assert len(told) == number, f"{field} leaves no entry"
        assert told[0].change == audit.Change("read profiles", "profiles", None, {"profiles": [str(ada)]}), field
        assert (told[0].actor.kind, told[0].actor.subject) == ("staff", admin.split("_")[2])
    assert len(fields) > 4  # else the walk has lost its way


def fields_of_a_profile(schema: Schema) -> list[str]:
    """Select every field of a profile that loads something, as deep as it must be."""
    shown = schema._schema.type_map["Profile"]
    assert isinstance(shown, GraphQLObjectType)
    return [
        name if is_leaf_type(get_named_type(field.type)) else f"{name} {{ __typename }}"
        for name, field in shown.fields.items()
        if not any(is_required_argument(argument) for argument in field.args.values())
    ]


async def test_one_request_that_shows_several_persons_leaves_one_entry_that_names_each(hub: Hub, admin: str) -> None:
    ada, bob = await profile_of(hub, "ada"), await profile_of(hub, "bob")
    question = """{ profiles { nodes { id timeline { nodes { ... on Event { properties } } } } }
                    again: profiles { nodes { id } } }"""

    await hub.data(question, admin)

    (entry,) = await entries()
    assert entry.change.after == {"profiles": sorted([str(ada), str(bob)])}


async def test_the_examples_of_a_preview_leave_an_entry_and_its_counts_none(hub: Hub, admin: str) -> None:
    ada = await profile_of(hub, "ada")
    preview = """query ($source: String!, $shown: Boolean!) { segmentPreview(source: $source) {
        ... on SegmentPreview { members { count examples @include(if: $shown) { id } } } } }"""

    for shown in (False, True):
        assert await entries() == []
        await hub.data(preview, admin, source="{segment: a, when: profile.x = null}", shown=shown)

    assert [it.change.after for it in await entries()] == [{"profiles": [str(ada)]}]


async def test_reading_the_timelines_events_by_their_ids_leaves_an_entry_too(hub: Hub, admin: str) -> None:
    ada = await profile_of(hub, "ada")
    (event,) = (await hub.data("{ profiles { nodes { timeline { nodes { id } } } } }", admin))["profiles"]["nodes"]
    id_ = event["timeline"]["nodes"][0]["id"]

    await hub.data("query ($id: ID!) { node(id: $id) { ... on Event { properties } } }", admin, id=id_)

    assert [it.change.after for it in await entries()] == [{"profiles": [str(ada)]}] * 2


async def test_what_the_answer_of_a_mutation_shows_of_a_person_leaves_an_entry_also_when_it_is_given_again(
    hub: Hub, admin: str
) -> None:
    ada, bob = await profile_of(hub, "ada"), await profile_of(hub, "bob")
    merge = f"""mutation {{ mergeProfiles(input: {{
        idempotencyKey: "k1", into: "{global_id("Profile", ada)}", absorb: "{global_id("Profile", bob)}"
    }}) {{ ... on MergeProfilesPayload {{ profile {{ traits }} }} }} }}"""

    for _ in range(2):
        await hub.data(merge, admin)

    told = [(it.change.what, it.change.after) for it in await entries()]
    read = ("read profiles", {"profiles": [str(ada)]})
    assert told == [read, read, ("merge profiles", {"absorbed": str(bob)})]


async def test_a_machine_a_customer_and_a_refused_question_leave_no_entry(hub: Hub) -> None:
    ada = await profile_of(hub, "ada")
    question = f'{{ profile(id: "{global_id("Profile", ada)}") {{ traits }} }}'

    await hub.data(question, await hub.key(KeyKind.SERVER))
    await hub.data("{ me { timeline { nodes { id } } } }", hub.token("ada"))
    assert await hub.codes(question, hub.token("bob")) == ["FORBIDDEN"]

    assert await entries() == []


async def test_what_cannot_be_told_to_the_audit_is_not_shown(hub: Hub, admin: str, database: Database) -> None:
    await profile_of(hub, "ada")
    await database.command("collMod", "audit", validator={"never": {"$exists": True}})
    try:
        response = await hub.post("{ profiles { nodes { traits } } }", admin)
    finally:
        await database.command("collMod", "audit", validator={})

    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert codes_of(response.json()) == ["UNAVAILABLE"]
    assert "data" not in response.json()


async def test_a_change_leaves_an_entry_with_actor_before_after_and_request_id(hub: Hub, admin: str) -> None:
    await hub.publish()
    response = await hub.post(PUBLISH, admin, variables={"source": JOURNEY.replace("1h", "2h")})

    (entry,) = (await hub.data(AUDIT, admin))["audit"]["nodes"]

    row = await EntryDocument.get_pymongo_collection().find_one({"_id": 1}) or {}
    assert entry == {
        "number": 1,
        "hash": row["hash"],
        "actor": {"kind": "staff", "subject": admin.split("_")[2], "roles": ["admin"]},
        "what": "publish journey",
        "subject": "cart",
        "before": {"version": 1},
        "after": {"version": 2},
        "at": row["at"].isoformat(),
        "requestId": response.headers["x-request-id"],
    }


async def test_the_audit_is_found_by_what_whom_and_when_and_paged(hub: Hub, admin: str) -> None:
    ada = await profile_of(hub, "ada")
    await hub.publish()
    await hub.data(PUBLISH, admin, source=JOURNEY.replace("1h", "2h"))
    await hub.data("{ profiles { nodes { id } } }", admin)

    async def found(**filter_: str) -> list[int]:
        return [it["number"] for it in (await hub.data(AUDIT, admin, filter=filter_))["audit"]["nodes"]]

    assert await found() == [2, 1]
    assert await found(subject="cart") == [1]
    assert await found(subject=str(ada)) == [2]
    assert await found(what="read profiles", actor=admin.split("_")[2]) == [2]
    assert await found(actor="somebody else") == []
    assert await found(until="2026-01-01T00:00:00Z") == []
    first = (await hub.data(AUDIT, admin, first=1))["audit"]
    assert first["pageInfo"]["hasNextPage"] is True
    after = await hub.data(AUDIT, admin, first=1, after=first["pageInfo"]["endCursor"])
    assert [it["number"] for it in after["audit"]["nodes"]] == [1]


async def test_the_audit_is_for_those_who_may_read_it(hub: Hub) -> None:
    assert await hub.codes("{ audit { nodes { number } } }", await hub.key(KeyKind.SERVER)) == ["FORBIDDEN"]


async def entries() -> list[Entry]:
    return [entry for _, entry in (await audit.page(Wanted(), pages.Span(limit=100))).rows]


async def profile_of(hub: Hub, user_id: str) -> UUID:
    await hub.identify(user_id, email=f"{user_id}@example.com")
    named = Identifier(IdentifierKind.USER, user_id)
    return (await identifier_store.owners([named]))[named].profile_id
