"""The till's REST, called as a till calls it: what becomes of customers, sales and refunds."""

from datetime import UTC, datetime
from typing import Any

import httpx2

from hub.access import keys
from hub.access.grants import KeyKind
from hub.access.model import Scope
from hub.database import Database
from hub.privacy.service import Privacy
from hub.profiles import identifier_store, members
from hub.profiles.model import Identifier, IdentifierKind
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import NOW, order, route_all, said
from tests.tills.tilling import AT, PHONE, REFUND, SALE, Till, kept, make, person


async def test_a_sale_is_an_order_of_the_customer_whom_the_till_names(till: Till) -> None:
    await till.tells("orders", SALE)
    await route_all()

    ada, sold = await person(IdentifierKind.PHONE, "+493012345678"), await kept("4711")
    assert sold.contents is not None
    assert (sold.source, sold.contents.profile_id, sold.contents.channel) == ("pos/berlin-1", ada.id, "pos")
    assert (sold.contents.gross, sold.contents.tax, sold.contents.currency) == (3980, 635, "EUR")
    assert (sold.contents.store_id, sold.contents.associate_id, sold.contents.payment_kind) == (
        "berlin-1",
        "a-17",
        "card",
    )
    assert [(it.sku, str(it.quantity), it.price) for it in sold.contents.lines] == [
        ("shirt-m", "2", 1745),
        ("ham", "0.35", 1400),
    ]
    assert sold.completed_at == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert ada.rollups["orders"]["count"] == 1


async def test_a_refund_is_of_the_order_also_where_it_comes_before_it(till: Till) -> None:
    await till.tells("refunds", {**REFUND, "refund_id": "R-0", "total": {"minor": 500}})
    await till.tells("orders", SALE)
    await till.tells("refunds", REFUND)
    await route_all()

    sold = await kept("4711")
    assert sold.refunded is not None
    assert (sold.refunded.minor, sorted(sold.refunds)) == (1500, ["R-0", "R-1"])


async def test_a_refund_by_lines_or_of_all_needs_no_amount(till: Till) -> None:
    lines = [{"sku": "shirt-m", "quantity": 1, "price": "17.45"}, {"sku": "ham", "amount": {"minor": 490}}]
    await till.tells("orders", SALE)
    await till.tells("orders", {**SALE, "order_id": "4712"})
    await till.tells("refunds", {**REFUND, "products": lines, "total": None})
    await till.tells("refunds", {"refund_id": "R-2", "order_id": "4712", "at": AT})
    await route_all()

    first, second = await kept("4711"), await kept("4712")
    assert first.refunded is not None
    assert (first.refunded.minor, second.net and second.net.minor) == (1745 + 490, 0)


async def test_what_was_bought_online_is_given_back_in_a_store(till: Till) -> None:
    await said({**order("ada", "W-1", message="w"), "properties": {"order_id": "W-1", "total": 50, "currency": "EUR"}})
    await till.tells("refunds", {**REFUND, "order_id": "W-1", "order_source": "shop", "total": "20.00"})
    await route_all()

    bought = await kept("W-1", "shop")
    assert bought.refunded is not None
    assert (bought.refunded.minor, bought.contents is not None) == (2000, True)


async def test_what_was_bought_in_one_store_is_given_back_in_another(till: Till, munich: Till) -> None:
    await till.tells("orders", SALE)
    await munich.tells("refunds", {**REFUND, "order_store": "berlin-1"})
    await route_all()

    sold = await kept("4711")
    assert sold.refunded is not None
    assert sold.refunded.minor == 1000


async def test_a_customer_who_comes_for_the_first_time_is_known_from_then_on(till: Till, database: Database) -> None:
    visit = {"id": "v-1", "at": AT, "customer": {"email": "Ada@Example.com"}, "first_name": "Ada", "language": "de"}
    await till.tells("customers", {**visit, "associate_id": "a-17"})
    await till.tells("orders", {**SALE, "customer": {"email": "ada@example.com"}})
    await route_all()

    ada = await person(IdentifierKind.EMAIL, "ada@example.com")
    assert (ada.name, ada.email, ada.language) == ("Ada", "ada@example.com", "de")
    assert ada.rollups["orders"]["count"] == 1
    row = await database["events"].find_one({"kind": "identify"})
    assert row is not None
    assert row["properties"] == {"store_id": "berlin-1", "associate_id": "a-17"}


async def test_who_shows_a_member_code_or_a_customer_number_is_found_by_it(till: Till) -> None:
    await said({"type": "identify", "userId": "ada", "traits": {"name": "Ada"}})
    await route_all()
    ada = await person(IdentifierKind.USER, "ada")
    code = await members.new_code(ada.id, now=NOW)

    await till.tells("orders", {**SALE, "customer": {"member_code": f"{code[:5]}-{code[5:].lower()}"}})
    await till.tells("orders", {**SALE, "order_id": "4712", "customer": {"customer_id": "ada"}})
    await route_all()

    assert {(await kept(it)).contents.profile_id for it in ("4711", "4712")} == {ada.id}  # type: ignore[union-attr]


