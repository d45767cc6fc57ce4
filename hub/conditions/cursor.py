"""The text of a condition, taken token by token: what the grammar in `parser` is made of."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from hub.conditions import tokens
from hub.conditions.model import Asked, Comparison, End, InSegment, Literal, Path, Tally
from hub.conditions.tokens import Sort, Token
from hub.kit.problems import InvalidDefinition, did_you_mean

_CONSTANTS: Final[dict[str, Literal]] = {"true": True, "false": False, "null": None}
COMPARISONS: Final = {comparison.value: comparison for comparison in Comparison}
_RESERVED: Final = frozenset(
    {"and", "or", "not", "exists", "within", "segment", "any", "in", "contains", "starts", "ends", "between"}
    | _CONSTANTS.keys()
    | set(End)
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
_DURATIONS: Final = {
    said: unit[0] for unit in ("week", "day", "hour", "minute", "second") for said in (unit[0], unit, f"{unit}s")
}
FUNCTIONS: Final = ("exists", "within", "segment", "any", *End)
TOLD: Final = ("did", "sum", "average", "first", "last")
"""The functions that ask what somebody's events add up to."""
UNITS: Final = "units"
_CALLS: Final = (
    ' The functions are `exists(NAME)`, `within(NAME, 30d)`, `segment("NAME")`, `any(product.NAME = "x")`,'
    ' `did("EVENT", within 30d)` and `top(NAME, 10%)`.'
)


class EventName(NamedTuple):
    """An event as it is written, with its offset; `alone` outside of brackets."""

    name: str
    at: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What is written of a tally: its events, the offset of what is added up or kept of them, and the leaves inside."""

    tally: Tally
    events: tuple[EventName, ...]
    value_at: int = 0
    where: tuple["Leaf", ...] = ()
    units: tuple["Leaf", ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """What asks for a name, with the offsets in its text: of the name, and of each value."""

    part: Asked | InSegment
    at: int
    values_at: tuple[int, ...] = ()
    inner: tuple["Leaf", ...] = ()
    """What is asked inside of it, of something else."""
    told: tuple[Told, ...] = ()
    """The tallies that it asks for."""


class Cursor:
    """Stands in front of one token of a text."""

    def __init__(self, text: str) -> None:
        self.leaves: list[Leaf] = []
        self._text = text
        self._tokens = list(tokens.tokens(text))
        self._next = 0

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

    def _name(self) -> Path:
        token = self._now
        if token.sort is not Sort.WORD or token.text in _RESERVED:
            raise self._expected("a name such as `profile.country`")
        self._next += 1
        return tuple(token.text.split("."))

    def _comparison(self, name: Path, example: str = "= true") -> Comparison:
        token = self._now
        if token.sort is not Sort.LITERAL and token.text in COMPARISONS:
            self._next += 1
            return COMPARISONS[token.text]
        word = name[0] if token.text == "(" else token.text
        if word.lower() in _PATTERNS:
            hint = f" {tokens.NO_PATTERNS}"
        elif token.text == "(" and len(name) == 1:
            hint = did_you_mean(name[0], [*FUNCTIONS, *TOLD]) or _CALLS
        elif token.text == "within":
            hint = f" Did you mean `within({'.'.join(name)}, 30d)`?"
        elif token.text.lower() == "not":
            hint = f" Did you mean `not {'.'.join(name)} in [...]`? `not` stands first."
        elif token.sort is Sort.WORD and token.text not in _RESERVED:
            meant = _MEANT.get(token.text.lower())
            hint = f" Did you mean `{meant}`?" if meant else did_you_mean(token.text, list(COMPARISONS))
        else:
            hint = f" Did you mean `{'.'.join(name)} {example}`?"
        raise self._expected(f"a comparison ({' '.join(COMPARISONS)})", hint)

    def _values(self, comparison: Comparison) -> tuple[tuple[Literal, ...], tuple[int, ...]]:
        """Read what is compared with, and the offset of each."""
        found: list[tuple[Literal, int]] = []

        def literal() -> None:
            at = self._now.at
            found.append((self._literal(), at))

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
        return tuple(value for value, _ in found), tuple(at for _, at in found)

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
        return f" Did you mean `{token.value}{_DURATIONS.get(following, 'd')}`?"
