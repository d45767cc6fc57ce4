"""Messages in doubt over the API: counted for marketers, listed for those who may see customers, of their brands."""

from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.messaging.store import MessageDocument
from hub.settings import Environment
from tests.hub_api.conftest import Hub

NUMBERS = "{ deliveryNumbers { messages unknown unknownPerMillion duplicates duplicatesPerMillion } }"
LISTED = "query ($doubt: DeliveryDoubt!) { doubtfulMessages(doubt: $doubt) { nodes { state duplicatedAt template } } }"


async def sent(hub: Hub) -> None:
    await hub.publish()
    await hub.identify("ada", email="ada@example.com")
    await hub.track("ada", "Checkout Started", order_id="c-1", value=5)
    await hub.advance()


async def test_messages_in_doubt_are_counted_and_listed(hub: Hub, admin: str) -> None:
    assert (await hub.data(NUMBERS, admin))["deliveryNumbers"] == {
        "messages": 0,
        "unknown": 0,
        "unknownPerMillion": 0.0,
        "duplicates": 0,
        "duplicatesPerMillion": 0.0,
    }
    await sent(hub)
    messages = MessageDocument.get_pymongo_collection()
    await messages.update_many({}, {"$set": {"state": "unknown", "duplicated_at": hub.now}})
    count = await messages.count_documents({})
    assert count > 0

    numbers = (await hub.data(NUMBERS, admin))["deliveryNumbers"]
    assert (numbers["messages"], numbers["unknown"], numbers["duplicates"]) == (count, count, count)
    assert numbers["unknownPerMillion"] == numbers["duplicatesPerMillion"] == 1_000_000
    for doubt in ("UNKNOWN", "DUPLICATE"):
        nodes = (await hub.data(LISTED, admin, doubt=doubt))["doubtfulMessages"]["nodes"]
        assert {it["state"] for it in nodes} == {"UNKNOWN"}
        assert len(nodes) == count


async def test_who_is_limited_to_a_brand_sees_doubts_of_theirs_only(hub: Hub, admin: str) -> None:
    await sent(hub)
    await MessageDocument.get_pymongo_collection().update_many({}, {"$set": {"state": "unknown"}})
    grant = Grant(KeyKind.STAFF, "office", person="eve", roles=frozenset({Role.SERVICE}), brands=frozenset({"acme"}))
    eve = await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=hub.now) or ""

    assert (await hub.data(LISTED, admin, doubt="UNKNOWN"))["doubtfulMessages"]["nodes"]
    assert (await hub.data(LISTED, eve, doubt="UNKNOWN"))["doubtfulMessages"]["nodes"] == []
    numbers = "query ($brand: String) { deliveryNumbers(brand: $brand) { messages } }"
    assert (await hub.data(numbers, eve))["deliveryNumbers"] == {"messages": 0}
    assert (await hub.data(numbers, admin, brand="acme"))["deliveryNumbers"] == {"messages": 0}
    assert (await hub.data(numbers, admin, brand="default"))["deliveryNumbers"]["messages"] > 0
    assert (await hub.answer(numbers, eve, brand="default"))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
