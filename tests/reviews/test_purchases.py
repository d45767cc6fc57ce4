"""Purchases: whether a line of an order is still the customer's."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hub.commerce.model import Contents, Line, Order, Refund, RefundedLine, Stamp
from hub.kit import ids
from hub.reviews.model import Purchase
from hub.reviews.purchases import kept_in

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAMP = Stamp(-1, NOON, ids.new_id())


def line(product_id: str | None = "P-1", sku: str | None = None, quantity: int = 1) -> Line:
    return Line(product_id, sku, None, None, None, Decimal(quantity), 500, None, None)


def order(*lines: Line, refunds: list[Refund] | None = None) -> Order:
    gross = 500 * int(sum(it.quantity for it in lines))
    contents = Contents(STAMP, ids.new_id(), currency="EUR", gross=gross, lines=lines)
    given_back = {it.refund_id: it for it in refunds or ()}
    return Order("shop", "A-1", contents=contents, completed_at=NOON, refunds=given_back)


def refund(*lines: RefundedLine, amount: int | None, name: str = "R-1") -> Refund:
    return Refund(name, STAMP, NOON, currency="EUR" if amount is not None else None, amount=amount, lines=lines)


def back(product_id: str | None = "P-1", sku: str | None = None, quantity: int = 1) -> RefundedLine:
    return RefundedLine(product_id, sku, Decimal(quantity), 500)


def place(found: Purchase | None) -> int | None:
    return found.line if found else None


def test_a_review_rests_on_the_first_line_of_its_product() -> None:
    bought = order(line("P-0"), line("P-1"), line("P-1"))

    assert kept_in(bought, "P-1", ()) == Purchase("shop", "A-1", 1)
    assert kept_in(bought, "P-9", ()) is None


def test_a_line_that_names_only_a_variant_is_of_the_product_that_has_it() -> None:
    bought = order(line("P-0", "S-1"), line(None, "S-1"))

    assert place(kept_in(bought, "P-1", {"S-1"})) == 1
    assert kept_in(bought, "P-1", {"S-2"}) is None


def test_an_order_that_is_open_or_cancelled_is_no_purchase() -> None:
    bought = order(line())

    assert kept_in(replace(bought, completed_at=None), "P-1", ()) is None
    assert kept_in(replace(bought, cancelled_at=NOON), "P-1", ()) is None
    assert kept_in(replace(bought, contents=None), "P-1", ()) is None


def test_what_was_given_back_as_a_whole_is_no_purchase() -> None:
    two = (line("P-1", quantity=2), line("P-2"))

    assert place(kept_in(order(*two, refunds=[refund(back(), amount=500)]), "P-1", ())) == 0
    assert kept_in(order(*two, refunds=[refund(back(quantity=2), amount=1000)]), "P-1", ()) is None
    assert kept_in(order(*two, refunds=[refund(amount=None)]), "P-1", ()) is None
    by_lines = replace(refund(back(), amount=None), by_lines=True)
    assert place(kept_in(order(*two, refunds=[by_lines]), "P-1", ())) == 0
    assert kept_in(order(*two, refunds=[refund(amount=1500)]), "P-1", ()) is None
    assert place(kept_in(order(*two, refunds=[refund(amount=1499)]), "P-1", ())) == 0
    assert place(kept_in(order(*two, refunds=[refund(back("P-2"), amount=500)]), "P-1", ())) == 0


def test_of_two_variants_the_one_that_was_kept_counts() -> None:
    bought = order(line(sku="S-1"), line(sku="S-2"), refunds=[refund(back(sku="S-1"), amount=500)])

    assert place(kept_in(bought, "P-1", ())) == 1


def test_an_order_that_cost_nothing_is_a_purchase_until_its_lines_come_back() -> None:
    free = order(line())
    assert free.contents
    free = replace(free, contents=replace(free.contents, gross=0))

    assert place(kept_in(free, "P-1", ())) == 0
    assert kept_in(replace(free, refunds={"R-1": refund(back(), amount=0)}), "P-1", ()) is None
