"""What the till's REST refuses: with a code, a place and one sentence, and nothing is kept of it."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from hub.access import keys
from hub.access.grants import KeyKind
from hub.database import Database
from hub.kit import ids
from hub.profiles import members
from hub.settings import Settings
from tests.intake.inflow import NOW
from tests.tills.tilling import AT, PHONE, REFUND, SALE, Till, make


@pytest.mark.parametrize(
    "again",
    [
        ("orders", {**SALE, "total": "39.81"}, None, "order_id"),
        ("orders", {**SALE, "order_id": "4712"}, "slip 7", "idempotency_key"),
        ("refunds", {**REFUND, "total": "10.01"}, None, "refund_id"),
        ("customers", {"at": AT, "id": "v-1", "customer": {"phone": "+493012345679"}}, None, "id"),
    ],
)
async def test_the_same_key_with_another_content_is_refused_and_what_came_first_stands(
    till: Till, database: Database, again: tuple[str, dict[str, Any], str | None, str]
) -> None:
    what, message, key, path = again
    await till.tells("orders", SALE)
    await till.tells("orders", SALE, "slip 7")
    await till.tells("refunds", REFUND)
    await till.tells("customers", {"at": AT, "id": "v-1", "customer": PHONE})
    before = await database["events"].find().sort("_id").to_list()

    assert await till.refused(what, message, key) == (422, "IDEMPOTENCY_KEY_REUSED", path)

    assert await database["events"].find().sort("_id").to_list() == before


BAD = [
    ("orders", {**SALE, "total": 39.8}, "INVALID_MESSAGE", "total"),
    ("orders", {**SALE, "total": 3980}, "INVALID_MESSAGE", "total"),
    ("orders", {**SALE, "total": "39.805"}, "BAD_ORDER", "total"),
    ("orders", {**SALE, "total": "-1"}, "BAD_ORDER", "total"),
    ("orders", {**SALE, "currency": "EUX"}, "BAD_ORDER", "total"),
    ("orders", {**SALE, "products": [{"price": 3}]}, "INVALID_MESSAGE", "products[0].price"),
    ("orders", {**SALE, "products": [{"quantity": 1.5}]}, "INVALID_MESSAGE", "products[0].quantity"),
    ("orders", {**SALE, "fulfilment": {"kind": "drone"}}, "INVALID_MESSAGE", "fulfilment.kind"),
    ("orders", {**SALE, "at": "2026-11-20T10:15:00"}, "INVALID_MESSAGE", "at"),
    ("orders", {**SALE, "card": "4111 1111 1111 1111"}, "INVALID_MESSAGE", ""),
    ("orders", {**SALE, "payment_kind": "4111 1111 1111 1111"}, "CARD_NUMBER", "payment_kind"),
    ("orders", {**SALE, "products": [{"name": "4111111111111111"}]}, "CARD_NUMBER", "products[0].name"),
    ("orders", {**SALE, "customer": {}}, "INVALID_MESSAGE", "customer"),
    ("orders", {**SALE, "customer": {"phone": "call me"}}, "INVALID_MESSAGE", "customer.phone"),
    ("orders", {**SALE, "customer": {"member_code": "23456789AB1"}}, "INVALID_MESSAGE", "customer.member_code"),
    ("orders", {**SALE, "store": "munich-2"}, "FORBIDDEN", "store"),
    ("orders", [SALE], "INVALID_MESSAGE", ""),
    ("orders", {"order_id": "4711"}, "INVALID_MESSAGE", ""),
    ("refunds", {**REFUND, "currency": None}, "INVALID_MESSAGE", "currency"),
    ("refunds", {**REFUND, "total": None, "products": [{"sku": "x"}]}, "BAD_ORDER", "total"),
    ("refunds", {**REFUND, "order_store": "a", "order_source": "b"}, "INVALID_MESSAGE", "order_source"),
    ("customers", {"at": AT, "customer": PHONE}, "INVALID_MESSAGE", "id"),
]


@pytest.mark.parametrize("bad", BAD, ids=[f"{it[0]} {it[3]}" for it in BAD])
async def test_a_message_that_cannot_be_used_is_refused_with_the_place_and_nothing_is_kept(
    till: Till, database: Database, bad: tuple[str, Any, str, str]
) -> None:
    what, message, code, path = bad
    assert await till.refused(what, message) == (403 if code == "FORBIDDEN" else 422, code, path)

    for collection in ("events", "dead_letters", "orders"):
        assert await database[collection].count_documents({}) == 0


async def test_a_key_may_be_any_number_for_it_is_kept_nowhere(till: Till, database: Database) -> None:
    await till.tells("orders", SALE, "4111111111111111")

    assert "4111111111111111" not in str(await database["events"].find().to_list())


async def test_a_member_code_that_nobody_has_is_refused(till: Till, database: Database) -> None:
    code = await members.new_code(ids.new_id(), now=NOW)
    await database["identifiers"].delete_many({})

    assert await till.refused("orders", {**SALE, "customer": {"member_code": code}}) == (
        422,
        "UNKNOWN_MEMBER",
        "customer.member_code",
    )
    assert await database["events"].count_documents({}) == 0


async def test_a_body_that_is_no_json_is_a_bad_request(till: Till) -> None:
    head = {"Authorization": f"Bearer {till.key}"}
    answers = [await till.web.post("/pos/v1/orders", content=it, headers=head) for it in (b"", b"{", b"\xff", b"hello")]

    assert {(it.status_code, it.json()["code"]) for it in answers} == {(400, "BAD_REQUEST")}


async def test_only_the_key_of_a_till_is_taken_and_a_kiosk_has_none(
    web: httpx2.AsyncClient, settings: Settings
) -> None:
    kiosk = Till(web, await make("berlin-1"))
    client = Till(web, await keys.create(KeyKind.CLIENT, "web", env=settings.env, now=datetime.now(UTC)))

    assert await kiosk.refused("orders", SALE) == (403, "FORBIDDEN", "")
    assert await client.refused("orders", SALE) == (403, "FORBIDDEN", "")
    assert await Till(web, "hub_dev_nobody_x").refused("orders", SALE) == (401, "UNAUTHENTICATED", "")
    assert (await web.post("/pos/v1/orders", json=SALE)).status_code == 401
