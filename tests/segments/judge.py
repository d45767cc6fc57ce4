"""The third reading of a condition, by which the other two are judged: word for word, and as slow as it likes.

It takes the tree of a condition and nothing else of what it judges.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.conditions.model import Compare, Condition, Every, Exists, InSegment, Literal, Not, Some, Within
from hub.profiles.model import Profile


def picks(condition: Condition, customer: Profile, now: datetime) -> bool:  # noqa: PLR0911 - one answer a kind
    """Tell whether a rule picks a customer, by their traits, stage, consents and segments."""
    if isinstance(condition, Not):
        return not picks(condition.part, customer, now)
    if isinstance(condition, Every):
        return all(picks(part, customer, now) for part in condition.parts)
    if isinstance(condition, Some):
        return any(picks(part, customer, now) for part in condition.parts)
    if isinstance(condition, InSegment):
        return condition.name in [it["name"] for it in customer.segments.get("in", ())]
    found: Any = {"profile": {**customer.traits, "stage": customer.stage}}
    for name in condition.path:
        found = found[name] if isinstance(found, dict) and name in found else None
    if condition.path[0] == "consent":
        found = last_word(customer.consents, condition.path[1:])
    if isinstance(condition, Exists):
        return found is not None
    if isinstance(condition, Within):
        return says_time(condition, found, now)
    return says(condition, found)


def last_word(consents: Mapping[str, Any], name: Sequence[str]) -> str | None:
    """Go through all that was said and keep what was said last of this; at the same time, the less."""
    *brand, channel, topic = name
    asked = (*(brand or ["default"]), topic, channel)
    last: tuple[Any, int] | None = None
    for key, row in consents.items():
        if all(word in {"*", it} for word, it in zip(key.split("/"), asked, strict=True)):
            said = (row["at"], WORDS.index(row["state"]))
            last = said if last is None or said > last else last
    return None if last is None else WORDS[last[1]]


WORDS = ("granted", "pending", "withdrawn")
"""From the most that somebody can allow to the least."""


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
        case "ends":
            return kind(found) == "text" and found[max(0, len(found) - len(str(first))) :] == first
        case "between":
            return says_order(">=", found, first) and says_order("<=", found, condition.values[1])
        case order:
            return says_order(order, found, first)


def says_time(condition: Within, found: Any, now: datetime) -> bool:
    """Tell whether a text is a time that is near enough, or whose day is."""
    if condition.yearly:
        return comes_again(found, condition.span.days, now=now, ahead=condition.ahead)
    return is_within(found, condition.span, now=now, ahead=condition.ahead)


def is_within(found: Any, span: timedelta, *, now: datetime, ahead: bool) -> bool:
    """Tell whether a text is a time in the last `span`, or in the next, counted in seconds."""
    if (told := as_time(found)) is None:
        return False
    begin, end = (now, now + span) if ahead else (now - span, now)
    return begin.timetuple()[:6] < told <= end.timetuple()[:6]


def comes_again(found: Any, days: int, *, now: datetime, ahead: bool) -> bool:
    """Go through the days, today first, and look whether one is the day of a text; its year is of no matter."""
    if (told := as_time(found)) is None:
        return False
    for place in range(days):
        day = now + timedelta(days=place if ahead else -place)
        is_last_of_february = day.month == 2 and (day + timedelta(days=1)).month == 3
        asked = {(day.month, day.day), *([(2, 29)] if is_last_of_february else ())}
        if told[1:3] in asked:
            return True
    return False


def as_time(found: Any) -> tuple[int, ...] | None:
    """Read year, month, day, hour, minute and second out of a text; a month may have 31 days."""
    digits = r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:[.]\d{1,9})?Z)?"
    written = re.fullmatch(digits, found, re.ASCII) if isinstance(found, str) else None
    if written is None:
        return None
    told = tuple(int(it or 0) for it in written.groups())
    return told if all(low <= it <= high for it, (low, high) in zip(told[1:], LIMITS, strict=True)) else None


LIMITS = ((1, 12), (1, 31), (0, 23), (0, 59), (0, 59))
"""Of the month and all that stands behind it."""


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
