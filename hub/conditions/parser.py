"""The grammar of a condition's text.

condition  = all { "or" all }
all        = one { "and" one }
one        = "not" one | "(" condition ")" | NAME comparison
           | "exists" "(" NAME ")" | "segment" "(" TEXT ")"
           | "within" "(" NAME "," [ "next" ] DURATION [ "," "yearly" ] ")"
           | "any" "(" condition ")" | ( "top" | "bottom" ) "(" NAME "," NUMBER "%" ")" | what `events` reads
comparison = ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "starts" | "ends" ) LITERAL
           | "in" "[" LITERAL { "," LITERAL } "]"
           | "between" LITERAL "and" LITERAL
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from hub.conditions import tokens, yearly
from hub.conditions.cursor import COMPARISONS, FUNCTIONS, TOLD, UNITS, Leaf
from hub.conditions.events import EventTerms
from hub.conditions.model import (
    Addend,
    AnyProduct,
    Asked,
    Compare,
    Condition,
    End,
    Exists,
    InSegment,
    Not,
    Path,
    Ranked,
    Within,
    every,
    some,
)
from hub.conditions.tokens import Sort, Token
from hub.kit import durations
from hub.kit.problems import did_you_mean

MAX_DEPTH: Final = 32
LONGEST_SPAN: Final = timedelta(days=36_500)
ALL: Final = 100
"""Percent."""

_YEARLY: Final = frozenset({"every", "each", "annually", "annual", "year", "years", "anniversary", "birthday"})


@dataclass(frozen=True, slots=True)
class Written:
    """A condition with the text it was read from and its leaves in the order of that text."""

    text: str
    condition: Condition
    leaves: tuple[Leaf, ...]


def parse(text: str) -> Condition:
    """Read a condition without checking its names and types.

    Raises:
        InvalidDefinition: with one problem, `bad_condition` or `wrong_type`, and its place in the text.
    """
    return written(text).condition


def written(text: str) -> Written:
    """Read a condition together with the places of its leaves; see `parse`."""
    parser = _Parser(text)
    condition = parser.whole()
    return Written(text, condition, tuple(parser.leaves))


def path(text: str) -> Path:
    """Read a dotted name that stands alone.

    Raises:
        InvalidDefinition: `bad_condition`, the text is something else.
    """
    return _Parser(text).only_a_name()


def value(text: str) -> tuple[Addend, tuple[Leaf, ...]]:
    """Read what of an event is added up, with the leaves of the condition in it.

    Raises:
        InvalidDefinition: `bad_condition`, the text is something else.
    """
    parser = _Parser(text)
    return parser.only_a_value(), tuple(parser.leaves)


class _Parser(EventTerms):
    def whole(self) -> Condition:
        condition = self._condition(1)
        if self._now.sort is not Sort.END:
            raise self._expected("`and` or `or`", did_you_mean(self._now.text, ["and", "or"]))
        return condition

    def only_a_name(self) -> Path:
        name = self._name()
        if self._now.sort is not Sort.END:
            raise self._expected("nothing behind the name")
        return name

    def only_a_value(self) -> Addend:
        found: Addend
        if self._now.sort is Sort.WORD and self._now.text == UNITS:
            found, leaves = self._units(1)
            self.leaves.extend(leaves)
        else:
            found = self._name()
        if self._now.sort is not Sort.END:
            raise self._expected("nothing behind the value")
        return found

    def _condition(self, depth: int) -> Condition:
        parts = [self._all(depth)]
        while self._take("or"):
            parts.append(self._all(depth))
        return some(parts)

    def _all(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return every(parts)

    def _one(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise tokens.bad(self._text, self._now.at, f"A condition is nested at most {MAX_DEPTH} deep.")
        if self._take("not"):
            return Not(self._one(depth + 1))
        if opening := self._take("("):
            inside = self._condition(depth + 1)
            self._need(")")
            self._refuse_comparison(opening)
            return inside
        if token := self._take(*FUNCTIONS):
            self._need("(")
            at = self._now.at
            called, inner = self._called(token.text, depth)
            self._need(")")
            self._refuse_comparison(token)
            self.leaves.append(Leaf(called, at, inner=inner))
            return called
        if token := self._take(*TOLD):
            return self._told(token, depth)
        return self._compare()

    def _called(self, function: str, depth: int) -> tuple[Asked | InSegment, tuple[Leaf, ...]]:
        match function:
            case "exists":
                return Exists(self._name()), ()
            case "within":
                return self._within(), ()
            case "any":
                part, inner = self._inside(depth)
                return AnyProduct(part), inner
            case End.TOP | End.BOTTOM:
                return self._ranked(End(function)), ()
        return self._segment(), ()

    def _inside(self, depth: int) -> tuple[Condition, tuple[Leaf, ...]]:
        """Read a condition that speaks of something else than those around it, with its leaves."""
        outer, self.leaves = self.leaves, []
        condition = self._condition(depth + 1)
        inner, self.leaves = tuple(self.leaves), outer
        return condition, inner

    def _ranked(self, end: End) -> Ranked:
        name = self._name()
        self._need(",")
        token = self._now
        if not isinstance(token.value, int | float):
            raise self._expected("a share such as 10%")
        self._next += 1
        if self._take("%") is None:
            raise self._expected("`%`", f" Did you mean `{token.text}%`?")
        if not 0 < token.value <= ALL:
            raise tokens.bad(self._text, token.at, "A share is more than 0% and 100% at most.")
        return Ranked(name, Decimal(token.text), end)

    def _segment(self) -> InSegment:
        token = self._now
        if not isinstance(token.value, str):
            raise self._expected('the name of a segment in quotes, as in `segment("german-vips")`')
        self._next += 1
        return InSegment(token.value)

    def _within(self) -> Within:
        name = self._name()
        self._need(",")
        ahead = self._take("next") is not None
        token = self._now
        if token.sort is not Sort.DURATION:
            raise self._expected("a duration such as 30d or 12h", self._meant_duration())
        self._next += 1
        try:
            span = durations.parse(token.text)
        except durations.BadDuration as error:
            raise tokens.bad(self._text, token.at, error.message, code="bad_duration") from None
        if span > LONGEST_SPAN:
            message = f"`within` looks {durations.spell(LONGEST_SPAN)} away at most."
            raise tokens.bad(self._text, token.at, message, code="bad_duration")
        return Within(name, span, ahead, self._take(",") is not None and self._yearly(token, span))

    def _yearly(self, duration: Token, span: timedelta) -> bool:
        if self._take("yearly") is None:
            hint = " Did you mean `yearly`?" if self._now.text.lower() in _YEARLY else ""
            raise self._expected("`yearly`", hint or did_you_mean(self._now.text, ["yearly"]))
        if span > yearly.LONGEST or span % timedelta(days=1):
            message = f"`yearly` asks for whole days, 1d to {durations.spell(yearly.LONGEST)}, today included."
            raise tokens.bad(self._text, duration.at, message, code="bad_duration")
        return True

    def _refuse_comparison(self, first: Token) -> None:
        token = self._now
        if token.sort is Sort.LITERAL or token.text not in COMPARISONS:
            return
        what = self._text[first.at : token.at].strip()
        message = f"`{what}` is true or false by itself, so `{token.text}` has nothing to compare."
        raise tokens.bad(self._text, token.at, message, code="wrong_type")

    def _compare(self) -> Condition:
        at = self._now.at
        name = self._name()
        comparison = self._comparison(name)
        values, places = self._values(comparison)
        compare = Compare(name, comparison, values)
        self.leaves.append(Leaf(compare, at, places))
        return compare
