"""The grammar of a condition's text.

condition  = all { "or" all }
all        = one { "and" one }
one        = "not" one | "(" condition ")" | NAME comparison
           | "exists" "(" NAME ")" | "segment" "(" TEXT ")"
           | "within" "(" NAME "," [ "next" ] DURATION [ "," "yearly" ] ")"
comparison = ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "starts" | "ends" ) LITERAL
           | "in" "[" LITERAL { "," LITERAL } "]"
           | "between" LITERAL "and" LITERAL
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.conditions import tokens, yearly
from hub.conditions.model import (
    Asked,
    Compare,
    Comparison,
    Condition,
    Exists,
    InSegment,
    Literal,
    Not,
    Path,
    Within,
    every,
    some,
)
from hub.conditions.tokens import Sort, Token
from hub.kit import durations
from hub.kit.problems import InvalidDefinition, did_you_mean

MAX_DEPTH: Final = 32
LONGEST_SPAN: Final = timedelta(days=36_500)

_CONSTANTS: Final[dict[str, Literal]] = {"true": True, "false": False, "null": None}
_COMPARISONS: Final = {comparison.value: comparison for comparison in Comparison}
_RESERVED: Final = frozenset(
    {"and", "or", "not", "exists", "within", "segment", "in", "contains", "starts", "ends", "between", *_CONSTANTS}
)
_MEANT: Final = {
    **dict.fromkeys(("is", "equals", "eq"), "="),
    "like": "contains",
    "startswith": "starts",
    "endswith": "ends",
    "before": "<",
    "after": ">",
}
_PATTERNS: Final = frozenset({"matches", "match", "regex", "regexp", "rlike", "glob"})
"""What would look for a pattern: some take for ever."""
_YEARLY: Final = frozenset({"every", "each", "annually", "annual", "year", "years", "anniversary", "birthday"})
_UNITS: Final = {
    said: unit[0] for unit in ("week", "day", "hour", "minute", "second") for said in (unit[0], unit, f"{unit}s")
}
_FUNCTIONS: Final = ("exists", "within", "segment")
_CALLS: Final = ' The functions are `exists(NAME)`, `within(NAME, 30d)` and `segment("NAME")`.'


@dataclass(frozen=True, slots=True)
class Leaf:
    """What asks for a name, with the offsets in its text: of the name, and of each value."""

    part: Asked | InSegment
    at: int
    values_at: tuple[int, ...] = ()


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


class _Parser:
    def __init__(self, text: str) -> None:
        self.leaves: list[Leaf] = []
        self._text = text
        self._tokens = list(tokens.tokens(text))
        self._next = 0

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

    @property
    def _now(self) -> Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> Token | None:
        """Step over the token if it is one of these words or signs."""
        token = self._now
        if token.sort is Sort.LITERAL or token.text not in texts:
            return None
        self._next += 1
        return token

    def _need(self, text: str) -> None:
        if self._take(text) is None:
            raise self._expected(f"`{text}`")

    def _expected(self, what: str, hint: str = "") -> InvalidDefinition:
        found = f"`{self._now.text}`" if self._now.sort is not Sort.END else "the end"
        return tokens.bad(self._text, self._now.at, f"Expected {what}, found {found}.{hint}")

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
        if token := self._take(*_FUNCTIONS):
            self._need("(")
            at = self._now.at
            called = self._called(token.text)
            self._need(")")
            self._refuse_comparison(token)
            self.leaves.append(Leaf(called, at))
            return called
        return self._compare()

    def _called(self, function: str) -> Exists | Within | InSegment:
        match function:
            case "exists":
                return Exists(self._name())
            case "within":
                return self._within()
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

    def _meant_duration(self) -> str:
        """Guess what was meant by `30 days`, `30` or `last 30d`."""
        token = self._now
        if token.text == "last":
            return " Leave it out: what is not `next` lies behind."
        if not isinstance(token.value, int) or token.value <= 0:
            return ""
        following = self._tokens[self._next + 1].text.lower()
        if following.startswith(("month", "year")):
            return " Months and years are not all as long: write days, as in `30d`."
        return f" Did you mean `{token.value}{_UNITS.get(following, 'd')}`?"

    def _refuse_comparison(self, first: Token) -> None:
        token = self._now
        if token.sort is Sort.LITERAL or token.text not in _COMPARISONS:
            return
        what = self._text[first.at : token.at].strip()
        message = f"`{what}` is true or false by itself, so `{token.text}` has nothing to compare."
        raise tokens.bad(self._text, token.at, message, code="wrong_type")

    def _name(self) -> Path:
        token = self._now
        if token.sort is not Sort.WORD or token.text in _RESERVED:
            raise self._expected("a name such as `profile.country`")
        self._next += 1
        return tuple(token.text.split("."))

    def _compare(self) -> Condition:
        at = self._now.at
        name = self._name()
        comparison = self._comparison(name)
        places: list[int] = []
        values: list[Literal] = []

        def literal() -> None:
            places.append(self._now.at)
            values.append(self._literal())

        if comparison is Comparison.IN:
            self._need("[")
            literal()
            while self._take(","):
                literal()
            self._need("]")
        else:
            literal()
            if comparison is Comparison.BETWEEN:
                self._need("and")
                literal()
        compare = Compare(name, comparison, tuple(values))
        self.leaves.append(Leaf(compare, at, tuple(places)))
        return compare

    def _comparison(self, name: Path) -> Comparison:
        token = self._now
        if token.sort is not Sort.LITERAL and token.text in _COMPARISONS:
            self._next += 1
            return _COMPARISONS[token.text]
        word = name[0] if token.text == "(" else token.text
        if word.lower() in _PATTERNS:
            hint = f" {tokens.NO_PATTERNS}"
        elif token.text == "(" and len(name) == 1:
            hint = did_you_mean(name[0], _FUNCTIONS) or _CALLS
        elif token.text == "within":
            hint = f" Did you mean `within({'.'.join(name)}, 30d)`?"
        elif token.sort is Sort.WORD and token.text not in _RESERVED:
            meant = _MEANT.get(token.text.lower())
            hint = f" Did you mean `{meant}`?" if meant else did_you_mean(token.text, list(_COMPARISONS))
        else:
            hint = f" Did you mean `{'.'.join(name)} = true`?"
        raise self._expected(f"a comparison ({' '.join(_COMPARISONS)})", hint)

    def _literal(self) -> Literal:
        token = self._now
        if token.sort is Sort.LITERAL:
            self._next += 1
            return token.value
        if token.sort is Sort.WORD and token.text in _CONSTANTS:
            self._next += 1
            return _CONSTANTS[token.text]
        hint = ""
        if token.sort is Sort.DURATION:
            hint = f" How long ago something was, `within(NAME, {token.text})` asks."
        elif token.text == "with":
            hint = " `starts` and `ends` stand without it."
        elif token.sort is Sort.WORD and token.text not in _RESERVED:
            lower = token.text.lower()
            hint = f" Did you mean `{lower}`?" if lower in _CONSTANTS else f' Text stands in quotes: "{token.text}".'
        raise self._expected("text in quotes, a number, true, false or null", hint)
