import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub.commerce import cards, reading
from hub.commerce.model import (
    Contents,
    Fulfilment,
    FulfilmentKind,
    Line,
    Order,
    OrderStatus,
    Refund,
    RefundedLine,
    SalesChannel,
    Stamp,
)
from hub.commerce.properties import BadOrder
from hub.events.model import Event, Kind, Trust
from hub.kit.money import Money

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA = UUID(int=1)
EVENT_ID = UUID(int=7)


def event(name: str, properties: Mapping[str, Any]) -> Event:
    return Event(
        id=EVENT_ID,
        source="shop",
        trust=Trust.SERVER,
        kind=Kind.TRACK,
        name=name,
        user_id="ada",
        anonymous_id=None,
        properties={"order_id": "A-1", **properties},
        traits={},
        context={},
        at=NOON,
        accepted_at=NOON + timedelta(minutes=1),
        profile_id=ADA,
    )


def completed(**properties: Any) -> Order:
    return reading.read(event("Order Completed", properties))


def refund(**properties: Any) -> Refund:
    (refund,) = reading.read(event("Order Refunded", properties)).refunds.values()
    return refund


def gross(**properties: Any) -> Money | None:
    return completed(currency="EUR", **properties).gross


def test_an_order_is_read_with_every_property_of_the_specification_and_of_the_hub() -> None:
    order = completed(
        order_id=1001,
        currency="eur",
        total="39.98",
        shipping=4.9,
        tax=6.38,
        discount="5.00",
        coupon="SPRING",
        channel="pos",
        store_id="berlin-1",
        associate_id="a-17",
        fulfilment={"kind": "ship_from_store", "location": "berlin-1"},
        payment_kind="debit card",
        version=3,
        products=[
            {
                "product_id": "p-1",
                "sku": "4006381333931",
                "variant": "red",
                "name": "Pen",
                "category": "office",
                "quantity": 1.5,
                "price": 19.99,
                "discount": "1.00",
                "tax": "3.19",
            }
        ],
    )

    line = Line("p-1", "4006381333931", "red", "Pen", "office", Decimal("1.5"), 1999, 100, 319)
    assert order == Order(
        source="shop",
        order_id="1001",
        completed_at=NOON,
        contents=Contents(
            stamp=Stamp(3, NOON, EVENT_ID),
            profile_id=ADA,
            currency="EUR",
            gross=3998,
            shipping=490,
            tax=638,
            discount=500,
            coupon="SPRING",
            channel=SalesChannel.POS,
            store_id="berlin-1",
            associate_id="a-17",
            fulfilment=Fulfilment(FulfilmentKind.SHIP_FROM_STORE, "berlin-1"),
            payment_kind="debit card",
            lines=(line,),
        ),
    )
    assert order.status is OrderStatus.COMPLETED


def test_what_was_paid_is_the_total_else_the_revenue_with_shipping_and_tax_else_the_sum_of_the_lines() -> None:
    lines = [{"price": "10.00", "quantity": 2, "discount": "1.00", "tax": "1.90"}, {"price": "0.33", "quantity": 0.5}]

    assert gross(total=5, value=6, revenue=7, products=lines) == Money(500, "EUR")
    assert gross(value=6, revenue=7) == Money(600, "EUR")
    assert gross(revenue=7, shipping=2, tax=1) == Money(1000, "EUR")
    assert gross(products=lines) == Money(1900 + 17 + 190, "EUR")
    assert gross(products=lines, tax=3, shipping=4, discount=5) == Money(1900 + 17 + 300 + 400 - 500, "EUR")
    assert gross(products=[{"sku": "x"}]) is None
    assert completed().gross is None


def test_a_clock_that_runs_ahead_does_not_make_a_version_newer_than_its_acceptance() -> None:
    ahead = completed(updated_at="2036-01-01T00:00:00Z").contents
    behind = completed(updated_at="2026-11-20T12:30:00.123456+01:00").contents

    assert ahead is not None
    assert ahead.stamp.at == NOON + timedelta(minutes=1)
    assert behind is not None
    assert behind.stamp.at == NOON - timedelta(minutes=29, seconds=59, milliseconds=877)


@pytest.mark.parametrize(("said", "quantity"), [("2", "2"), ("0.5", "0.5"), (2.0, "2"), ("1.0004", "1"), (None, "1")])
def test_a_quantity_may_come_as_text_as_it_may_in_a_cart(said: object, quantity: str) -> None:
    contents = completed(products=[{"quantity": said}]).contents

    assert contents is not None
    assert [it.quantity for it in contents.lines] == [Decimal(quantity)]


