"""The parser, the speller and the evaluator against everything that hypothesis can think of."""

import operator
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.conditions import kinds, parser
from hub.conditions.evaluator import compiled, holds
from hub.conditions.model import (
    AnyProduct,
    Compare,
    Comparison,
    Condition,
    End,
    Every,
    Exists,
    InSegment,
    Literal,
    Not,
    Ranked,
    Some,
    Within,
)
from hub.conditions.shapes import Happenings
from hub.conditions.spelling import spell
from hub.kit.problems import InvalidDefinition
from tests.segments import judge

NAMES = ["a", "b", "value", "in", "not", "größe", "first-name"]
TEXTS = ["", "a", "ab", "b", "DE", 'quote"d', "back\\slash", "line\nbreak", "\x00\x7f"]
NUMBERS = [-1, 0, 1, 2, 1.0, 0.5, -0.0, 1e22, 2**63 - 1]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

spans = st.integers(1, 36_500 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
paths = st.builds(
    lambda root, names: (root, *names), st.sampled_from("pq"), st.lists(st.sampled_from(NAMES), max_size=2)
)
texts = st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8"), max_size=8)
numbers = (
    st.sampled_from(NUMBERS) | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
literals: st.SearchStrategy[Literal] = st.none() | st.booleans() | texts | numbers


@st.composite
def compares(draw: st.DrawFn) -> Compare:
    comparison = draw(st.sampled_from(Comparison))
    least, most = {Comparison.IN: (1, 4), Comparison.BETWEEN: (2, 2)}.get(comparison, (1, 1))
    return Compare(draw(paths), comparison, tuple(draw(st.lists(literals, min_size=least, max_size=most))))


days = st.integers(1, 365).map(lambda number: timedelta(days=number))
withins = st.builds(Within, paths, spans, st.booleans()) | st.builds(
    Within, paths, days, st.booleans(), yearly=st.just(value=True)
)
asked = compares() | st.builds(Exists, paths) | withins
of_a_product = st.builds(
    lambda names, it: Compare(("product", *names), it.comparison, it.values),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=2),
    compares(),
)
shares = st.decimals(0, 100, places=2).filter(bool)
ranked = st.builds(Ranked, paths, shares, st.sampled_from(End))
conditions: st.SearchStrategy[Condition] = st.recursive(
    compares()
    | st.builds(Exists, paths)
    | withins
    | st.builds(AnyProduct, of_a_product)
    | ranked
    | st.builds(InSegment, texts),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Every, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Some, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
dates = st.datetimes(NOW.replace(tzinfo=None) - timedelta(days=40), NOW.replace(tzinfo=None) + timedelta(days=40))
times = dates.map(lambda it: f"{it.isoformat()}Z") | dates.map(lambda it: it.date().isoformat())
leaves = times | st.none() | st.booleans() | texts | st.sampled_from(NUMBERS) | st.floats()
odd: st.SearchStrategy[Any] = st.recursive(
    leaves | st.binary(max_size=2) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
ordered_products = st.lists(st.dictionaries(st.sampled_from(NAMES), odd, max_size=3) | odd, max_size=3)
values = st.dictionaries(st.sampled_from("pq"), odd, max_size=2) | st.fixed_dictionaries(
    {
        "segments": st.frozensets(texts, max_size=2),
        "ranked": st.frozensets(ranked, max_size=2),
        "properties": st.fixed_dictionaries({"products": ordered_products}),
    }
)


@given(conditions)
def test_a_condition_that_is_spelled_is_read_back_as_it_was(condition: Condition) -> None:
    assert parser.parse(spell(condition)) == condition


@given(conditions, values)
def test_the_evaluator_agrees_with_the_plain_meaning(condition: Condition, value: dict[str, Any]) -> None:
    assert holds(condition, value, NOW) is meant(condition, value)


@given(conditions, values)
def test_a_condition_and_its_contrary_never_agree(condition: Condition, value: dict[str, Any]) -> None:
    assert compiled(condition)(value, NOW) is not compiled(Not(condition))(value, NOW)


@given(
    st.text(st.characters(codec="utf-8"), max_size=80)
    | st.text("()[]=!<>&|,.\"'\\ \nab1-e", max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "and",
                "or",
                "not",
                "exists",
                "within",
                "next",
                "yearly",
                "30d",
                "segment",
                "any",
                "did",
                "sum",
                "last",
                "after",
                "where",
                "units",
                ">=",
                "(",
                ")",
                "in",
                "[",
                "]",
                ",",
                "between",
                "=",
                "<",
                "a.b",
                "1",
                '"x"',
                "true",
            ]
        ),
        max_size=15,
    ).map(" ".join)
)
def test_any_text_is_a_condition_or_refused_at_a_place_inside_it(text: str) -> None:
    try:
        kinds.read(text, {"a": {}, kinds.DID: Happenings({"x": {}})})
    except InvalidDefinition as refused:
        for problem in refused.problems:
            assert 1 <= problem.line <= text.count("\n") + 1
            assert 1 <= problem.column <= len(text.split("\n")[problem.line - 1]) + 1
            assert set(problem.code) <= set(string.ascii_lowercase + "_")


def meant(condition: Condition, value: Any) -> bool:  # noqa: PLR0911 - one answer a kind of condition
    """The language's meaning, written down again as plainly as possible."""
    match condition:
        case Exists(path):
            return found(path, value) is not None
        case Within():
            return judge.says_time(condition, found(condition.path, value), NOW)
        case AnyProduct(part):
            return any(meant(part, {"product": it}) for it in of_products(value))
        case Ranked():
            return condition in value.get("ranked", ())
        case InSegment(name):
            return name in value.get("segments", ())
        case Not(part):
            return not meant(part, value)
        case Every(parts):
            return all(meant(part, value) for part in parts)
        case Some(parts):
            return any(meant(part, value) for part in parts)
        case Compare(path, comparison, literals):
            return compared(found(path, value), comparison, literals)


def of_products(value: Any) -> list[Any]:
    listed = found(("properties", "products"), value)
    return [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []


def found(path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    return found(path[1:], value[path[0]]) if isinstance(value, dict) and path[0] in value else None


def sort_of(value: Any) -> str:
    names = {bool: "constant", type(None): "constant", str: "text", int: "number", float: "number", list: "list"}
    return names.get(type(value), "other")


def same(left: Any, right: Any) -> bool:
    if sort_of(left) != sort_of(right) or sort_of(left) not in {"constant", "text", "number"}:
        return False
    return left is right if sort_of(left) == "constant" else bool(left == right)


def ordered(left: Any, order: Callable[[Any, Any], bool], right: Any) -> bool:
    return sort_of(left) == sort_of(right) and sort_of(left) in {"text", "number"} and order(left, right)


def contains(value: Any, literal: Any) -> bool:
    if sort_of(value) == "list":
        return any(same(item, literal) for item in value)
    return sort_of(value) == sort_of(literal) == "text" and literal in value


def compared(value: Any, comparison: Comparison, literals: tuple[Literal, ...]) -> bool:
    first: Any = literals[0]
    last: Any = literals[-1]
    answers: dict[str, Callable[[], bool]] = {
        "=": lambda: same(value, first),
        "!=": lambda: not same(value, first),
        "<": lambda: ordered(value, operator.lt, first),
        "<=": lambda: ordered(value, operator.le, first),
        ">": lambda: ordered(value, operator.gt, first),
        ">=": lambda: ordered(value, operator.ge, first),
        "between": lambda: ordered(value, operator.ge, first) and ordered(value, operator.le, last),
        "in": lambda: any(same(value, literal) for literal in literals),
        "contains": lambda: contains(value, first),
        "starts": lambda: sort_of(value) == sort_of(first) == "text" and value[: len(first)] == first,
        "ends": lambda: sort_of(value) == sort_of(first) == "text" and value[::-1].find(first[::-1]) == 0,
    }
    return answers[comparison.value]()
