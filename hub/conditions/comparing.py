"""Which comparisons a kind has, and with which literals: a part of the type checker in `kinds`."""

from collections.abc import Iterator, Mapping
from typing import Final

from hub.conditions.cursor import Leaf
from hub.conditions.model import Asked, Compare, Comparison, Literal, Tallied, Within
from hub.conditions.shapes import Choice, Kind
from hub.conditions.spelling import spell_literal
from hub.kit.problems import did_you_mean

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


def unchosen(part: Asked, choice: Choice, leaf: Leaf) -> Iterator[tuple[int, str]]:
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


def wrong_types(part: Compare, kind: Kind | None, leaf: Leaf) -> Iterator[tuple[int, str]]:
    """Say what is compared with something of another kind, or in a way that its kind has not."""
    name = part.path[-1] if isinstance(part, Tallied) else ".".join(part.path)
    comparison = part.comparison
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
