"""The type checker: names and literals of a condition against the kinds that a place knows; see `shapes`."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from hub.conditions import catalogue, parser, ranked
from hub.conditions.comparing import unchosen, wrong_types
from hub.conditions.cursor import Leaf, Told
from hub.conditions.evaluator import PRODUCT
from hub.conditions.model import (
    PRODUCTS,
    Addend,
    AnyProduct,
    Compare,
    Condition,
    Exists,
    Followed,
    InSegment,
    Path,
    Ranked,
    Tallied,
    Tally,
    Within,
)
from hub.conditions.parser import Written, written
from hub.conditions.shapes import (
    ANY_SEGMENT,
    DID,
    RANKING,
    SEGMENT,
    BadName,
    Choice,
    Happenings,
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
    "DID",
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

NOT_HERE: Final = 'What somebody did can be asked in a segment: publish one, and ask `segment("NAME")` here.'
NOT_COUNTED: Final = 'Nobody counts this yet: publish a segment that asks it, then ask `segment("NAME")`, or again.'
_ALIKE: Final = 0.95
"""From which likeness on, 0 to 1, the name of an event is taken for another one, misspelled."""


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
    known = properties.known if isinstance(properties, Names) else properties
    products = known.get(PRODUCTS[-1]) if isinstance(known, Mapping) else None
    return {PRODUCT: products.of if isinstance(products, Items) else {}}


def _faults(leaf: Leaf, scope: Scope) -> Iterator[tuple[int, str, str]]:
    match leaf.part:
        case InSegment(name):
            yield from ((leaf.at, "unknown_name", fault) for fault in _unknown_segment(name, scope))
        case Tallied() | Followed() as part:
            yield from _told_wrongly(leaf, part, scope)
        case AnyProduct() if PRODUCTS[0] not in scope:
            yield leaf.at, "unknown_name", "`any` asks for the products of an event, and here is none."
        case AnyProduct():
            yield from (fault for inner in leaf.inner for fault in _faults(inner, _of_product(scope)))
        case Ranked():
            yield from ((leaf.at, code, message) for code, message in ranked.faults(leaf.part, scope))
        case part:
            yield from _asked_wrongly(leaf, part, scope)


def _asked_wrongly(leaf: Leaf, part: Compare | Exists | Within, scope: Scope) -> Iterator[tuple[int, str, str]]:
    """Name what is wrong with what is asked of one name."""
    kind = None
    try:
        if isinstance(shape := shape_of(part.path, scope), Choice):
            for at, message in unchosen(part, shape, leaf):
                yield at, "wrong_type", message
            return
        kind = kind_of(part.path, scope)
    except BadName as error:
        yield leaf.at, error.fault, error.message
    if isinstance(part, Within) and kind not in {None, Kind.TEXT}:
        name = ".".join(part.path)
        yield leaf.at, "wrong_type", f"`{name}` is {kind}; `within` asks for a time, which is text."
    if isinstance(part, Compare):
        for at, message in wrong_types(part, kind, leaf):
            yield at, "wrong_type", message


def _told_wrongly(leaf: Leaf, part: Tallied | Followed, scope: Scope) -> Iterator[tuple[int, str, str]]:
    """Name what is wrong with what is asked of events."""
    happenings = scope.get(DID)
    if not isinstance(happenings, Happenings):
        yield leaf.at, "unknown_name", NOT_HERE
        return
    for told in leaf.told:
        faults = list(_tally_faults(told, happenings))
        yield from faults
        if not faults and happenings.tallies is not None and told.tally.name not in happenings.tallies:
            yield leaf.at, "unknown_name", NOT_COUNTED
    if isinstance(part, Followed):
        return
    kind: Kind | None = Kind.NUMBER
    if part.tally.kept is not None:
        kind = _kind_or_none(part.tally.kept, _of_event(part.tally, happenings))
    yield from ((at, "wrong_type", message) for at, message in wrong_types(part, kind, leaf))


def _tally_faults(told: Told, happenings: Happenings) -> Iterator[tuple[int, str, str]]:
    tally = told.tally
    for name, at, alone in told.events:
        if name in catalogue.OF_SEGMENTS:
            yield at, "bad_condition", f'`{name}` follows from segments: ask for one by `segment("NAME")`.'
        if alone and (hint := _misspelled(name, happenings.known)):
            own = f" A name of your own stands in brackets: [{spell_literal(name)}]."
            yield at, "unknown_name", f"`{name}` is not known.{hint}{own}"
    scope = _of_event(tally, happenings)
    for leaf in told.where:
        yield from _faults(leaf, scope)
    if isinstance(about := tally.kept or tally.value, tuple):
        faults = [(told.value_at, *fault) for fault in _no_single_value(about, scope)]
        yield from faults
        if not faults and tally.value is not None and kind_of(about, scope) not in {None, Kind.NUMBER}:
            yield told.value_at, "wrong_type", f"`{'.'.join(about)}` is no number, which could be added up."
    for leaf in told.units:
        yield from _faults(leaf, _of_product(scope))


def _of_event(tally: Tally, happenings: Happenings) -> Scope:
    """Give what is known of the properties, where all comes from one event."""
    (only, *others) = tally.events
    return {PRODUCTS[0]: {} if others else happenings.known.get(only, {})}


def _kind_or_none(path: Path, scope: Scope) -> Kind | None:
    try:
        return kind_of(path, scope)
    except BadName:
        return None  # which is reported where it stands


def _misspelled(name: str, known: Collection[str]) -> str:
    """Tell what was meant by a name that differs from a known one by next to nothing. Others are a shop's own."""
    if name in known:
        return ""
    plain = {_plain(it): it for it in known}
    near = plain.get(_plain(name)) or next(iter(get_close_matches(name, known, n=1, cutoff=_ALIKE)), None)
    return f" Did you mean `{near}`?" if near else ""


def _plain(name: str) -> str:
    return "".join(it for it in name.lower() if it.isalnum())


def _unknown_segment(name: str, scope: Scope) -> Iterator[str]:
    known = scope.get(SEGMENT)
    if not isinstance(known, Names):
        yield "No segment can be asked for here."
    elif known.below(name) is None:
        yield f"There is no segment `{name}`.{did_you_mean(name, known.known)}"
