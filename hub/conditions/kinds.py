"""The type checker: names and literals of a condition against the kinds that a place knows.

A place is a `Scope`. Its roots are the only ones allowed there; a name below a root that the scope does not know is of
unknown kind and allowed, for a shop may send properties and traits of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from hub.conditions.model import Asked, Compare, Comparison, Condition, InSegment, Literal, Path, Within
from hub.conditions.parser import Leaf, Written, written
from hub.conditions.spelling import spell_literal
from hub.kit.errors import HubError
from hub.kit.problems import InvalidDefinition, Problem, did_you_mean


class Kind(StrEnum):
    """What a value is, as it is said."""

    TEXT = "text"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    LIST = "a list"
    OBJECTS = "a list of objects"
    OBJECT = "an object"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Choice:
    """A text that is one of these."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Names:
    """An object of which all names can be told: `known`, and where there are `others`, each that is `written` so."""

    known: Mapping[str, "Shape"]
    others: "Shape | None" = None
    written: re.Pattern[str] = re.compile(r"[a-z0-9_-]{1,64}")

    def below(self, name: str) -> "Shape | None":
        """Give the shape of a name; None where there is no such name."""
        return self.known.get(name, self.others if self.written.fullmatch(name) else None)


Shape: TypeAlias = Kind | Choice | Names | Mapping[str, "Shape"]
"""A kind, or an object with the shapes of its known names."""

Scope: TypeAlias = Mapping[str, Shape]
"""The roots that a place allows, with what is known below them; under `SEGMENT` the segments that may be asked for."""

SEGMENT: Final = "segment"
"""No root, for it is a word of the language. A scope without it has nobody who could be in one."""

ANY_SEGMENT: Final = Names({}, Kind.OBJECT, re.compile(r".*", re.DOTALL))
"""Where nobody knows which segments there are."""

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


class BadName(HubError):
    """A name that cannot stand in a condition here. `fault` is the code of its problem."""

    code = "BAD_NAME"

    def __init__(self, fault: str, message: str) -> None:
        super().__init__(message)
        self.fault = fault


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


def kind_of(path: Path, scope: Scope) -> Kind | None:
    """Look up what a name holds; None if that is unknown.

    Raises:
        BadName: `unknown_name` below no root of the scope, `wrong_type` inside of what has no names inside.
    """
    match shape_of(path, scope):
        case Choice():
            return Kind.TEXT
        case Kind() as kind:
            return kind
        case None:
            return None
    return Kind.OBJECT


def shape_of(path: Path, scope: Scope) -> Shape | None:
    """Look up what a name holds; see `kind_of`."""
    roots = [root for root in scope if root != SEGMENT]
    if path[0] not in roots:
        objects = {root: known for root, known in scope.items() if isinstance(known, Mapping)}
        meant = [".".join((root, *path)) for root, known in objects.items() if path[0] in known]
        hint = f" Did you mean `{meant[0]}`?" if meant else did_you_mean(path[0], roots)
        raise BadName("unknown_name", f"`{path[0]}` is not known here: a name begins with {_listed(scope)}.{hint}")
    if len(path) == 1:
        raise BadName("unknown_name", f"`{path[0]}` needs a name behind it, as in `{path[0]}.NAME`.")
    shapes: list[Shape | None] = [scope[path[0]]]
    for place, name in enumerate(path[1:], start=1):
        shape = shapes[-1]
        if isinstance(shape, Choice) or (isinstance(shape, Kind) and shape is not Kind.OBJECT):
            raise BadName("wrong_type", f"`{'.'.join(path[:place])}` is {shape} and has no `{name}` inside.")
        if isinstance(shape, Names) and shape.below(name) is None:
            raise BadName("unknown_name", _no_such_name(path[: place + 1], shapes))
        inner = shape.below(name) if isinstance(shape, Names) else None
        shapes.append(shape.get(name) if isinstance(shape, Mapping) else inner)
    if isinstance(shapes[-1], Names):
        said = ".".join(path)
        raise BadName(
            "unknown_name", f"`{said}` needs a name behind it, as in `{said}.{next(iter(shapes[-1].known), 'NAME')}`."
        )
    return shapes[-1]


def _no_such_name(path: Path, shapes: Sequence[Shape | None]) -> str:
    """Say that the last of these names is none. What was meant may be another one before it, where any can stand."""
    *outer, name = path
    said = ".".join(outer)
    for place in reversed(range(len(shapes))):
        known = shape.known if isinstance(shape := shapes[place], Names) else {}
        if path[place + 1] in known:
            break
        if hint := did_you_mean(path[place + 1], known):
            written = ".".join(path[: place + 1])
            return f"`{said}` has no `{name}`.{hint.replace('`', f'`{written}.', 1)}"
    known = shapes[-1].known if isinstance(shapes[-1], Names) else {}
    listed = f" Known are {', '.join(known)}." if known else ""
    return f"`{said}` has no `{name}`.{listed}"


def _faults(leaf: Leaf, scope: Scope) -> Iterator[tuple[int, str, str]]:
    if isinstance(leaf.part, InSegment):
        yield from ((leaf.at, "unknown_name", fault) for fault in _unknown_segment(leaf.part.name, scope))
        return
    kind = None
    try:
        if isinstance(shape := shape_of(leaf.part.path, scope), Choice):
            for at, message in _unchosen(leaf.part, shape, leaf):
                yield at, "wrong_type", message
            return
        kind = kind_of(leaf.part.path, scope)
    except BadName as error:
        yield leaf.at, error.fault, error.message
    if isinstance(leaf.part, Within) and kind not in {None, Kind.TEXT}:
        name = ".".join(leaf.part.path)
        yield leaf.at, "wrong_type", f"`{name}` is {kind}; `within` asks for a time, which is text."
    if isinstance(leaf.part, Compare):
        for at, message in _wrong_types(leaf.part, kind, leaf):
            yield at, "wrong_type", message


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


def _listed(scope: Scope) -> str:
    return " or ".join(f"`{root}.`" for root in scope if root != SEGMENT)
