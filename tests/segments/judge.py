"""The third reading of a condition, by which the other two are judged: word for word, and as slow as it likes.

It takes the tree of a condition and nothing else of what it judges.
"""

from collections.abc import Mapping
from typing import Any

from hub.conditions.model import Compare, Condition, Every, Exists, Literal, Not, Some


def picks(condition: Condition, traits: Mapping[str, Any], stage: str | None) -> bool:
    """Tell whether a rule picks the customer with these traits and this stage."""
    if isinstance(condition, Not):
        return not picks(condition.part, traits, stage)
    if isinstance(condition, Every):
        return all(picks(part, traits, stage) for part in condition.parts)
    if isinstance(condition, Some):
        return any(picks(part, traits, stage) for part in condition.parts)
    found: Any = {"profile": {**traits, "stage": stage}}
    for name in condition.path:
        found = found[name] if isinstance(found, dict) and name in found else None
    if isinstance(condition, Exists):
        return found is not None
    return says(condition, found)


def says(condition: Compare, found: Any) -> bool:  # noqa: PLR0911 - one answer a comparison
    first = condition.values[0]
    match condition.comparison.value:
        case "=":
            return same(found, first)
        case "!=":
            return not same(found, first)
        case "in":
            return any(same(found, it) for it in condition.values)
        case "contains" if isinstance(found, list):
            return any(same(it, first) for it in found)
        case "contains":
            return kind(found) == kind(first) == "text" and found.find(first) >= 0
        case "starts":
            return kind(found) == "text" and found[: len(str(first))] == first
        case "between":
            return says_order(">=", found, first) and says_order("<=", found, condition.values[1])
        case order:
            return says_order(order, found, first)


def says_order(order: str, found: Any, literal: Literal) -> bool:
    if kind(found) != kind(literal) or kind(found) not in {"text", "number"}:
        return False
    one, other = ([ord(it) for it in text] for text in (found, literal)) if kind(found) == "text" else (found, literal)
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[order]


def same(found: Any, literal: Literal) -> bool:
    return kind(found) == kind(literal) and bool(found == literal)


def kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__
