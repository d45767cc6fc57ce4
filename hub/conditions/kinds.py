"""The type checker: names and literals of a condition against the kinds that a place knows; see `shapes`."""

from collections.abc import Iterator, Mapping
from typing import Final

from hub.conditions import parser
from hub.conditions.cursor import Leaf
from hub.conditions.evaluator import PRODUCT
from hub.conditions.model import (
    PRODUCTS,
    Addend,
    AnyProduct,
    Asked,
    Compare,
    Comparison,
    Condition,
    Exists,
    InSegment,
    Literal,
    Path,
    Ranked,
    Within,
)
from hub.conditions.parser import Written, written
from hub.conditions.shapes import (
    ANY_SEGMENT,
    RANKING,
    SEGMENT,
    BadName,
    Choice,
    Items,
    Kind,
    Names,
    Scope,
    Shape,
    kind_of,
    shape_of,
)
from hub.conditions.spelling import spell_literal
from hub.kit.problems import InvalidDefinition, Problem, did_you_mean

__all__ = [
    "ANY_SEGMENT",
    "RANKING",
    "SEGMENT",
    "BadName",
    "Choice",
    "Kind",
    "Names",
    "Scope",
    "Shape",
    "kind_of",
    "shape_of",
]

_NUMBER_OF_ROLLUP: Final = 2
"""Names in a number that a rollup keeps for a lifetime."""
_CHOOSING: Final = frozenset({Comparison.EQUAL, Comparison.NOT_EQUAL, Comparison.IN})
_ORDERED: Final = frozenset({Kind.TEXT, Kind.NUMBER})
_LITERALS: Final[Mapping[Comparison, frozenset[Kind]]] = {
    Comparison.EQUAL: frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.NULL}),
    Comparison.NOT_EQUAL: frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.NULL}),
    Comparison.IN: frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.NULL}),
    Comparison.LESS: _ORDERED,
    Comparison.LESS_OR_EQUAL: _ORDERED,
    Comparison.GREATER: _ORDERED,
    Comparison.GREATER_OR_EQUAL: _ORDERED,
    Comparison.BETWEEN: _ORDERED,
    Comparison.ENDS: frozenset({Kind.TEXT}),
    Comparison.CONTAINS: frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN}),
    Comparison.STARTS: frozenset({Kind.TEXT}),
}


def read(text: str, scope: Scope) -> Condition:
    """Read a condition and check it.

    Raises:
        InvalidDefinition: `bad_condition` where it cannot be read, else every `unknown_name` and `wrong_type`.
    """
    found = written(text)
    if problems := list(check(found, scope)):
        raise InvalidDefinition(problems)
    return found.condition


def check(condition: Written, scope: Scope) -> Iterator[Problem]:
    """Name every fault of a condition's names and types, by its place in the text."""
    for leaf in condition.leaves:
        for at, code, message in _faults(leaf, scope):
            yield Problem.within(condition.text, at, code, message)


def read_value(text: str, scope: Scope) -> Addend:
    """Read what of an event is added up, and check it: a property with one value, or the units of its products.

    Raises:
        InvalidDefinition: as `read`.
    """
    value, leaves = parser.value(text)
    if isinstance(value, tuple):
        problems = [Problem.within(text, 0, *fault) for fault in _no_single_value(value, scope)]
    else:
        problems = [Problem.within(text, *fault) for leaf in leaves for fault in _faults(leaf, _of_product(scope))]
    if problems:
        raise InvalidDefinition(problems)
    return value


def _no_single_value(path: Path, scope: Scope) -> Iterator[tuple[str, str]]:
    try:
        kind = kind_of(path, scope)
    except BadName as error:
        yield error.fault, error.message
    else:
        if kind in {Kind.LIST, Kind.OBJECT, Kind.OBJECTS}:
            yield (
                "wrong_type",
                f"`{'.'.join(path)}` is {kind}: what is added up is a property with one value, or `units`.",
            )


def _of_product(scope: Scope) -> Scope:
    """Give what may be asked of one product of an event."""
    properties = scope["properties"]
    products = properties.get(PRODUCTS[-1]) if isinstance(properties, Mapping) else None
    return {PRODUCT: products.of if isinstance(products, Items) else {}}


def _faults(leaf: Leaf, scope: Scope) -> Iterator[tuple[int, str, str]]:
    match leaf.part:
        case InSegment(name):
            yield from ((leaf.at, "unknown_name", fault) for fault in _unknown_segment(name, scope))
        case AnyProduct() if PRODUCTS[0] not in scope:
            yield leaf.at, "unknown_name", "`any` asks for the products of an event, and here is none."
        case AnyProduct():
            yield from (fault for inner in leaf.inner for fault in _faults(inner, _of_product(scope)))
        case Ranked():
            yield from ((leaf.at, code, message) for code, message in _unranked(leaf.part, scope))
        case part:
            yield from _faults_of_a_name(part, leaf, scope)


