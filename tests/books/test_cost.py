"""What points cost is exact until it is rounded once."""

from decimal import Decimal

import pytest

from hub.programs.cost import Cost


@pytest.mark.parametrize(
    ("points", "full", "expected"),
    [(0, 0, 0), (1, 1, 1), (2, 2, 1), (3, 2, 2), (1000, 800, 700), (10**12, 8 * 10**11, 7 * 10**11)],
)
def test_points_cost_their_part_of_the_amount_less_what_is_never_spent(points: int, full: int, expected: int) -> None:
    cost = Cost(100, 80, Decimal("12.5"))

    assert (cost.full(points), cost.expected(points)) == (full, expected)


def test_half_a_cent_is_a_cent_and_less_is_none() -> None:
    cost = Cost(2, 1, Decimal("0.01"))

    assert (cost.full(1), cost.expected(1)) == (1, 0)


def test_where_all_points_are_never_spent_they_cost_nothing() -> None:
    assert Cost(100, 80, Decimal(100)).expected(1000) == 0
