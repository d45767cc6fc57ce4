"""Broadcasts over GraphQL: created once, found, steered, counted, and each by who may."""

from datetime import timedelta
from typing import Any

import pytest

from hub.access import keys
from hub.access.audit import EntryDocument
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.broadcasts import store
from hub.broadcasts.advance import Advancer
from hub.settings import Environment
from hub.wording.library import Library
from hub.wording.templates import template_of
from hub_api.nodes import global_id
from tests.hub_api.conftest import NOON, Hub

CREATE = """mutation ($input: CreateBroadcastInput!) { createBroadcast(input: $input) {
  __typename ... on CreateBroadcastPayload { broadcast { id name state channels perMinute priority brand topic at
    localAt { date time } startsAt numbers { recipients } } }
  ... on UserError { code message path } } }"""
STEER = """mutation ($id: ID!, $under: String!) { VERBBroadcast(input: {id: $id, idempotencyKey: $under}) {
  __typename ... on UserError { code message path } ... on WrongBroadcastState { state } } }"""
SEGMENT = """mutation { publishSegment(input: {
  idempotencyKey: "g", source: "{segment: vips, when: profile.vip = true}"}) { __typename } }"""
SALE = {"idempotencyKey": "k", "name": "Sale", "segment": "vips", "template": "reminder"}


@pytest.fixture
async def marketer(hub: Hub, admin: str) -> str:
    """Somebody who may, where two customers are in the segment `vips`, one of whom cannot be reached."""
    await hub.publish()  # for its template
    await hub.data(SEGMENT, admin)
    await hub.identify("ada", vip=True, email="ada@example.com")
    await hub.identify("bob", vip=True)
    await hub.identify("eve", vip=False, email="eve@example.com")
    return await made(hub, Role.MARKETER)


async def made(hub: Hub, role: Role, *brands: str) -> str:
    grant = Grant(
        KeyKind.STAFF, "office", person="-".join([role, *brands]), roles=frozenset({role}), brands=frozenset(brands)
    )
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=hub.now) or ""


async def created(hub: Hub, by: str, **changed: Any) -> dict[str, Any]:
    answer = (await hub.data(CREATE, by, input={**SALE, **changed}))["createBroadcast"]
    assert answer["__typename"] == "CreateBroadcastPayload", answer
    broadcast: dict[str, Any] = answer["broadcast"]
    return broadcast


async def steered(hub: Hub, by: str, verb: str, id_: str, key: str = "k") -> dict[str, Any]:
    answer = await hub.data(STEER.replace("VERB", verb), by, id=id_, under=key)
    found: dict[str, Any] = answer[f"{verb}Broadcast"]
    return found


async def test_a_broadcast_is_created_once_and_tells_everybody_in_the_segment(hub: Hub, marketer: str) -> None:
    one = await created(hub, marketer)
    assert await created(hub, marketer) == one
    assert (one["state"], one["channels"], one["priority"]) == ("SCHEDULED", ["EMAIL"], 25)
    assert (one["perMinute"], one["at"], one["localAt"]) == (None, None, None)

    (document,) = await store.BroadcastDocument.find_all().to_list()
    hub.now = document.starts_at
    while (await Advancer().step(document.id, hub.now)).idle == timedelta():
        await hub.advance()
    await hub.advance()
    hub.now += timedelta(seconds=5)
    while (await Advancer().step(document.id, hub.now)).idle is not None:
        pass

    asked = """query ($id: ID!) { broadcast(id: $id) { state startedAt endedAt numbers {
      recipients toCome leftOut waiting sent delivered skipped { reason count } failed unknown cancelled
      opened clicked bounced complained } }
      broadcasts { nodes { id } } node(id: $id) { ... on Broadcast { name } } }"""
    found = await hub.data(asked, marketer, id=one["id"])
    assert found["broadcast"]["state"] == "FINISHED"
    assert found["broadcast"]["numbers"] == {
        "recipients": 2,
        "toCome": 0,
        "leftOut": 0,
        "waiting": 0,
        "sent": 1,
        "delivered": 0,
        "skipped": [{"reason": "unreachable", "count": 1}],
        "failed": 0,
        "unknown": 0,
        "cancelled": 0,
        "opened": 0,
        "clicked": 0,
        "bounced": 0,
        "complained": 0,
    }
    assert (found["broadcasts"]["nodes"], found["node"]) == ([{"id": one["id"]}], {"name": "Sale"})
    told = await hub.data(
        '{ profiles(filter: {userId: "ada"}) { nodes { messages { nodes { broadcastId } } } } }', marketer
    )
    assert told["profiles"]["nodes"][0]["messages"]["nodes"] == [{"broadcastId": one["id"]}]


async def test_a_broadcast_is_paused_resumed_and_cancelled_and_the_audit_is_told_each_once(
    hub: Hub, marketer: str
) -> None:
    one = await created(hub, marketer, at=(NOON + timedelta(days=2)).isoformat())

    for verb in ("pause", "pause", "resume", "cancel"):
        assert (await steered(hub, marketer, verb, one["id"]))["__typename"].endswith("Payload")
    refused = await steered(hub, marketer, "resume", one["id"], "other")

    assert refused == {
        "__typename": "WrongBroadcastState",
        "code": "NOT_ELIGIBLE",
        "message": "The broadcast is cancelled: it cannot be resumed.",
        "path": ["input", "id"],
        "state": "CANCELLED",
    }
    entries = await EntryDocument.find({"what": {"$regex": " broadcast$"}}).sort("_id").to_list()
    assert [it.what.partition(" ")[0] for it in entries] == ["create", "pause", "resume", "cancel"]
    assert {tuple(it.brands or ()) for it in entries} == {("default",)}