def test_a_refund_is_of_an_amount_of_lines_or_of_everything() -> None:
    lines = [{"sku": "x", "quantity": 2, "price": "3.50"}, {"sku": "y", "amount": "1.00"}]

    assert refund(currency="EUR", total="5.00", refund_id="R-1") == Refund(
        "R-1", Stamp(-1, NOON, EVENT_ID), NOON, "EUR", 500
    )
    by_line = refund(currency="EUR", products=lines, reason="broken")
    assert (by_line.refund_id, by_line.amount, by_line.reason) == (str(EVENT_ID), 800, "broken")
    assert by_line.lines == (
        RefundedLine(None, "x", Decimal(2), 700),
        RefundedLine(None, "y", Decimal(1), 100),
    )
    assert (refund().currency, refund().amount) == (None, None)


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"order_id": None}, "order_id"),
        ({"order_id": ""}, "order_id"),
        ({"order_id": "x" * 256}, "order_id"),
        ({"order_id": ["A-1"]}, "order_id"),
        ({"total": 5}, "currency"),
        ({"total": 5, "currency": "EUX"}, "currency"),
        ({"total": "5.001", "currency": "EUR"}, "total"),
        ({"total": float("nan"), "currency": "EUR"}, "total"),
        ({"total": -1, "currency": "EUR"}, "total"),
        ({"currency": "EUR", "products": [{"price": "1.0.0"}]}, "products[0].price"),
        ({"products": [{}, {"quantity": -1}]}, "products[1].quantity"),
        *(
            ({"products": [{"quantity": said}]}, "products[0].quantity")
            for said in (True, "", "two", "1e3", "-1", "1000001")
        ),
        # A million pieces at the largest price: no integer of the database holds their sum.
        ({"currency": "EUR", "products": [{"quantity": 1_000_000, "price": 10**13}]}, "products"),
        ({"products": {"sku": "x"}}, "products"),
        ({"products": ["x"]}, "products[0]"),
        ({"products": [{"name": 5.5}]}, "products[0].name"),
        ({"channel": "phone"}, "channel"),
        ({"channel": ["pos"]}, "channel"),
        ({"fulfilment": "ship"}, "fulfilment"),
        ({"fulfilment": {}}, "fulfilment.kind"),
        ({"fulfilment": {"kind": "drone"}}, "fulfilment.kind"),
        ({"version": -1}, "version"),
        ({"version": 1.5}, "version"),
        ({"updated_at": "yesterday"}, "updated_at"),
        ({"updated_at": "0001-01-01T00:00:00+14:00"}, "updated_at"),
    ],
)
def test_half_an_order_is_refused_by_the_property_that_is_wrong(properties: Mapping[str, Any], path: str) -> None:
    with pytest.raises(BadOrder) as refused:
        reading.read(event("Order Completed", properties))

    assert refused.value.path == path
    assert refused.value.message.startswith(f"`{path}` ")


def test_a_refund_whose_lines_have_no_price_comes_to_what_was_to_be_paid_for_so_many_pieces() -> None:
    lines = [{"sku": "x", "price": "4.00", "quantity": 3, "discount": "0.50"}, {"sku": "y", "price": "9.99"}]
    bought = reading.read(event("Order Completed", {"order_id": "A-1", "currency": "EUR", "products": lines}))
    back = refund(refund_id="R-1", products=[{"sku": "x", "quantity": 2}, {"sku": "z"}])
    known = refund(refund_id="R-2", currency="EUR", products=[{"sku": "y", "price": "9.99"}, {"sku": "x"}])

    one, both = (replace(bought, refunds={it.refund_id: it for it in them}) for them in ([back], [back, known]))

    assert (back.amount, back.currency, back.is_whole) == (None, None, False)
    assert (known.amount, known.currency, known.is_whole) == (None, "EUR", False)
    assert one.refunded == Money(767, "EUR")
    assert both.refunded == Money(767 + 999 + 383, "EUR")


@pytest.mark.parametrize("total", [{}, {"total": 5}])
def test_a_refund_beyond_what_the_database_holds_is_refused(total: Mapping[str, Any]) -> None:
    with pytest.raises(BadOrder) as refused:
        refund(currency="EUR", products=[{"quantity": 1_000_000, "price": 10**13}], **total)

    assert refused.value.path == "products[0].price"


NUMBERS = ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117", "30569309025904"]


@pytest.mark.parametrize("number", NUMBERS)
def test_what_looks_like_a_card_number_is_blanked_wherever_it_stands(number: str) -> None:
    digits = int(number.replace(" ", "").replace("-", ""))
    said = {"payment": {"pan": digits, "parts": [f"card {number}!"]}, "order_id": "A-1", "total": 12.5, "paid": True}

    blanked = cards.blanked(said)

    assert blanked == {
        "payment": {"pan": cards.BLANK, "parts": [f"card {cards.BLANK}!"]},
        "order_id": "A-1",
        "total": 12.5,
        "paid": True,
    }
    assert cards.is_blanked(blanked)
    assert not cards.is_blanked(said)
    assert cards.may_hold(json.dumps(said).encode())
    assert cards.may_hold(json.dumps({"pan": digits}).replace("1", "\\u0031").replace("3", "\\u0033").encode())


def test_a_call_without_so_many_digits_in_a_row_holds_no_card_number() -> None:
    assert not cards.may_hold(b'{"timestamp": "2026-11-02T09:30:12.345Z", "phone": "+491511234567", "total": 12.5}')


@pytest.mark.parametrize(
    "properties",
    [
        {"sku": "4006381333931"},  # a barcode that has a card's check digit
        {"product_id": 4006381333931, "gtin": "14006381333938"},
        {"order_id": "4111111111111112"},  # no check digit of a card
        {"phone": "+49 151 12345678", "mobile": "4915112345675"},
        {"at": 1763640000000, "note": "1234567890123456789012345"},
    ],
)
def test_numbers_of_goods_orders_and_times_are_no_card_numbers(properties: Mapping[str, Any]) -> None:
    assert cards.blanked(properties) == properties


def test_a_blanked_payment_kind_is_left_out_and_a_blanked_order_id_refused() -> None:
    contents = completed(payment_kind=cards.BLANK).contents

    assert contents is not None
    assert contents.payment_kind is None
    with pytest.raises(BadOrder):
        completed(order_id=cards.BLANK)
