"""Tills that were offline: whatever sequence their messages come in, and however often, the day is the same."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
from pydantic import SecretStr

import hub.database
from hub.access.model import Scope
from hub.commerce.orders import OrderDocument, order_of
from hub.database import Database
from hub.intake.ringer import Ringer
from hub.intake.router import Router
from hub.ledger import service as ledger
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.earning.shop import activate
from tests.intake.inflow import NOW, Silence, people, route_all
from tests.runtime.calling import calling, line
from tests.tills.tilling import AT, PHONE, REFUND, SALE, Till, make

MORNING: Final = datetime(2026, 11, 20, 9, tzinfo=UTC)
KEPT: Final = {"keys", "sealed_keys", "meta", "program_versions", "program_activations"}
Told = tuple[bool, dict[str, Any]]
"""Which of the two tills says what."""


def day(random: Random) -> list[Told]:
    """Make a day of two stores: visits, receipts of somebody and of nobody, corrections and refunds, in their order."""
    told: list[Told] = []

    def say(here: bool, minute: int, **message: Any) -> None:  # noqa: FBT001  which store
        told.append((here, {"at": (MORNING + timedelta(minutes=minute)).isoformat(), **message}))

    for number in range(12):
        here, minute = random.random() < 0.6, 10 * number
        customer = random.choice(
            [None, {"phone": f"+49301234567{number % 3}"}, {"email": f"c{number % 2}@example.com"}]
        )
        if customer and random.random() < 0.5:
            say(here, minute, type="customer", id=f"v{number}", customer=customer, first_name="Ada")
        sale = {"type": "order", "order_id": f"{number}", "currency": "EUR", "customer": customer}
        say(here, minute + 1, **sale, version=1, total={"minor": random.randrange(1000, 9000)})
        if random.random() < 0.3:
            say(here, minute + 2, **sale, version=2, total={"minor": random.randrange(1000, 9000)})
        for part in range(random.choice([0, 0, 1, 3])):
            there = random.random() < 0.5
            bought = {} if there is here else {"order_store": "berlin-1" if here else "munich-2"}
            refund = {"type": "refund", "refund_id": f"{number}-{part}", "order_id": f"{number}", **bought}
            say(there, minute + 3 + part, **refund, currency="EUR", total={"minor": random.randrange(1, 300)})
    return told


async def outcome(database: Database) -> dict[str, Any]:
    """Tell what the day has led to, in the names that customers and receipts have of themselves."""
    names = {row["_id"]: name for name, row in (await people(database)).items()}
    orders = [order_of(row) async for row in OrderDocument.get_pymongo_collection().find()]
    assert await database["dead_letters"].count_documents({}) == 0
    totals = {name: row["rollups"].get("orders", {}) for name, row in (await people(database)).items()}
    purses = await ledger.purses("club", list(names))
    return {
        "points": {names[it]: purse.wallet("points").balance for it, purse in purses.items()},
        "events": sorted(await database["events"].distinct("message_id", {"source": {"$regex": "^pos/"}})),
        "totals": {name: {it: value for it, value in row.items() if it != "counted"} for name, row in totals.items()},
        "orders": {
            (it.source, it.order_id): (
                names[it.contents.profile_id] if it.contents else None,
                it.gross,
                it.net,
                it.status,
                it.completed_at,
                sorted((refund.refund_id, refund.amount) for refund in it.refunds.values()),
            )
            for it in orders
        },
    }


async def send(tills: tuple[Till, Till], told: Sequence[Told], random: Random) -> None:
    """Send messages one by one or as batches, and route now and then."""
    waiting = list(told)
    while waiting:
        size = random.choice([1, 1, 4])
        some, waiting = waiting[:size], waiting[size:]
        for at_till in (True, False):
            messages = [message for here, message in some if here is at_till]
            if messages:
                answer = await tills[not at_till].post("batch", {"messages": messages})
                assert {frozenset(it) for it in answer.json()["results"]} == {frozenset({"id", "applied"})}, answer.text
        if random.random() < 0.2:
            await route_all()
    await route_all()


@pytest.mark.parametrize("seed", range(2))
async def test_a_days_messages_shuffled_and_repeated_lead_to_what_they_lead_to_in_order(
    till: Till, munich: Till, database: Database, seed: int
) -> None:
    random = Random(seed)
    await activate()
    told = day(random)
    await send((till, munich), told, random)
    in_order = await outcome(database)
    for name in await database.list_collection_names():
        if name not in KEPT and not name.startswith("system."):
            await database[name].delete_many({})

    again = told + random.sample(told, len(told) // 2)
    random.shuffle(again)
    await send((till, munich), again, random)

    assert await outcome(database) == in_order
    assert len(in_order["events"]) == len(told)
    assert sum(in_order["points"].values()) > 0


async def test_a_bad_message_in_a_batch_does_no_harm_to_the_others(till: Till, database: Database) -> None:
    sale = {"type": "order", **SALE}
    messages = [
        {**sale, "total": 39.8},
        sale,
        {"type": "purchase"},
        {"type": "order", **SALE, "order_id": "4712", "store": "munich-2"},
        "hello",
        {**sale, "total": "1.00"},
        sale,
        {"type": "refund", **REFUND, "products": [{"sku": "x"}], "total": None},
    ]
    answer = await till.post("batch", {"messages": messages})

    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [it.get("code") for it in results] == [
        "INVALID_MESSAGE",
        None,
        "INVALID_MESSAGE",
        "FORBIDDEN",
        "INVALID_MESSAGE",
        "IDEMPOTENCY_KEY_REUSED",
        None,
        "BAD_ORDER",
    ]
    assert results[1] == results[6]
    assert await database["events"].count_documents({}) == 1


@pytest.mark.parametrize("body", [{}, [], {"messages": 1}, {"messages": [1] * 501}, {"messages": [], "more": 1}])
async def test_what_is_no_batch_is_refused_whole(till: Till, database: Database, body: Any) -> None:
    assert (await till.refused("batch", body))[:2] == (422, "INVALID_MESSAGE")
    assert await database["events"].count_documents({}) == 0


async def test_a_message_has_the_same_key_alone_and_in_a_batch(till: Till, database: Database) -> None:
    alone = await till.tells("orders", SALE, "slip 7")
    answer = await till.post("batch", {"messages": [{"type": "order", **SALE, "idempotency_key": "slip 7"}]})

    assert answer.json() == {"results": [{"id": alone, "applied": False}]}
    assert await till.refused("orders", {**SALE, "idempotency_key": "slip 8"}, "slip 7") == (
        422,
        "INVALID_MESSAGE",
        "idempotency_key",
    )
    assert await till.refused("orders", SALE, "") == (422, "INVALID_MESSAGE", "idempotency_key")
    assert await database["events"].count_documents({}) == 1


async def test_a_till_that_waits_is_told_when_all_that_follows_is_done(till: Till, database: Database) -> None:
    router = asyncio.create_task(Router("test", Ringer(Silence()), lambda: NOW).run())
    try:
        waited = await till.post("orders", SALE, Prefer="wait=10")
        sold = await database["orders"].find_one({"order_id": "4711"})
        profile = await database["profiles"].find_one({})
    finally:
        router.cancel()

    assert (waited.json()["applied"], waited.headers["preference-applied"]) == (True, "wait=10")
    assert sold is not None
    assert profile is not None
    assert (sold["gross"], profile["rollups"]["orders"]["count"]) == (3980, 1)
    assert (await till.post("orders", SALE)).json() == waited.json()


async def test_a_till_waits_no_longer_than_it_prefers(till: Till) -> None:
    waited = await till.post("orders", SALE, Prefer="respond-async, wait=0")
    visit = await till.post("customers", {"id": "v", "at": AT, "customer": PHONE})

    assert waited.json()["applied"] is False
    assert "preference-applied" not in visit.headers


async def test_while_mongodb_is_away_a_till_is_told_to_send_again_and_then_each_message_is_kept_once(
    settings: Settings, database: Database, mongo_url: str
) -> None:
    key = await make("berlin-1", Scope.TILLS_WRITE)
    second = {**SALE, "order_id": "4712"}
    async with line(mongo_url) as laid:
        through = settings.model_copy(update={"mongo_timeout_ms": 200, "mongo_url": SecretStr(laid.url)})
        async with hub.database.connect(through) as client, calling(through, client) as web:
            await hub.database.use(client, DOCUMENTS)
            till = Till(web, key)
            await till.tells("orders", SALE)
            await laid.cut()
            refused = await till.post("orders", second)
            await laid.lay()
            while (await till.post("orders", second)).status_code == 503:  # noqa: ASYNC110 - as a till does
                await asyncio.sleep(0.05)
            for message in (SALE, second):
                await till.tells("orders", message)

    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
    assert int(refused.headers["retry-after"]) > 0
    assert await database["events"].count_documents({}) == 2
