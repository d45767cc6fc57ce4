"""Who is who: merging, undoing it, and the clashes that a person decides."""

import asyncio
from typing import Any

import orjson
import pytest

from hub.access.grants import KeyKind
from hub.database import Database
from hub.events import store as events
from hub.events.model import PARTS, Source, Trust
from hub.intake import merging
from hub.intake.accept import accept
from hub.intake.apply import apply
from hub.kit import ids
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub_api.nodes import global_id
from tests.hub_api.conftest import NOON, Hub
from tests.killing import killed

APP = Source("app", Trust.CLIENT)
MERGE = """
mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) {
  __typename
  ... on MergeProfilesPayload { profile { id } }
  ... on UserError { code message path }
} }
"""
UNMERGE = """
mutation ($input: UnmergeProfilesInput!) { unmergeProfiles(input: $input) {
  __typename
  ... on UnmergeProfilesPayload { profile { id } unmerged { id } }
  ... on UserError { code message }
} }
"""
DISMISS = """
mutation ($input: DismissClashInput!) { dismissClash(input: $input) {
  __typename
  ... on DismissClashPayload { clash { id state } }
} }
"""
CLASHES = """
query ($state: ClashState! = OPEN) { clashes(state: $state) { nodes {
  id kind value source state holder { traits } claimant { traits }
} } }
"""
PROFILE = """
query ($id: ID!) { profile(id: $id) {
  id traits eventCount firstSeenAt lastSeenAt
  identifiers { kind value } timeline { nodes { name } } runs { nodes { key status reason } }
  orders { nodes { orderId } } consents { topic channel state }
} }
"""


async def found(user_id: str) -> Profile:
    """Give the profile that is found by a user id today."""
    user = Identifier(IdentifierKind.USER, user_id)
    profile_id = (await identifier_store.owners([user]))[user].profile_id
    return (await store.heads([profile_id]))[profile_id]


async def two(hub: Hub) -> tuple[str, str]:
    """Make two customers who have bought and agreed to something, and give their ids."""
    for user, state in (("ada", "Granted"), ("bob", "Withdrawn")):
        await hub.identify(user, email=f"{user}@example.com", name=user, **{user: True})
        await hub.track(user, "Order Completed", order_id=f"{user}-1", total="5.00", currency="EUR")
        await hub.track(user, f"Consent {state}", topic="marketing", channel="email", brand="default")
        await hub.track(user, "Consent Granted", topic="marketing", channel="sms" if user == "bob" else "push")
    ada, bob = [await found(user) for user in ("ada", "bob")]
    return str(global_id("Profile", ada.id)), str(global_id("Profile", bob.id))


async def merge(hub: Hub, admin: str, into: str, absorb: str, key: str = "merge") -> dict[str, Any]:
    given = {"idempotencyKey": key, "into": into, "absorb": absorb}
    result: dict[str, Any] = (await hub.data(MERGE, admin, input=given))["mergeProfiles"]
    return result


async def unmerge(hub: Hub, admin: str, absorbed: str, key: str = "unmerge") -> dict[str, Any]:
    given = {"idempotencyKey": key, "absorbed": absorbed}
    result: dict[str, Any] = (await hub.data(UNMERGE, admin, input=given))["unmergeProfiles"]
    return result


async def shown(hub: Hub, admin: str, id_: str) -> dict[str, Any]:
    profile: dict[str, Any] = (await hub.data(PROFILE, admin, id=id_))["profile"]
    return profile


async def test_merging_profile_b_into_a_leaves_one_profile_with_both_histories_and_the_stricter_consents(
    hub: Hub, admin: str
) -> None:
    """And looking up either old id returns A."""
    a, b = await two(hub)

    assert await merge(hub, admin, a, b) == {"__typename": "MergeProfilesPayload", "profile": {"id": a}}
    await hub.say()

    one = await shown(hub, admin, a)
    assert sorted(it["orderId"] for it in one["orders"]["nodes"]) == ["ada-1", "bob-1"]
    assert one["traits"] == {"email": "ada@example.com", "name": "ada", "ada": True, "bob": True}
    assert {(it["topic"], it["channel"], it["state"]) for it in one["consents"]} == {
        ("marketing", "EMAIL", "WITHDRAWN"),
        ("marketing", "PUSH", "GRANTED"),
        ("marketing", "SMS", "GRANTED"),
    }
    assert sorted(it["value"] for it in one["identifiers"]) == ["ada", "ada@example.com", "bob", "bob@example.com"]
    assert one["eventCount"] == 8
    assert {"name": "Profile Merged"} in one["timeline"]["nodes"]

    assert await shown(hub, admin, b) == one
    nodes = "query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } node(id: $id) { id } }"
    assert await hub.data(nodes, admin, ids=[b, a], id=b) == {"nodes": [{"id": a}, {"id": a}], "node": {"id": a}}
    by = "query ($filter: ProfileFilter!) { profiles(filter: $filter) { nodes { id } } }"
    for filter_ in ({"userId": "bob"}, {"email": "bob@example.com"}, {"userId": "ada", "email": "bob@example.com"}):
        assert (await hub.data(by, admin, filter=filter_))["profiles"]["nodes"] == [{"id": a}]
    assert (await hub.data("{ profiles { nodes { id } } }", admin))["profiles"]["nodes"] == [{"id": a}]
    for user in ("ada", "bob"):
        assert (await hub.data("{ me { id } }", hub.token(user)))["me"] == {"id": a}