async def test_a_till_never_changes_where_a_customer_is_reached(till: Till) -> None:
    await said({"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com", "phone": "+493012345678"}})
    await till.tells("customers", {"id": "v-1", "at": AT, "customer": PHONE, "first_name": "Eve"})

    both = {"id": "v-2", "at": AT, "customer": {**PHONE, "email": "eve@example.com"}}
    assert await till.refused("customers", both) == (422, "INVALID_MESSAGE", "customer")
    await route_all()

    ada = await person(IdentifierKind.USER, "ada")
    assert (ada.email, ada.phone) == ("ada@example.com", "+493012345678")
    assert not await identifier_store.owners([Identifier(IdentifierKind.EMAIL, "eve@example.com")])


async def test_a_receipt_of_nobody_known_is_kept_and_its_refund_is_of_the_same_nobody(
    till: Till, database: Database
) -> None:
    await till.tells("orders", {**SALE, "customer": None})
    await till.tells("refunds", REFUND)
    await route_all()

    sold = await kept("4711")
    assert sold.contents is not None
    assert sold.net is not None
    assert sold.net.minor == 2980
    assert await database["events"].distinct("profile_id") == [sold.contents.profile_id]
    assert "4711" not in str(await database["identifiers"].distinct("value"))  # nobody claims it who knows its number


async def test_the_same_message_again_is_kept_once_and_answered_alike(till: Till, database: Database) -> None:
    messages: list[tuple[str, dict[str, Any], str | None]] = [
        ("orders", SALE, None),
        ("orders", {**SALE, "order_id": "4712"}, "slip 7"),
        ("refunds", REFUND, None),
        ("customers", {"at": AT, "customer": PHONE, "id": "v-1"}, None),
        ("customers", {"at": AT, "customer": PHONE}, "slip 8"),
    ]
    first = [await till.tells(*it) for it in messages]
    assert [await till.tells(*it) for it in reversed(messages)] == first[::-1]

    assert await database["events"].count_documents({}) == len(messages)


async def test_a_receipt_of_somebody_who_was_forgotten_brings_nobody_back_when_it_comes_again(
    till: Till, database: Database, settings: Settings
) -> None:
    taken = await till.tells("orders", SALE)
    await route_all()
    ada = await person(IdentifierKind.PHONE, "+493012345678")
    await Privacy(settings, DOCUMENTS).erase(ada.id, now=NOW)

    assert await till.tells("orders", SALE) == taken
    await route_all()

    (row,) = await database["events"].find({"source": "pos/berlin-1"}).to_list()
    assert "12345678" not in str(row)
    assert await database["profiles"].count_documents({}) == 0


async def test_another_till_of_the_store_may_send_the_same_receipt(till: Till, web: httpx2.AsyncClient) -> None:
    beside = Till(web, await make("berlin-1", Scope.TILLS_WRITE))

    assert await till.tells("orders", SALE) == await beside.tells("orders", SALE)
    assert await till.tells("orders", SALE, "slip 1") != await beside.tells("orders", SALE, "slip 1")


async def test_a_corrected_receipt_is_a_newer_version_of_the_same_order(till: Till) -> None:
    await till.tells("orders", {**SALE, "version": 2, "total": "40.80"})
    await till.tells("orders", {**SALE, "version": 1})
    await route_all()

    sold = await kept("4711")
    assert sold.gross is not None
    assert (sold.gross.minor, sold.status) == (4080, "completed")


async def test_a_server_names_the_store_of_each_message(web: httpx2.AsyncClient, settings: Settings) -> None:
    server = Till(web, await keys.create(KeyKind.SERVER, "hq", env=settings.env, now=datetime.now(UTC)))

    assert await server.refused("orders", SALE) == (422, "INVALID_MESSAGE", "store")
    await server.tells("orders", {**SALE, "store": "munich-2"})
    await route_all()

    assert (await kept("4711", "pos/munich-2")).completed_at is not None


async def test_the_answer_says_nothing_that_the_till_did_not_know(till: Till) -> None:
    await said({"type": "identify", "userId": "ada", "traits": {"name": "Ada", "phone": "+493012345678"}})
    await route_all()

    known = await till.post("orders", SALE)
    unknown = await till.post("orders", {**SALE, "order_id": "4712", "customer": {"phone": "+493099999999"}})

    assert known.json() == {"id": known.json()["id"], "applied": False}
    assert known.json().keys() == unknown.json().keys()