@pytest.mark.parametrize(
    ("changed", "code", "path"),
    [
        ({"segment": "vip"}, "BAD_USER_INPUT", "segment"),
        ({"template": "x"}, "BAD_USER_INPUT", "template"),
        ({"topic": "service"}, "NOT_ELIGIBLE", "topic"),
        ({"perMinute": 0}, "BAD_USER_INPUT", "perMinute"),
        ({"at": "2020-01-01T09:00:00Z"}, "BAD_USER_INPUT", "at"),
        ({"at": "2030-01-01T09:00:00"}, "BAD_USER_INPUT", "at"),
        ({"localAt": {"date": "2020-01-01", "time": "09:00:00"}}, "BAD_USER_INPUT", "at"),
        ({"channels": []}, "BAD_USER_INPUT", "channels"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field_and_nothing_is_stored(
    hub: Hub, marketer: str, changed: dict[str, Any], code: str, path: str
) -> None:
    answer = (await hub.data(CREATE, marketer, input={**SALE, **changed}))["createBroadcast"]

    assert (answer["__typename"], answer["code"], answer["path"]) == ("BroadcastRefused", code, ["input", path])
    assert await store.BroadcastDocument.find_all().count() == 0


async def test_a_local_time_is_said_as_it_was_given(hub: Hub, marketer: str) -> None:
    day = f"{NOON + timedelta(days=30):%Y-%m-%d}"

    one = await created(hub, marketer, localAt={"date": day, "time": "09:30:00"})

    assert one["localAt"] == {"date": day, "time": "09:30:00"}
    assert one["startsAt"] == f"{NOON + timedelta(days=29):%Y-%m-%d}T19:30:00+00:00"


async def test_an_id_that_no_broadcast_has_is_said_so(hub: Hub, marketer: str) -> None:
    nobody = global_id("Broadcast", "00000000-0000-0000-0000-000000000001")

    assert (await steered(hub, marketer, "pause", nobody))["__typename"] == "NoSuchBroadcast"
    assert (await hub.data("query ($id: ID!) { broadcast(id: $id) { id } }", marketer, id=nobody))["broadcast"] is None
    assert await hub.codes('{ broadcast(id: "x") { id } }', marketer) == ["BAD_USER_INPUT"]


async def test_who_is_limited_to_brands_creates_and_steers_only_theirs(hub: Hub, marketer: str) -> None:
    alpha = await made(hub, Role.MARKETER, "alpha")
    ours = await created(hub, marketer)

    assert await hub.codes(CREATE, alpha, input=SALE) == ["FORBIDDEN"]
    assert await hub.codes(STEER.replace("VERB", "cancel"), alpha, id=ours["id"], under="k") == ["FORBIDDEN"]
    assert (await created(hub, alpha, brand="alpha"))["brand"] == "alpha"
    (first, *_) = await store.BroadcastDocument.find({"definition.brand": "default"}).to_list()
    assert first.state == "scheduled"


async def test_the_same_key_with_another_input_is_refused(hub: Hub, marketer: str) -> None:
    await created(hub, marketer)

    answer = (await hub.data(CREATE, marketer, input={**SALE, "name": "Other"}))["createBroadcast"]

    assert answer["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_advertising_by_email_without_a_way_out_is_refused_and_nothing_is_stored(hub: Hub, marketer: str) -> None:
    await Library().save(template_of("bare", {"en/subject": "Sale", "en/text": "It is on.", "en/sms": "It is on."}))
    sale = {**SALE, "template": "bare"}

    assert (await hub.data(CREATE, marketer, input=sale))["createBroadcast"] == {
        "__typename": "BroadcastRefused",
        "code": "NO_WAY_OUT",
        "message": "`bare` advertises by e-mail, and its en/text shows no way out: "
        "link to `links.unsubscribe` or `links.preferences`.",
        "path": ["input", "template"],
    }
    assert await store.unfinished() == []
    assert (await created(hub, marketer, template="bare", channels=["SMS"]))["channels"] == ["SMS"]


async def test_a_broadcast_at_the_best_hour_takes_the_best_of_the_channels_that_are_named_or_of_all(
    hub: Hub, marketer: str
) -> None:
    best = {"bestChannel": True, "bestHour": True}
    show = "query ($id: ID!) { broadcast(id: $id) { channels bestChannel bestHour } }"

    of_all = await created(hub, marketer, **best)
    of_two = await created(hub, marketer, idempotencyKey="l", channels=["SMS", "EMAIL"], bestChannel=True)
    usual = await created(hub, marketer, idempotencyKey="m")
    refused = (await hub.data(CREATE, marketer, input={**SALE, **best, "idempotencyKey": "n", "perMinute": 60}))[
        "createBroadcast"
    ]

    assert [it["channels"] for it in (of_all, of_two, usual)] == [["PUSH", "EMAIL", "SMS"], ["SMS", "EMAIL"], ["EMAIL"]]
    assert [(await hub.data(show, marketer, id=it["id"]))["broadcast"]["bestHour"] for it in (of_all, of_two)] == [
        True,
        False,
    ]
    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", ["input", "perMinute"])
