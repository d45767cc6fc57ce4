"""Whatever is bought and brought back: points are never more for less, and never depend on the sequence."""

from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hub.commerce.model import Order, RefundedLine
from hub.earning.amounts import Amounts
from hub.programs.model import Basis
from tests.earning.ordering import BASE, PAID, award, back, line, order, points, program, refunded

SKUS = ("A", "B", "C")
ALL = Basis(with_tax=True, less_discount=True, with_shipping=True)
NET = Basis(with_tax=False, less_discount=True, with_shipping=False)
PROGRAMS = (
    program(BASE, "unit: {points: 3}", "order: {every: 1, points: 7}"),
    program(
        BASE.replace("by: order", "by: line").replace("down", "up"),
        multipliers=[f"times: 2.5, from: {{amount: 50.00, {PAID}}}"],
    ),
    program(BASE.replace("down", "nearest"), BASE.replace("points: 1", "points: 2"), more="combine: {rules: best}"),
)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    lines = [
        line(
            sku,
            draw(st.integers(0, 9_999)),
            draw(st.sampled_from(("1", "2", "0.250"))),
            discount=draw(st.integers(0, 99)),
        )
        for sku in draw(st.lists(st.sampled_from(SKUS), max_size=3, unique=True))
    ]
    shipping, tax = draw(st.integers(0, 500)), draw(st.integers(0, 500))
    gross = shipping + tax + draw(st.integers(0, 20_000))
    return order(gross, *lines, shipping=shipping, tax=tax)


def lines_back() -> st.SearchStrategy[list[RefundedLine]]:
    one = st.builds(back, st.sampled_from((*SKUS, "X")), st.sampled_from(("1", "2")), st.none() | st.integers(0, 9_999))
    return st.lists(one, max_size=2)


refunds = st.lists(st.tuples(st.integers(0, 9_999), lines_back()), max_size=6)


def with_all(it: Order, back: list[tuple[int, list[RefundedLine]]]) -> Order:
    for amount, lines in back:
        it = refunded(it, amount, lines=lines)
    return it


@given(orders(), refunds, st.integers(0, 9_999))
def test_another_refund_never_leaves_more_points(
    it: Order, before: list[tuple[int, list[RefundedLine]]], amount: int
) -> None:
    less = with_all(it, before)
    for of in PROGRAMS:
        assert points(of, refunded(less, amount)) <= points(of, less)
        assert points(of, refunded(it, None)) == 0


@given(orders(), refunds, st.randoms(use_true_random=False))
def test_the_sequence_of_refunds_does_not_matter(
    it: Order, back: list[tuple[int, list[RefundedLine]]], chance: Random
) -> None:
    shuffled = list(back)
    chance.shuffle(shuffled)
    for of in PROGRAMS:
        assert award(of, with_all(it, back)) == award(of, with_all(it, shuffled))


@given(orders(), refunds)
def test_lines_and_what_is_beside_them_add_up_to_the_order_to_the_cent(
    it: Order, back: list[tuple[int, list[RefundedLine]]]
) -> None:
    assert it.contents
    assert it.contents.gross is not None
    for basis in (ALL, NET):
        whole = Amounts(it).counting(basis)
        beside = (0 if basis.with_tax else it.contents.tax or 0) + (
            0 if basis.with_shipping else it.contents.shipping or 0
        )
        assert sum(whole.values()) == it.contents.gross - beside
    left = with_all(it, back)
    kept = Amounts(left).counting(ALL)
    given_back = sum((amount for amount, _ in back), 0)
    assert sum(kept.values()) == max(Fraction(0), Fraction(it.contents.gross - given_back))


@given(orders(), refunds)
def test_points_by_line_add_up_and_the_same_order_always_earns_the_same(
    it: Order, back: list[tuple[int, list[RefundedLine]]]
) -> None:
    left = with_all(it, back)
    for of in PROGRAMS:
        found = award(of, left)
        assert found == award(of, left)
        assert all(given.points == sum(given.lines.values()) for given in found.given if given.lines and not given.why)
