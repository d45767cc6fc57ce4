"""Row 6: one timeline of everything from every channel."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.messaging import store as messages
from hub.messaging.model import Message, MessageClass, State
from hub.profiles.model import Channel
from hub_api.nodes import parsed
from tests.hub_api.conftest import NOON, Hub

TIMELINE = """
query ($filter: TimelineFilter, $first: Int, $after: String, $last: Int, $before: String) {
  profiles { nodes { timeline(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { __typename id name source at }
  } } }
}
"""
WAY: list[tuple[str, str, Mapping[str, Any]]] = [
    ("app", "Product Viewed", {"product_id": "P-1"}),
    ("web", "Product Added", {"product_id": "P-1", "quantity": 1}),
    ("shop", "Checkout Started", {"order_id": "A-1", "value": 10}),
    ("shop", "Order Completed", {"order_id": "A-1", "total": 10, "currency": "EUR"}),
    ("till-7", "Store Visited", {"store_id": "S-1"}),
    ("erp", "Order Refunded", {"order_id": "A-1", "refund_id": "R-1", "total": 4, "currency": "EUR"}),
]


async def told(hub: Hub, source: str, event: str, properties: Mapping[str, Any] = {}, **call: Any) -> None:
    """Let a system tell of an event of Ada, a second after the last one, and route it."""
    hub.now += timedelta(seconds=1)
    body = {"type": "track", "userId": "ada", "event": event, "properties": properties, **call}
    receipt = await accept(Source(source, Trust.SERVER), [orjson.dumps(body)], now=hub.now)
    assert not receipt.refused
    await hub.say()


async def timeline(hub: Hub, key: str, **arguments: Any) -> dict[str, Any]:
    (ada,) = (await hub.data(TIMELINE, key, **arguments))["profiles"]["nodes"]
    found: dict[str, Any] = ada["timeline"]
    return found


async def names(hub: Hub, key: str, **filter_: Any) -> list[str]:
    return [it["name"] for it in (await timeline(hub, key, filter=filter_))["nodes"]]


async def message(profile_id: UUID, n: int, *, seconds: int) -> None:
    """Store a message as if it had been decided so many seconds after noon."""
    await messages.queue(
        [
            Message(
                id=UUID(int=n),
                profile_id=profile_id,
                run_id=None,
                event_id=None,
                journey=None,
                version=None,
                step=None,
                visit=None,
                template=f"message {n}",
                channels=(Channel.EMAIL,),
                created_at=NOON + timedelta(seconds=seconds),
                message_class=MessageClass.NEVER_TWICE,
                state=State.QUEUED,
            )
        ]
    )


async def test_the_timeline_returns_views_carts_orders_refunds_visits_and_messages_from_all_channels_in_time_order_paged_with_source_system_id(  # noqa: E501 - the row's sentence
    hub: Hub, admin: str
) -> None:
    await hub.publish()
    await hub.identify("ada", email="ada@example.com")
    for source, event, properties in WAY:
        await told(hub, source, event, properties)
        await hub.advance()

    whole = (await timeline(hub, admin))["nodes"]
    walked: list[dict[str, Any]] = []
    info: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        page = await timeline(hub, admin, first=2, after=info["endCursor"])
        walked, info = walked + page["nodes"], page["pageInfo"]

    assert walked == whole
    assert [it["at"] for it in whole] == sorted((it["at"] for it in whole), reverse=True)
    # Beside what the channels told stands what the hub made of it, as `Cart Updated`, and what it said.
    channels = [it for it in whole if it["source"] != "hub"]
    assert [(it["source"], it["name"]) for it in channels] == [
        *((source, event) for source, event, _ in reversed(WAY)),
        ("shop", "Identify"),
    ]
    assert [(it["source"], it["name"]) for it in whole if it["__typename"] == "Message"] == [("hub", "reminder")]
    place = [it["name"] for it in whole].index
    assert place("Order Completed") < place("reminder") < place("Product Viewed")


async def test_pages_across_equal_times_neither_skip_nor_repeat_an_event_or_a_message(hub: Hub, admin: str) -> None:
    for n in range(5):
        await hub.say({"type": "track", "userId": "ada", "event": f"event {n}", "timestamp": NOON.isoformat()})
    (ada,) = (await hub.data("{ profiles { nodes { id } } }", admin))["profiles"]["nodes"]
    for n in range(4):
        await message(UUID(parsed(ada["id"])[1]), n * 2**126, seconds=n // 3)

    forward: list[str] = []
    info: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        page = await timeline(hub, admin, first=2, after=info["endCursor"])
        forward, info = forward + [it["name"] for it in page["nodes"]], page["pageInfo"]
    backward: list[str] = []
    info = {"startCursor": None, "hasPreviousPage": True}
    while info["hasPreviousPage"]:
        page = await timeline(hub, admin, last=2, before=info["startCursor"])
        backward, info = [it["name"] for it in page["nodes"]] + backward, page["pageInfo"]

    assert sorted(forward) == [*(f"event {n}" for n in range(5)), *sorted(f"message {n * 2**126}" for n in range(4))]
    assert backward == forward
    assert forward[0] == f"message {3 * 2**126}"


async def test_a_timeline_is_asked_by_name_kind_source_and_time(hub: Hub, admin: str) -> None:
    await hub.publish()
    await hub.identify("ada", email="ada@example.com")
    await told(hub, "app", "Product Viewed")
    await told(hub, "shop", "Checkout Started", {"order_id": "A-1"})
    hub.now += timedelta(seconds=1)
    await hub.advance()
    second = [(NOON + timedelta(seconds=n)).isoformat() for n in range(5)]

    assert await names(hub, admin) == ["reminder", "Checkout Started", "Product Viewed", "Identify"]
    assert await names(hub, admin, names=["Product Viewed", "reminder"]) == ["reminder", "Product Viewed"]
    assert await names(hub, admin, kinds=["IDENTIFY"]) == ["Identify"]
    assert await names(hub, admin, kinds=["MESSAGE"]) == ["reminder"]
    assert await names(hub, admin, kinds=["MESSAGE", "IDENTIFY"]) == ["reminder", "Identify"]
    assert await names(hub, admin, sources=["app"]) == ["Product Viewed"]
    assert await names(hub, admin, sources=["hub"]) == ["reminder"]
    assert await names(hub, admin, kinds=["MESSAGE"], sources=["app"]) == []
    assert await names(hub, admin, since=second[2], until=second[3]) == ["Product Viewed"]
    assert await names(hub, admin, since=second[2], until=second[3], names=["Identify"]) == []


async def test_a_filter_that_names_too_much_is_bad_user_input(hub: Hub, admin: str) -> None:
    await hub.identify("ada")

    many = [f"name {n}" for n in range(21)]
    assert await hub.codes(TIMELINE, admin, filter={"names": many}) == ["BAD_USER_INPUT"]
    assert await hub.codes(TIMELINE, admin, filter={"sources": many}) == ["BAD_USER_INPUT"]
    assert await names(hub, admin, names=many[1:]) == []


async def test_of_a_merged_profile_the_timeline_holds_all(hub: Hub, admin: str) -> None:
    for user in ("ada", "beth"):
        await hub.identify(user)
    ids = [it["id"] for it in (await hub.data("{ profiles { nodes { id } } }", admin))["profiles"]["nodes"]]
    for n, id_ in enumerate(ids, start=1):
        await message(UUID(parsed(id_)[1]), n, seconds=n)
    merge = """mutation ($into: ID!, $absorb: ID!) {
      mergeProfiles(input: {idempotencyKey: "k", into: $into, absorb: $absorb}) { __typename }
    }"""
    assert await hub.data(merge, admin, into=ids[0], absorb=ids[1]) == {
        "mergeProfiles": {"__typename": "MergeProfilesPayload"}
    }

    found = await names(hub, admin, kinds=["MESSAGE", "IDENTIFY"])

    assert sorted(found) == ["Identify", "Identify", "message 1", "message 2"]


@pytest.mark.parametrize("name", ["timeline(first: 1)", "timeline(filter: {kinds: [MESSAGE]})"])
async def test_a_customer_reads_their_own_timeline_and_nobody_elses(hub: Hub, name: str) -> None:
    await hub.identify("ada")
    await hub.identify("bob")

    assert await hub.data(f"{{ me {{ {name} {{ nodes {{ name }} }} }} }}", hub.token("ada"))
    assert await hub.codes(f"{{ profiles {{ nodes {{ {name} {{ nodes {{ name }} }} }} }} }}", hub.token("bob")) == [
        "FORBIDDEN"
    ]
