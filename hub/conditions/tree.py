"""A condition inside a document: text, or `all`, `any` and `not` as keys. Both make the same tree."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hub.conditions import kinds, parser
from hub.conditions.kinds import Scope
from hub.conditions.model import Condition, Not, every, some
from hub.conditions.parser import MAX_DEPTH
from hub.kit.documents import Field, Fields, Node, Value
from hub.kit.problems import InvalidDefinition, did_you_mean
from hub.kit.reading import Reading, spoken

_JOINED_BY: Final[Mapping[str, Callable[[Sequence[Condition]], Condition]]] = {"all": every, "any": some}
_KEYS: Final = (*_JOINED_BY, "not")


def read(node: Node, scope: Scope | None, reading: Reading, *, depth: int = 1) -> Condition | None:
    """Read a condition; what is wrong with it is reported at its place. Without a scope it was checked before."""
    if depth > MAX_DEPTH:
        reading.report(node, "bad_condition", f"A condition is nested at most {MAX_DEPTH} deep.")
        return None
    if isinstance(node, Fields):
        return _joined(node, scope, reading, depth)
    if not isinstance(node, Value) or not isinstance(node.value, str):
        message = f"A condition is text, or one of {', '.join(_KEYS)} with its parts, not {spoken(node)}."
        reading.report(node, "wrong_type", message)
        return None
    try:
        return parser.parse(node.value) if scope is None else kinds.read(node.value, scope)
    except InvalidDefinition as error:
        reading.problems += map(node.outside, error.problems)
        return None


def _joined(node: Fields, scope: Scope | None, reading: Reading, depth: int) -> Condition | None:
    field = _only_field(node, reading)
    if field is None:
        return None
    key = str(field.key.value)
    if key == "not":
        part = read(field.node, scope, reading, depth=depth + 1)
        return None if part is None else Not(part)
    parts = [read(item, scope, reading, depth=depth + 1) for item in reading.items(field.node, f"`{key}`")]
    known = [part for part in parts if part is not None]
    return _JOINED_BY[key](known) if known and len(known) == len(parts) else None


def _only_field(node: Fields, reading: Reading) -> Field | None:
    for key, field in node.fields.items():
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or f" Known here: {', '.join(_KEYS)}."
            reading.report(field.key, "unknown_key", f"`{key}` is no key of a condition.{hint}")
            return None
    if len(node.fields) != 1:
        reading.report(node, "bad_condition", f"A condition is exactly one of {', '.join(_KEYS)}.")
        return None
    return next(iter(node.fields.values()))
