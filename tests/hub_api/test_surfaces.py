"""Row 18: the surfaces of all that is live, over the API and on the command line."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hub.access.grants import KeyKind
from hub.broadcasts import store as broadcasts
from hub.broadcasts.model import Broadcast, Definition, State
from hub.content import service as contents
from hub.kit.ids import new_id
from hub.profiles.model import Channel
from tests.hub_api.conftest import Hub

CART = """\
journey: cart
enter: {event: Checkout Started, key: properties.order_id}
steps:
  - send: {template: reminder, channels: [push, email, sms]}
  - wait: 1h
  - send: {template: reminder, topic: service}
"""
SURFACES = "{ surfaces { surface messages { journey broadcast content version step template brand topic } } }"
SERVICE = {"brand": "default", "topic": "service"}
MARKETING = {"brand": "default", "topic": "marketing"}
FIRST = {
    "journey": "cart",
    "broadcast": None,
    "content": None,
    "version": 1,
    "step": "0",
    "template": "reminder",
    **MARKETING,
}
THIRD = {
    "journey": "cart",
    "broadcast": None,
    "content": None,
    "version": 1,
    "step": "2",
    "template": "reminder",
    **SERVICE,
}
OWN = {"journey": None, "broadcast": None, "content": None, "version": None, "step": None}


async def surfaces(hub: Hub, key: str) -> dict[str, list[dict[str, Any]]]:
    found = await hub.data(SURFACES, key)
    return {it["surface"]: it["messages"] for it in found["surfaces"]}


def journeys_in(messages: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [(it["journey"], it["version"], it["step"]) for it in messages if it["journey"]]


async def test_each_journey_message_declares_one_of_these_surfaces_and_the_report_lists_every_live_message_per_surface(
    hub: Hub, admin: str
) -> None:
    await hub.publish(CART)

    found = await surfaces(hub, admin)

    assert list(found) == [
        *("EMAIL", "TRANSACTIONAL_EMAIL", "PUSH", "SMS", "INBOX", "SOCIAL", "POPUP", "SIGN", "STAFF_SCRIPT"),
    ]
    confirming = {**OWN, "template": "confirm-consent", **SERVICE}
    ready = {**OWN, "template": "order-ready-for-pickup", **SERVICE}
    again, joined = ({**OWN, "template": it, **SERVICE} for it in ("already-a-member", "program-joined"))
    signing_in = {**OWN, "template": "sign-in", "brand": "default", "topic": "account"}
    assert {surface: messages for surface, messages in found.items() if messages} == {
        "EMAIL": [FIRST],
        "TRANSACTIONAL_EMAIL": [THIRD, confirming, ready, signing_in],
        "PUSH": [FIRST, ready],
        "SMS": [FIRST, again, confirming, ready, joined, signing_in],
    }


async def test_what_is_shown_stands_in_the_report_beside_what_is_sent(hub: Hub, admin: str) -> None:
    source = "{content: sale, surface: popup, texts: {en: {text: Hello}}}"
    await contents.publish(source, by="test", key="k", now=hub.now)

    found = await surfaces(hub, admin)

    shown = {"content": "sale", "version": 1}
    assert found["POPUP"] == [{**dict.fromkeys(FIRST), **shown}]


async def test_a_broadcast_is_listed_until_it_has_ended(hub: Hub, admin: str) -> None:
    definition = Definition("spring", "vips", "reminder", (Channel.PUSH,))
    made = Broadcast(new_id(), 1, definition, State.RUNNING, hub.now, "test", hub.now, hub.now)
    await broadcasts.insert(made)

    running = (await surfaces(hub, admin))["PUSH"]
    await broadcasts.save(made, replace(made, state=State.FINISHED))
    ended = (await surfaces(hub, admin))["PUSH"]

    said = {"broadcast": "spring", "template": "reminder", **MARKETING}
    assert running[0] == {**dict.fromkeys(FIRST), **said}
    assert [it["broadcast"] for it in ended] == [None]


async def test_a_version_that_nobody_enters_is_listed_as_long_as_somebody_is_in_it(hub: Hub, admin: str) -> None:
    await hub.publish(CART)
    await hub.identify("ada", email="ada@example.com")
    await hub.track("ada", "Checkout Started", order_id="A-1")
    await hub.publish(CART.replace("[push, email, sms]", "[sms]"))

    waited_in = await surfaces(hub, admin)
    await hub.advance()
    hub.now += timedelta(hours=2)
    await hub.advance()
    left = await surfaces(hub, admin)

    assert journeys_in(waited_in["PUSH"]) == [("cart", 1, "0")]
    assert journeys_in(waited_in["SMS"]) == [("cart", 1, "0"), ("cart", 2, "0")]
    assert journeys_in(left["PUSH"]) == []
    assert journeys_in(left["SMS"]) == [("cart", 2, "0")]


async def test_surfaces_are_seen_by_who_sees_journeys_and_by_no_customer(hub: Hub) -> None:
    assert len(await surfaces(hub, await hub.key(KeyKind.SERVER))) == 9
    for key in (hub.token("ada"), await hub.key(KeyKind.CLIENT)):
        assert await hub.codes(SURFACES, key) == ["FORBIDDEN"]
