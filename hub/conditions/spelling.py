"""A condition written as its canonical text, which `parser.parse` reads back to the same tree."""

import re
from typing import Final

from hub.conditions.model import (
    Addend,
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
    Tallied,
    Tally,
    Units,
    Within,
)
from hub.kit import durations

_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\x7f]')


def spell(condition: Condition) -> str:  # noqa: C901, PLR0911 - one answer a kind of condition
    """Write a condition on one line."""
    match condition:
        case Tallied():
            return _tallied(condition)
        case Followed():
            return _followed(condition)
        case Compare(path, comparison, values):
            return f"{_name(path)} {comparison} {_values(comparison, values)}"
        case Exists(path):
            return f"exists({_name(path)})"
        case Within(path, span, ahead, yearly):
            far = f"{'next ' if ahead else ''}{durations.spell(span)}{', yearly' if yearly else ''}"
            return f"within({_name(path)}, {far})"
        case Ranked(path, share, end):
            return f"{end}({_name(path)}, {share.normalize():f}%)"
        case AnyProduct(part):
            return f"any({spell(part)})"
        case InSegment(name):
            return f"segment({spell_literal(name)})"
        case Not(part):
            return f"not {_within(part, Every, Some)}"
        case Every(parts):
            return " and ".join(_within(part, Every, Some) for part in parts)
        case Some(parts):
            return " or ".join(_within(part, Some) for part in parts)


def _tallied(asked: Tallied) -> str:
    """Write what is asked of events: how often inside of the parentheses, any other comparison behind them."""
    tally, compared = asked.tally, f"{asked.comparison} {_values(asked.comparison, asked.values)}"
    about = tally.kept or tally.value
    if about is not None:
        return f"{asked.path[-1]}({_inside(tally, spell_addend(about), tally.days)}) {compared}"
    return f"did({_inside(tally, '' if compared == '>= 1' else compared, tally.days)})"


def _followed(asked: Followed) -> str:
    where = "" if asked.after.where is None else f" where {spell(asked.after.where)}"
    after = f"after {'first ' if asked.of_first else ''}{_events(asked.after)}{where}"
    return f"did({_inside(asked.tally, after, asked.days)})"


def _inside(tally: Tally, what: str, days: int | None) -> str:
    within = "" if days is None else f"within {days}d"
    where = "" if tally.where is None else f"where {spell(tally.where)}"
    return ", ".join(filter(None, (_events(tally), what, within, where)))


def _events(tally: Tally) -> str:
    names = ", ".join(map(spell_literal, tally.events))
    return names if len(tally.events) == 1 else f"[{names}]"


def spell_addend(value: Addend) -> str:
    """Write what of an event is added up."""
    if isinstance(value, Units):
        return "units" if value.of is None else f"units({spell(value.of)})"
    return _name(value)


def spell_literal(value: Literal) -> str:
    """Write one literal."""
    if isinstance(value, str):
        return f'"{_ESCAPED.sub(_escape, value)}"'
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _within(part: Condition, *looser: type[Every | Some]) -> str:
    return f"({spell(part)})" if isinstance(part, looser) else spell(part)


def _name(path: Path) -> str:
    return ".".join(path)


def _values(comparison: Comparison, values: tuple[Literal, ...]) -> str:
    if comparison is Comparison.IN:
        return f"[{', '.join(map(spell_literal, values))}]"
    return " and ".join(map(spell_literal, values))


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\{character}" if character in {'"', "\\"} else f"\\u{ord(character):04x}"