async def test_what_happens_afterwards_under_either_name_is_the_one_customer_s(hub: Hub, admin: str) -> None:
    await hub.publish()
    a, b = await two(hub)
    await hub.track("ada", "Checkout Started", order_id="A")
    await hub.track("ada", "Checkout Started", order_id="both")
    await hub.track("bob", "Checkout Started", order_id="both")
    await merge(hub, admin, a, b)
    await hub.say()
    await hub.track("bob", "Checkout Started", order_id="A")  # she is in
    await hub.advance()

    one = await shown(hub, admin, b)
    runs = sorted((it["key"], it["status"], it["reason"]) for it in one["runs"]["nodes"])
    assert runs == [("A", "WAITING", None), ("both", "EXITED", "merged"), ("both", "WAITING", None)]
    assert one["eventCount"] == 8 + 4


async def test_unmerging_leaves_both_as_they_were_and_what_happened_since_with_the_one_that_stayed(
    hub: Hub, admin: str
) -> None:
    await hub.publish()
    a, b = await two(hub)
    await hub.track("bob", "Checkout Started", order_id="B")
    before = [await shown(hub, admin, it) for it in (a, b)]
    await merge(hub, admin, a, b)
    await hub.track("ada", "Checkout Started", order_id="B")  # she is in, as bob
    await hub.track("bob", "Seen")

    result = await unmerge(hub, admin, b)
    await hub.say()

    assert result == {"__typename": "UnmergeProfilesPayload", "profile": {"id": a}, "unmerged": {"id": b}}
    ada, bob = [await shown(hub, admin, it) for it in (a, b)]
    for was, now in zip(before, (ada, bob), strict=True):
        for name in ("id", "traits", "firstSeenAt", "identifiers", "orders", "consents", "runs"):
            assert now[name] == was[name], name
    assert [it["eventCount"] - was["eventCount"] for it, was in zip((ada, bob), before, strict=True)] == [2, 0]
    await hub.track("bob", "Checkout Started", order_id="B")  # still in
    await hub.track("ada", "Checkout Started", order_id="B")  # in at last
    runs = [(await shown(hub, admin, it))["runs"]["nodes"] for it in (a, b)]
    assert [[it["key"] for it in of] for of in runs] == [["B"], ["B"]]


async def test_a_merge_that_cannot_be_is_refused_with_a_code_and_a_sentence_and_changes_nothing(
    hub: Hub, admin: str, database: Database
) -> None:
    a, b = await two(hub)
    await hub.identify("cleo")
    c = str(global_id("Profile", (await found("cleo")).id))
    await merge(hub, admin, a, b)
    rows = [row async for row in database["profiles"].find()]
    nobody = str(global_id("Profile", ids.new_id()))

    async def refused(into: str, absorb: str) -> tuple[str, bool]:
        result = await merge(hub, admin, into, absorb, key=f"{into} {absorb}")
        return result["code"], result["message"].endswith(".")

    assert await refused(a, a) == ("SAME_PROFILE", True)
    assert await refused(c, b) == ("ALREADY_MERGED", True)
    assert await refused(b, c) == ("ALREADY_MERGED", True)
    assert await refused(a, b) == ("ALREADY_MERGED", True)
    assert (await unmerge(hub, admin, a))["code"] == "NOT_MERGED"
    for pair in ((a, nobody), (nobody, a)):
        given = {"idempotencyKey": "k", "into": pair[0], "absorb": pair[1]}
        assert await hub.codes(MERGE, admin, input=given) == ["NOT_FOUND"]
    assert await hub.codes(MERGE, hub.token("ada"), input={**given, "into": a, "absorb": c}) == ["FORBIDDEN"]
    server = await hub.key(KeyKind.SERVER)
    assert await hub.codes(MERGE, server, input={**given, "into": a, "absorb": c}) == ["FORBIDDEN"]
    assert [row async for row in database["profiles"].find()] == rows

    await merge(hub, admin, c, a, key="further")
    assert (await unmerge(hub, admin, b, key="inner"))["code"] == "MERGED_FURTHER"
    assert [(await shown(hub, admin, it))["id"] for it in (a, b, c)] == [c, c, c]
    assert (await shown(hub, admin, b))["eventCount"] == 9


async def test_two_merges_in_opposite_directions_at_once_leave_one_profile(hub: Hub, admin: str) -> None:
    a, b = await two(hub)

    results = await asyncio.gather(merge(hub, admin, a, b, key="1"), merge(hub, admin, b, a, key="2"))

    assert sorted(it["__typename"] for it in results) == ["MergeProfilesPayload", "ProfilesNotMergeable"]
    assert [it["code"] for it in results if "code" in it] == ["ALREADY_MERGED"]
    one = await shown(hub, admin, a)
    assert (await shown(hub, admin, b), one["eventCount"]) == (one, 8)


