"""What of an order counts for points: its amounts by line, less what was given back. All of it exact.

What was given back is a function of all refunds together, never of their sequence. So ten refunds of a tenth leave
what one refund of all leaves.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP
from fractions import Fraction
from typing import Final, TypeAlias

from hub.commerce.model import Contents, Line, Order, Refund, RefundedLine
from hub.programs.model import Basis

BESIDE: Final = -1
"""The place of what is not in lines: shipping, and the goods of an order that lists none, or none with a price."""

_PAID: Final = Basis(with_tax=True, less_discount=True, with_shipping=False)
_NOTHING: Final = Fraction(0)
_ALL: Final = Fraction(1)

Exact: TypeAlias = int | Fraction
"""A number without any rounding. Most are whole: arithmetic with fractions takes ten times as long."""
_Key: TypeAlias = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Kept:
    """Which share of each line was not given back, 0 to 1, and of the shipping. Goods beside lines have `beside`.

    `is_any` says whether anything was not given back, `is_all` that all of it was not.
    """

    lines: tuple[Fraction, ...]
    beside: Fraction
    shipping: Fraction
    is_any: bool = True
    is_all: bool = False

    def of_line(self, place: int) -> Exact:
        """Tell which share of a line was not given back."""
        return 1 if self.is_all else self.lines[place]


ALL_KEPT: Final = Kept((), Fraction(1), Fraction(1), is_all=True)


def kept(order: Order) -> Kept:
    """Tell what of an order with contents was not given back.

    A refund of lines goes to these lines; one that names none, and what a line cannot bear, to all goods alike, and to
    the shipping once nothing of them is left. In another currency it counts for nothing, as in the order's own sums.
    """
    contents = order.contents
    if not order.refunds or contents is None or contents.gross is None or contents.currency is None:
        return ALL_KEPT
    if any(it.is_whole for it in order.refunds.values()):
        return Kept((_NOTHING,) * len(contents.lines), _NOTHING, _NOTHING, is_any=False)
    *lines, beside = _goods(contents, _PAID, values_of(contents))
    refunds = [it for it in order.refunds.values() if it.currency in {None, contents.currency}]
    left, loose = _by_line(contents, [Fraction(it) for it in lines], refunds)
    goods = sum(left, Fraction(beside))
    share = max(_NOTHING, 1 - loose / goods) if goods else _NOTHING if loose else _ALL
    shipping = Fraction(contents.shipping or 0)
    over = max(_NOTHING, loose - goods)
    return Kept(
        lines=tuple(share * it / line if line else share for it, line in zip(left, lines, strict=True)),
        beside=share,
        shipping=max(_NOTHING, 1 - over / shipping) if shipping else share,
        is_any=loose < goods + shipping or not refunds,
    )


class Amounts:
    """What of an order counts, by the basis that is asked for: worked out once for each."""

    def __init__(self, order: Order) -> None:
        self._contents = order.contents
        self._values = values_of(order.contents) if order.contents else ()
        self._found: dict[Basis, dict[int, Exact]] = {}
        self.kept = kept(order)

    def counting(self, basis: Basis) -> dict[int, Exact]:
        """Give what counts of each line, by its place, in minor units; what is beside lines at `BESIDE`."""
        found = self._found.get(basis)
        if found is None:
            found = self._found[basis] = self._counting(basis)
        return found

    def _counting(self, basis: Basis) -> dict[int, Exact]:
        contents = self._contents
        if contents is None or contents.gross is None:
            return {}
        share = self.kept
        *lines, beside = _goods(contents, basis, self._values)
        shipping = (contents.shipping or 0) if basis.with_shipping else 0
        if share.is_all:
            return {**dict(enumerate(lines)), BESIDE: beside + shipping}
        found: dict[int, Exact] = {place: it * share.lines[place] for place, it in enumerate(lines)}
        found[BESIDE] = beside * share.beside + shipping * share.shipping
        return found


def values_of(contents: Contents) -> tuple[int, ...]:
    """Give what the pieces of each line come to by their price."""
    return tuple(int((it.quantity * (it.price or 0)).to_integral_value(ROUND_HALF_UP)) for it in contents.lines)


def _goods(contents: Contents, basis: Basis, values: Sequence[int]) -> list[int]:
    """Divide what an order comes to without its shipping among its lines, so that not a cent is lost; then the rest."""
    gross, lines = contents.gross or 0, contents.lines
    goods = gross - (contents.shipping or 0)
    if not basis.with_tax:
        goods -= _tax(contents)
    if not basis.less_discount:
        goods += (contents.discount or 0) + sum(it.discount or 0 for it in lines)
    goods = max(0, goods)
    weights = _weights(lines, values, basis, goods)
    total = sum(weights)
    if total == goods:
        return [*weights, 0]
    if not total:
        return [*(0 for _ in lines), goods]
    shares = [goods * weight // total for weight in weights]
    # The cents that are left go to those of which most was cut off, the first ones of equals.
    order = sorted(range(len(lines)), key=lambda it: (-(goods * weights[it] % total), it))
    for place in order[: goods - sum(shares)]:
        shares[place] += 1
    return [*shares, 0]


def _tax(contents: Contents) -> int:
    return contents.tax if contents.tax is not None else sum(it.tax or 0 for it in contents.lines)


def _weights(lines: Sequence[Line], of: Sequence[int], basis: Basis, goods: int) -> Sequence[int]:
    """Say in which proportion lines bear what an order comes to: by price, without the tax where that is in it."""
    values = of
    if basis.less_discount:
        values = [max(0, value - (it.discount or 0)) for value, it in zip(of, lines, strict=True)]
    if sum(values) != goods and all(it.tax is not None for it in lines):
        for sign in (-1, 1):
            taxed = [max(0, value + sign * (it.tax or 0)) for value, it in zip(values, lines, strict=True)]
            if sum(taxed) == goods:
                return taxed
    return values


def _by_line(
    contents: Contents, paid: Sequence[Fraction], refunds: Sequence[Refund]
) -> tuple[list[Fraction], Fraction]:
    """Take refunds off the lines that they name. Give what is left of each, and what no line bears."""
    loose, by_key = _NOTHING, defaultdict[_Key, Fraction](Fraction)
    for refund in refunds:
        named = [_worth(it, contents, paid) for it in refund.lines]
        said = sum(named, _NOTHING)
        whole = said if refund.amount is None else Fraction(refund.amount)
        # Less than the lines come to: each gets its part of it.
        scale = whole / said if said > whole else _ALL
        for line, worth in zip(refund.lines, named, strict=True):
            by_key[line.sku, line.product_id] += worth * scale
        loose += max(_NOTHING, whole - said)
    left = list(paid)
    # The keys that name most come first, so that one which fits many lines does not take what another one means.
    for key in sorted(by_key, key=lambda it: (-sum(part is not None for part in it), str(it))):
        taken = by_key[key]
        for place in _meant(key, contents.lines):
            part = min(left[place], taken)
            left[place] -= part
            taken -= part
        loose += taken
    return left, loose


def _worth(line: RefundedLine, contents: Contents, paid: Sequence[Fraction]) -> Fraction:
    """Tell what a refunded line comes to: as it says, else so many pieces of what was paid for the line."""
    if line.amount is not None:
        return Fraction(line.amount)
    left, worth = Fraction(line.quantity), _NOTHING
    for place in _meant((line.sku, line.product_id), contents.lines):
        quantity = Fraction(contents.lines[place].quantity)
        part = min(left, quantity)
        worth += paid[place] * part / quantity if quantity else _NOTHING
        left -= part
    return worth


def _meant(key: _Key, lines: Sequence[Line]) -> list[int]:
    """Name the lines that a sku and a product are of; a line need not say both."""
    sku, product = key
    by_sku = [place for place, it in enumerate(lines) if sku is not None and it.sku == sku]
    return by_sku or [
        place
        for place, it in enumerate(lines)
        if product is not None and it.product_id == product and not (sku and it.sku)
    ]
