"""The rules of earning: from an order, a program and what is known of the member to points. No clock, no I/O.

Everything is exact until it is rounded once, as the rule says. An order that was given back in part earns what it would
have earned without that part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from hub.commerce.model import FulfilmentKind, Order
from hub.conditions.model import Condition
from hub.earning import asking
from hub.earning.amounts import Amounts, Exact
from hub.earning.asking import Questions
from hub.earning.model import NO_ROOMS, Award, Facts, Given, Why
from hub.kit import ids
from hub.programs.model import (
    By,
    Combine,
    Multiplier,
    PerAmount,
    PerEvent,
    PerOrders,
    PerUnit,
    PerVisit,
    Program,
    Rounding,
    Rule,
    Threshold,
)

PICKED_UP: Final = frozenset({FulfilmentKind.PICKUP, FulfilmentKind.CURBSIDE})
"""How goods come to those who earn when they have them, and not when they order."""

_ONE: Final = Decimal(1)
_EVERYBODY: Final = Decimal(100)
_HUNDRED: Final = 100
"""Multipliers have two digits behind their point."""
_PLACES: Final = 10_000
"""Into how many parts the members are divided to draw samples."""


def award(questions: Questions, order: Order, facts: Facts, rooms: Mapping[str, int] = NO_ROOMS) -> Award:
    """Tell what an order earns, as it is with all that was given back of it.

    Args:
        questions: the program's.
        order: all that is known of it.
        facts: what was true of the member when it first earned.
        rooms: how many points each capped rule may give.

    Returns:
        Each rule that is about orders, in the order of the program, with its points or why there are none.
    """
    program = questions.program
    rules = [it for it in program.rules.values() if not isinstance(it.gives, PerEvent | PerVisit)]
    if why := _not_yet(program, order):
        return Award(tuple(Given(it.name, it.wallet, why=why) for it in rules))
    calculation = _Calculation(questions, order, facts)
    given = [_capped(calculation.given(it), rooms) for it in rules]
    if program.rules_combine is Combine.BEST:
        given = _best(given)
    return Award(tuple(given), calculation.unheld)


def earned_since(order: Order) -> datetime | None:
    """Tell when an order has earned: when it was completed, or picked up where it is to be."""
    said = order.contents
    if said and said.fulfilment and said.fulfilment.kind in PICKED_UP:
        return order.picked_up_at if order.completed_at else None
    return order.completed_at


def is_sampled(program: str, rule: str, member: UUID, share: Decimal) -> bool:
    """Tell whether somebody is among so many per cent of the members: always the same ones, also when it grows."""
    if share >= _EVERYBODY:
        return True
    place = ids.key_of("sample", program, rule, member).int % _PLACES
    return place < share * _PLACES / 100


def rounded(part: int, whole: int, rounding: Rounding) -> int:
    """Make whole points of `part / whole`, which is not negative."""
    match rounding:
        case Rounding.DOWN:
            return part // whole
        case Rounding.NEAREST:
            return (2 * part + whole) // (2 * whole)
        case Rounding.UP:
            return -(-part // whole)


def _not_yet(program: Program, order: Order) -> Why | None:
    """Say why an order earns nothing at all."""
    if order.cancelled_at is not None:
        return Why.CANCELLED
    if order.contents is None or order.completed_at is None:
        return Why.NOT_COMPLETED
    if earned_since(order) is None:
        return Why.BEFORE_PICKUP
    if order.contents.currency not in {None, program.currency}:
        return Why.ANOTHER_CURRENCY
    return None


class _Calculation:
    """What the rules of a program give for one order."""

    def __init__(self, questions: Questions, order: Order, facts: Facts) -> None:
        if order.contents is None or order.completed_at is None:
            raise ValueError("Only an order that was completed earns.")
        self._questions = questions
        self._program = questions.program
        self._facts = facts
        self._lines = order.contents.lines
        self._at = order.completed_at
        self._contents = order.contents
        self._value: Mapping[str, Any] | None = None
        self._amounts = Amounts(order)
        self.unheld: dict[str, Why] = {}
        self._multipliers = [it for it in self._program.multipliers.values() if self._holds(it)]

    def given(self, rule: Rule) -> Given:
        nothing = Given(rule.name, rule.wallet)
        if not is_sampled(self._program.name, rule.name, self._facts.member, rule.sample):
            return replace(nothing, why=Why.NOT_SAMPLED)
        if not self._hold(rule.where):
            return replace(nothing, why=Why.NOT_MATCHING)
        if self._is_below(rule.threshold):
            return replace(nothing, why=Why.BELOW_THRESHOLD)
        match rule.gives:
            case PerAmount() as per:
                found = self._per_amount(rule, per)
            case PerUnit(points):
                found = self._per_unit(rule, points)
            case PerOrders(every, points):
                return self._per_order(rule, every, points)
            case _:
                raise ValueError(f"`{rule.name}` is not about orders.")
        return found if found.points else replace(found, why=Why.NOTHING_LEFT)

    def _per_amount(self, rule: Rule, per: PerAmount) -> Given:
        counting = self._amounts.counting(per.basis)
        if rule.lines is not None:
            counting = {place: counting[place] for place in self._meant(rule) if place in counting}
        times, multipliers = self._times(rule)
        each, step = int(times * _HUNDRED) * per.points, per.step * _HUNDRED

        def points_of(amount: Exact) -> int:
            return rounded(amount.numerator * each, amount.denominator * step, per.rounding)

        total = sum(counting.values())
        lines: dict[int, int] = {}
        if per.by is By.LINE:
            lines = {place: points for place, it in counting.items() if (points := points_of(it))}
        points = sum(lines.values()) if per.by is By.LINE else points_of(total)
        return Given(rule.name, rule.wallet, points, points, total, times, multipliers, lines)

    def _per_unit(self, rule: Rule, points: int) -> Given:
        times, multipliers = self._times(rule)
        units = {place: self._units_of(place) for place in self._meant(rule)}
        each = int(times * _HUNDRED) * points
        lines = {place: rounded(it * each, _HUNDRED, Rounding.DOWN) for place, it in units.items() if it}
        total = sum(lines.values())
        return Given(rule.name, rule.wallet, total, total, sum(units.values()), times, multipliers, lines)

    def _per_order(self, rule: Rule, every: int, points: int) -> Given:
        if self._facts.number % every:
            return Given(rule.name, rule.wallet, why=Why.NOT_ITS_TURN)
        if not self._amounts.kept.is_any:
            return Given(rule.name, rule.wallet, why=Why.NOTHING_LEFT)
        return Given(rule.name, rule.wallet, points, points)

    def _units_of(self, place: int) -> int:
        """Count the pieces of a line that were kept, to the nearest: a price off by a cent takes none away."""
        kept = self._amounts.kept.of_line(place) * asking.paid_units_of(self._lines[place])
        return rounded(kept.numerator, kept.denominator, Rounding.NEAREST)

    def _hold(self, condition: Condition | None) -> bool:
        if condition is None:
            return True
        if self._value is None:
            self._value = asking.of_order(self._contents, self._at, self._facts, self._program.zone)
        return self._questions.hold(condition, self._value, self._at, self._facts)

    def _meant(self, rule: Rule) -> Sequence[int]:
        return [place for place, it in enumerate(self._lines) if asking.is_meant(rule.lines, it, self._at)]

    def _holds(self, multiplier: Multiplier) -> bool:
        why = self._unheld(multiplier)
        if why is not None:
            self.unheld[multiplier.name] = why
        return why is None

    def _unheld(self, multiplier: Multiplier) -> Why | None:
        if not is_sampled(self._program.name, multiplier.name, self._facts.member, multiplier.sample):
            return Why.NOT_SAMPLED
        if not self._hold(multiplier.where):
            return Why.NOT_MATCHING
        return Why.BELOW_THRESHOLD if self._is_below(multiplier.threshold) else None

    def _is_below(self, threshold: Threshold | None) -> bool:
        """Tell whether what was kept of the order is less than a threshold."""
        return threshold is not None and sum(self._amounts.counting(threshold.basis).values()) < threshold.amount

    def _times(self, rule: Rule) -> tuple[Decimal, tuple[str, ...]]:
        """Tell by how much a rule is multiplied, and by which multipliers."""
        held = [it for it in self._multipliers if rule.name in it.of]
        if not held:
            return _ONE, ()
        if self._program.multipliers_combine is Combine.BEST:
            best = max(held, key=lambda it: it.times)  # the first of equals
            return best.times, (best.name,)
        return _ONE + sum(it.times - _ONE for it in held), tuple(it.name for it in held)


def _capped(given: Given, rooms: Mapping[str, int]) -> Given:
    room = rooms.get(given.rule)
    if room is None or given.points <= room:
        return given
    return replace(given, points=room, why=Why.CAPPED)


def _best(given: Sequence[Given]) -> list[Given]:
    """Leave of each wallet the rule that gives most, the first of equals."""
    best: dict[str, Given] = {}
    for it in given:
        if it.wallet not in best or it.points > best[it.wallet].points:
            best[it.wallet] = it
    return [it if it is best[it.wallet] or not it.points else replace(it, points=0, why=Why.LOWER) for it in given]
