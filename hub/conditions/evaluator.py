"""Conditions on a value such as `{"properties": {…}, "profile": {…}}`, decoded from JSON or BSON.

A condition never raises, whatever the value holds:

- A name that is missing is the same as one that is null. Lists have no names inside.
- A value of another type than the literal makes a comparison false. `true` is no number; 1 and 1.0 are equal.
- `!=` is exactly the contrary of `=`: `profile.country != "DE"` also holds for people whose country is unknown, which
  is what "everybody but Germany" means to a marketer, and what MongoDB's `$ne` finds.
- Text is compared by code points, with regard to case. So ISO 8601 dates of one form and zone compare in time's order.
- `contains` finds a piece of a text, or an equal item of a list.
- `within` asks for a time as `times` reads it, or for its day as `yearly` does, and is the only one to which `now`
  matters.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

from hub.conditions import yearly
from hub.conditions.model import (
    PRODUCTS,
    AnyProduct,
    Compare,
    Comparison,
    Condition,
    Every,
    Exists,
    Followed,
    InSegment,
    Literal,
    Not,
    Path,
    Ranked,
    Some,
    Within,
)
from hub.conditions.times import Bounds

SEGMENTS: Final = "segments"
"""Where a value holds the names of the segments that its customer is in."""

RANKED: Final = "ranked"
"""Where a value holds the rankings at whose end its customer is."""
AT: Final = "at"
"""Where a value holds the times of the `first` and the `last` event of a tally, by its name."""

PRODUCT: Final = "product"
"""The root of the names of one product, inside of `any` and `units`."""

Test: TypeAlias = Callable[[Any], bool]
"""A question to what a name holds. It answers for any value and raises for none."""

Holds: TypeAlias = Callable[[Mapping[str, Any], datetime], bool]
"""A condition as a function of a value and the time."""


def holds(condition: Condition, value: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether the condition is true of the value at a time."""
    return compiled(condition)(value, now)


@lru_cache(maxsize=4_096)
def compiled(condition: Condition) -> Holds:  # noqa: C901, PLR0911 - one answer a kind of condition
    """Turn a condition into one function. Who asks often keeps the function: looking it up hashes the whole tree."""
    match condition:
        case Compare(path, comparison, values):
            return _of(path, _TESTS[comparison](*values))
        case Exists(path):
            return _of(path, lambda found: found is not None)
        case Within():
            return _within(condition)
        case Ranked():
            return lambda value, _: condition in value.get(RANKED, ())
        case AnyProduct(part):
            return _any_product(compiled(part))
        case Followed():
            return _followed(condition)
        case InSegment(name):
            return lambda value, _: name in value.get(SEGMENTS, ())
        case Not(part):
            inner = compiled(part)
            return lambda value, now: not inner(value, now)
        case Every(parts):
            return _all_of(tuple(map(compiled, parts)))
        case Some(parts):
            return _one_of(tuple(map(compiled, parts)))


def _all_of(tests: tuple[Holds, ...]) -> Holds:
    def all_hold(value: Mapping[str, Any], now: datetime) -> bool:
        for test in tests:  # noqa: SIM110 - all() over a generator takes twice as long
            if not test(value, now):
                return False
        return True

    return all_hold


def _one_of(tests: tuple[Holds, ...]) -> Holds:
    def one_holds(value: Mapping[str, Any], now: datetime) -> bool:
        for test in tests:  # noqa: SIM110 - any() over a generator takes twice as long
            if test(value, now):
                return True
        return False

    return one_holds


def _within(asks: Within) -> Holds:
    path, span, ahead = asks.path, asks.span, asks.ahead
    if asks.yearly:
        return lambda value, now: yearly.holds(value_at(path, value), now, span, ahead=ahead)
    return lambda value, now: Bounds.of(now, span, ahead=ahead).hold(value_at(path, value))


def _any_product(holds: Holds) -> Holds:
    def one_is(value: Mapping[str, Any], now: datetime) -> bool:
        return any(holds({PRODUCT: it}, now) for it in products_of(value))

    return one_is


def _followed(asked: Followed) -> Holds:
    later, earlier = ((*asked.path[:1], AT, "last"), (asked.after.name, AT, "first" if asked.of_first else "last"))

    def came_after(value: Mapping[str, Any], now: datetime) -> bool:
        one, other = value_at(later, value), value_at(earlier, value)
        if one is None or other is None or one <= other:
            return False
        return asked.days is None or (now.astimezone(UTC).date() - one.date()).days < asked.days

    return came_after


def products_of(value: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """List the products that an event tells of in its `properties`, as far as they are objects."""
    found = value_at(PRODUCTS, value)
    return [it for it in found if isinstance(it, dict)] if isinstance(found, list) else ()


def _of(path: Path, test: Test) -> Holds:
    def reached(value: Any, now: datetime) -> bool:
        del now
        for name in path:
            if not isinstance(value, dict):
                return test(None)
            value = value.get(name)
        return test(value)

    return reached


def value_at(path: Path, value: Any) -> Any:
    """Give what a name holds in a value; None where it holds nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _equal(literal: Literal) -> Test:
    if literal is None or isinstance(literal, bool):
        return lambda found: found is literal
    if isinstance(literal, str):
        return lambda found: isinstance(found, str) and found == literal
    return lambda found: _is_number(found) and found == literal


def _unequal(literal: Literal) -> Test:
    equal = _equal(literal)
    return lambda found: not equal(found)


def _in(*values: Literal) -> Test:
    texts = frozenset(value for value in values if isinstance(value, str))
    numbers = frozenset(value for value in values if _is_number(value))
    constants = tuple(value for value in values if value is None or isinstance(value, bool))

    def found_in(found: Any) -> bool:
        if isinstance(found, str):
            return found in texts
        return found in numbers if _is_number(found) else any(found is constant for constant in constants)

    return found_in


def _contains(literal: Literal) -> Test:
    equal = _equal(literal)

    def contains(found: Any) -> bool:
        if isinstance(found, str):
            return isinstance(literal, str) and literal in found
        return isinstance(found, list) and any(equal(item) for item in found)

    return contains


def _starts(prefix: Literal) -> Test:
    return lambda found: isinstance(found, str) and isinstance(prefix, str) and found.startswith(prefix)


def _ends(suffix: Literal) -> Test:
    return lambda found: isinstance(found, str) and isinstance(suffix, str) and found.endswith(suffix)


def _ordered(order: Callable[[Any, Any], bool], literal: Literal) -> Test:
    if isinstance(literal, str):
        return lambda found: isinstance(found, str) and order(found, literal)
    if _is_number(literal):
        return lambda found: _is_number(found) and order(found, literal)
    return lambda _: False


def _between(low: Literal, high: Literal) -> Test:
    from_low, to_high = _ordered(operator.ge, low), _ordered(operator.le, high)
    return lambda found: from_low(found) and to_high(found)


_TESTS: Final[Mapping[Comparison, Callable[..., Test]]] = {
    Comparison.EQUAL: _equal,
    Comparison.NOT_EQUAL: _unequal,
    Comparison.LESS: partial(_ordered, operator.lt),
    Comparison.LESS_OR_EQUAL: partial(_ordered, operator.le),
    Comparison.GREATER: partial(_ordered, operator.gt),
    Comparison.GREATER_OR_EQUAL: partial(_ordered, operator.ge),
    Comparison.IN: _in,
    Comparison.CONTAINS: _contains,
    Comparison.STARTS: _starts,
    Comparison.ENDS: _ends,
    Comparison.BETWEEN: _between,
}
"""What each comparison makes of its literals."""
