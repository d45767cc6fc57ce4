"""What a place knows of names: the shapes of what they hold.

A place is a `Scope`. Its roots are the only ones allowed there; a name below a root that the scope does not know is of
unknown kind and allowed, for a shop may send properties and traits of its own.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from hub.conditions.model import Path
from hub.kit.errors import HubError
from hub.kit.problems import did_you_mean


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


@dataclass(frozen=True, slots=True)
class Items:
    """A list of objects, with what is known of the names in each."""

    of: Mapping[str, "Shape"]

    def __str__(self) -> str:
        return Kind.OBJECTS.value


@dataclass(frozen=True, slots=True)
class Happenings:
    """What can be asked of somebody's events.

    Attributes:
        known: the properties of the events that are known, by name. Others are allowed.
        tallies: the names of those that are counted; None where what is asked will be.
    """

    known: Mapping[str, Mapping[str, "Shape"]]
    tallies: Collection[str] | None = None


Shape: TypeAlias = Kind | Choice | Names | Items | Happenings | Mapping[str, "Shape"]
"""A kind, or an object with the shapes of its known names."""

Scope: TypeAlias = Mapping[str, Shape]
"""The roots that a place allows, with what is known below them; below `SEGMENT`, `DID` and `RANKING` what these ask."""

SEGMENT: Final = "segment"
"""No root, for it is a word of the language. A scope without it has nobody who could be in one."""

RANKING: Final = "top"
"""No root either. A scope without it asks about one customer, who cannot be ranked alone."""

DID: Final = "did"
"""No root either. A scope without it has nobody whose events could be counted."""

ANY_SEGMENT: Final = Names({}, Kind.OBJECT, re.compile(r".*", re.DOTALL))
"""Where nobody knows which segments there are."""

_WORDS: Final = frozenset({SEGMENT, DID, RANKING})


class BadName(HubError):
    """A name that cannot stand in a condition here. `fault` is the code of its problem."""

    code = "BAD_NAME"

    def __init__(self, fault: str, message: str) -> None:
        super().__init__(message)
        self.fault = fault


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
        case Items():
            return Kind.OBJECTS
        case None:
            return None
    return Kind.OBJECT


def shape_of(path: Path, scope: Scope) -> Shape | None:
    """Look up what a name holds; see `kind_of`."""
    roots = [root for root in scope if root not in _WORDS]
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
        if isinstance(shape, Choice | Items) or (isinstance(shape, Kind) and shape is not Kind.OBJECT):
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


def _listed(scope: Scope) -> str:
    return " or ".join(f"`{root}.`" for root in scope if root not in _WORDS)