def _faults_of_a_name(part: Compare | Exists | Within, leaf: Leaf, scope: Scope) -> Iterator[tuple[int, str, str]]:
    kind = None
    try:
        if isinstance(shape := shape_of(part.path, scope), Choice):
            for at, message in _unchosen(part, shape, leaf):
                yield at, "wrong_type", message
            return
        kind = kind_of(part.path, scope)
    except BadName as error:
        yield leaf.at, error.fault, error.message
    if isinstance(part, Within) and kind not in {None, Kind.TEXT}:
        name = ".".join(part.path)
        yield leaf.at, "wrong_type", f"`{name}` is {kind}; `within` asks for a time, which is text."
    if isinstance(part, Compare):
        for at, message in _wrong_types(part, kind, leaf):
            yield at, "wrong_type", message


def _unranked(part: Ranked, scope: Scope) -> Iterator[tuple[str, str]]:
    """Say why customers cannot be ranked by a number, or not here."""
    numbers = scope.get(RANKING)
    if not isinstance(numbers, Names):
        hint = ' Publish it as a segment, and ask for that one: `segment("NAME")`.' if SEGMENT in scope else ""
        yield "unknown_name", f"`{part.end}` is about all customers, and here one is asked about.{hint}"
        return
    try:
        shape_of(part.path, scope)
    except BadName as error:
        yield error.fault, error.message
        return
    is_of_rollup = isinstance(scope[part.path[0]], Names) and len(part.path) == _NUMBER_OF_ROLLUP
    if not is_of_rollup or part.path[1] not in numbers.known:
        listed = ", ".join(numbers.known)
        said = ".".join(part.path)
        yield "wrong_type", f"`{said}` is not ranked: `{part.end}` takes {listed} of a rollup, of its whole lifetime."


def _unknown_segment(name: str, scope: Scope) -> Iterator[str]:
    known = scope.get(SEGMENT)
    if not isinstance(known, Names):
        yield "No segment can be asked for here."
    elif known.below(name) is None:
        yield f"There is no segment `{name}`.{did_you_mean(name, known.known)}"


def _unchosen(part: Asked, choice: Choice, leaf: Leaf) -> Iterator[tuple[int, str]]:
    """Say what is compared with a choice and is none of it."""
    name = ".".join(part.path)
    if isinstance(part, Within) or (isinstance(part, Compare) and part.comparison not in _CHOOSING):
        comparison = part.comparison if isinstance(part, Compare) else "within"
        yield leaf.at, f"`{name}` is {choice}, which `{comparison}` cannot compare."
    elif isinstance(part, Compare):
        for value, at in zip(part.values, leaf.values_at, strict=True):
            if value is not None and value not in choice.values:
                hint = did_you_mean(str(value), choice.values)
                hint = hint or f' For example `{name} = "{choice.values[0]}"`.'
                yield at, f"`{name}` is {choice}, and never `{spell_literal(value)}`.{hint}"


def _wrong_types(part: Compare, kind: Kind | None, leaf: Leaf) -> Iterator[tuple[int, str]]:
    name, comparison = ".".join(part.path), part.comparison
    if kind is not None and not _comparable(kind, comparison):
        yield leaf.at, f"`{name}` is {kind}, which `{comparison}` cannot compare."
        return
    for value, at in zip(part.values, leaf.values_at, strict=True):
        given = kind_of_literal(value)
        if given not in _LITERALS[comparison]:
            yield at, f"`{comparison}` takes {_spoken(comparison)}, `{spell_literal(value)}` is {given}."
        elif kind in {Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN} and given not in {kind, Kind.NULL}:
            yield (
                at,
                f"`{name}` is {kind}, `{spell_literal(value)}` is {given}: `{comparison}` compares like with like.",
            )
    if comparison is Comparison.BETWEEN and kind is None:
        low, high = map(kind_of_literal, part.values)
        if low is not high and {low, high} <= _ORDERED:
            yield leaf.values_at[1], f"`between` takes two of a kind, here are {low} and {high}."


def _comparable(kind: Kind, comparison: Comparison) -> bool:
    match comparison:
        case Comparison.CONTAINS:
            return kind in {Kind.TEXT, Kind.LIST}
        case Comparison.STARTS | Comparison.ENDS:
            return kind is Kind.TEXT
        case Comparison.EQUAL | Comparison.NOT_EQUAL | Comparison.IN:
            return kind in {Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN}
    return kind in _ORDERED


def kind_of_literal(value: Literal) -> Kind:
    """Tell the kind of a literal."""
    match value:
        case None:
            return Kind.NULL
        case bool():
            return Kind.BOOLEAN
        case str():
            return Kind.TEXT
    return Kind.NUMBER


def _spoken(comparison: Comparison) -> str:
    return " or ".join(kind for kind in Kind if kind in _LITERALS[comparison])
