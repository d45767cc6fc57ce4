"""What points cost the shop that gives them. All of it is exact until an amount is rounded once."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final

_HALF: Final = Fraction(1, 2)
_ALL: Final = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """So many `points` cost so much.

    Attributes:
        points: how many cost the amount.
        amount: in minor units of the program's currency.
        breakage: how many per cent of all points are never spent, as the shop expects.
    """

    points: int
    amount: int
    breakage: Decimal

    def full(self, points: int) -> int:
        """Tell what points cost if all of them are spent: minor units, to the nearest, a half up."""
        return floor(self._exact(points) + _HALF)

    def expected(self, points: int) -> int:
        """Tell what they cost if as many are never spent as is expected, rounded in the same way."""
        return floor(self._exact(points) * (1 - Fraction(self.breakage) / _ALL) + _HALF)

    def _exact(self, points: int) -> Fraction:
        return Fraction(points * self.amount, self.points)