async def test_fifty_calls_at_once_merge_once_and_leave_one_entry(hub: Hub, admin: str, database: Database) -> None:
    a, b = await two(hub)

    results = await asyncio.gather(*(merge(hub, admin, a, b) for _ in range(50)))

    assert all(it == {"__typename": "MergeProfilesPayload", "profile": {"id": a}} for it in results)
    assert await database["events"].count_documents({"name": "Profile Merged"}) == 1
    assert await database["audit"].count_documents({"what": "merge profiles"}) == 1


async def test_a_merge_waits_for_events_that_are_counted_and_not_routed(hub: Hub, admin: str) -> None:
    await hub.publish()
    a, b = await two(hub)
    call = {"type": "track", "userId": "bob", "event": "Checkout Started", "properties": {"order_id": "B"}}
    await accept(APP, [orjson.dumps(call)], now=hub.now)
    await apply(await events.work(range(PARTS), 9), now=hub.now)  # by a router that is slow

    merged, _ = await asyncio.gather(merge(hub, admin, a, b), hub.say())

    assert merged["__typename"] == "MergeProfilesPayload"
    await hub.track("ada", "Checkout Started", order_id="B")
    assert len((await shown(hub, admin, a))["runs"]["nodes"]) == 1


async def test_a_merge_that_is_killed_at_any_write_and_run_again_ends_the_same(hub: Hub, database: Database) -> None:
    for length in range(12):
        for name in ("profiles", "identifiers", "events", "unions"):
            await database[name].delete_many({})
        await hub.identify("ada", name="Ada")
        await hub.identify("bob", pet="cat")
        ada, bob = [(await found(user)).id for user in ("ada", "bob")]
        key = ids.new_id()

        died = await killed(length, lambda: merging.merge(ada, bob, key=key, now=NOON))  # noqa: B023  called here
        assert await merging.merge(ada, bob, key=key, now=NOON) == ada
        await hub.say()

        one = (await store.heads([bob]))[bob]
        assert (one.id, one.members, one.events, one.traits) == (ada, (bob,), 2, {"name": "Ada", "pet": "cat"})
        assert await database["unions"].count_documents({}) == 1
        assert await database["events"].count_documents({"name": "Profile Merged"}) == 1
        if not died:
            break
    assert not died
    assert length > 6


async def test_a_clash_is_listed_until_somebody_dismisses_it_or_merges_both(hub: Hub, admin: str) -> None:
    async def say(user: str) -> None:
        call = {"type": "identify", "userId": user, "traits": {"email": "ada@example.com", "name": user}}
        await accept(APP, [orjson.dumps(call)], now=hub.now)
        await hub.say()

    async def listed(state: str = "OPEN") -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = (await hub.data(CLASHES, admin, state=state))["clashes"]["nodes"]
        return nodes

    await hub.identify("ada", email="ada@example.com")
    await say("eve")
    await say("eve")
    (clash,) = await listed()
    id_ = clash.pop("id")
    assert clash == {
        "kind": "EMAIL",
        "value": "ada@example.com",
        "source": "app",
        "state": "OPEN",
        "holder": {"traits": {"email": "ada@example.com"}},
        "claimant": {"traits": {"email": "ada@example.com", "name": "eve"}},
    }
    given = {"idempotencyKey": "k", "id": id_}
    for _ in range(2):
        result = (await hub.data(DISMISS, admin, input=given))["dismissClash"]
        assert result == {"__typename": "DismissClashPayload", "clash": {"id": id_, "state": "DISMISSED"}}
    await say("eve")
    assert await listed() == []
    assert [it["id"] for it in await listed("DISMISSED")] == [id_]
    assert (await hub.data("query ($id: ID!) { node(id: $id) { id } }", admin, id=id_))["node"] == {"id": id_}

    await say("a.lovelace")
    ada, lovelace = [str(global_id("Profile", (await found(it)).id)) for it in ("ada", "a.lovelace")]
    await merge(hub, admin, ada, lovelace)
    assert await listed() == []
    assert [it["holder"] == it["claimant"] for it in await listed("MERGED")] == [True]


@pytest.mark.parametrize(
    ("filter_", "sentence"),
    [
        ({"email": "ada at example"}, "`email` is an address such as ada@example.com."),
        ({"phone": "030"}, "`phone` is a number with its country's code, such as +44 20 7946 0000."),
    ],
)
async def test_an_address_that_cannot_be_one_finds_nobody_and_is_refused(
    filter_: dict[str, str], sentence: str, hub: Hub, admin: str
) -> None:
    answer = await hub.answer("query ($f: ProfileFilter) { profiles(filter: $f) { nodes { id } } }", admin, f=filter_)

    assert [(it["extensions"]["code"], it["message"]) for it in answer["errors"]] == [("BAD_USER_INPUT", sentence)]
