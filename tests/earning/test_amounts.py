"""What of an order counts for points, with and without tax, discount and shipping, and less what was given back."""

from dataclasses import replace
from fractions import Fraction

import pytest

from hub.commerce.model import Order
from hub.earning import amounts
from hub.earning.amounts import BESIDE, Amounts
from hub.programs.model import Basis
from tests.earning.ordering import back, line, order, refunded

PAID = Basis(with_tax=True, less_discount=True, with_shipping=False)
NET = replace(PAID, with_tax=False)
LIST = replace(PAID, less_discount=False)


def shares(*of: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, of))


def counting(it: Order, basis: Basis) -> dict[int, int]:
    found = Amounts(it).counting(basis)
    assert all(value.denominator == 1 for value in found.values())
    return {place: int(value) for place, value in found.items()}


# An American receipt: prices without tax. 20.00 and 5.00, less 1.50 on the second, 2.35 tax, 4.99 shipping.
US = order(3084, line("A", 1000, "2"), line("B", 500, discount=150), tax=235, shipping=499)
# A German one: the tax is in the prices.
DE = order(2499, line("A", 1000, "2", tax=319), line("B", 500, discount=1, tax=80), tax=399, shipping=0)


@pytest.mark.parametrize(
    ("it", "basis", "expected"),
    [
        (US, NET, {0: 2000, 1: 350, BESIDE: 0}),
        (US, replace(LIST, with_tax=False), {0: 2000, 1: 500, BESIDE: 0}),
        (US, replace(NET, with_shipping=True), {0: 2000, 1: 350, BESIDE: 499}),
        (US, PAID, {0: 2200, 1: 385, BESIDE: 0}),
        (DE, PAID, {0: 2000, 1: 499, BESIDE: 0}),
        (DE, NET, {0: 1681, 1: 419, BESIDE: 0}),
        (DE, LIST, {0: 2000, 1: 500, BESIDE: 0}),
    ],
)
def test_an_amount_is_taken_before_or_after_tax_discount_and_shipping(
    it: Order, basis: Basis, expected: dict[int, int]
) -> None:
    assert counting(it, basis) == expected


def test_a_discount_on_the_whole_is_borne_by_all_lines_and_not_a_cent_is_lost() -> None:
    it = order(1000, line("A", 333), line("B", 334), line("C", 335), discount=2)

    assert counting(it, PAID) == {0: 333, 1: 333, 2: 334, BESIDE: 0}


def test_an_order_without_lines_or_prices_counts_beside_them() -> None:
    assert counting(order(1000), PAID) == {BESIDE: 1000}
    assert counting(order(1000, line("A", 0)), PAID) == {0: 0, BESIDE: 1000}
    assert counting(order(None, line("A", 0)), PAID) == {}


def test_a_refund_without_lines_is_of_all_goods_alike_and_of_shipping_last() -> None:
    kept = [amounts.kept(refunded(US, it)) for it in (517, 2585, 2585 + 499)]

    assert [it.lines for it in kept] == [shares("4/5", "4/5"), shares("0", "0"), shares("0", "0")]
    assert [it.shipping for it in kept] == [1, 1, 0]
    assert [it.is_any for it in kept] == [True, True, False]


def test_a_refund_of_lines_is_of_these_lines() -> None:
    one = amounts.kept(refunded(US, 1100, lines=[back("A", amount=1100)]))
    both = amounts.kept(refunded(US, 1485, lines=[back("A", amount=1100), back("B", amount=385)]))

    assert (one.lines, both.lines) == (shares("1/2", "1"), shares("1/2", "0"))


def test_a_refunded_line_without_an_amount_is_worth_what_was_paid_for_so_many_pieces() -> None:
    assert amounts.kept(refunded(US, None, lines=[back("A")])).lines == shares("1/2", "1")
    assert amounts.kept(refunded(US, None, lines=[back("B")])).lines == shares("1", "0")
    assert amounts.kept(refunded(US, None, None, lines=[back("A")])).lines == shares("0", "1")


def test_what_a_line_cannot_bear_and_what_nobody_knows_goes_to_the_others() -> None:
    more = amounts.kept(refunded(US, 2585, lines=[back("B", amount=2585)]))
    unknown = amounts.kept(refunded(US, 517, lines=[back("X", amount=517)]))

    assert (more.lines, unknown.lines) == (shares("0", "0"), shares("4/5", "4/5"))


def test_a_refund_of_all_leaves_nothing_and_one_in_another_currency_everything() -> None:
    assert not amounts.kept(refunded(US, None)).is_any
    other = refunded(US, 3084)
    foreign = {key: replace(it, currency="USD") for key, it in other.refunds.items()}
    assert amounts.kept(replace(other, refunds=foreign)).lines == shares("1", "1")


def test_an_order_that_cost_nothing_is_kept_until_all_of_it_is_given_back() -> None:
    assert amounts.kept(order(0, line("A", 0))).is_any
    assert not amounts.kept(refunded(order(0, line("A", 0)), None)).is_any
    assert [amounts.kept(refunded(US, it)).is_any for it in (3083, 3084, 9999)] == [True, False, False]
