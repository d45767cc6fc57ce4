"""The text of a condition cut into words, literals and signs."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.conditions.model import Literal
from hub.kit.problems import InvalidDefinition, Problem

MAX_LENGTH: Final = 4_000
MAX_INTEGER: Final = 2**63 - 1

_TOKEN: Final = re.compile(
    r"""
    (?P<word>[^\W\d][\w-]*(?:\.[\w-]+)*)
    | (?P<duration>(?:[0-9]+[wdhms])+(?![\w.]))
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<mistake>==|=<|=>|<>|&&|\|\||[=!]?~|!(?!=))
    | (?P<sign><=|>=|!=|[=<>()\[\],%])
    """,
    re.VERBOSE,
)
_BLANK: Final = re.compile(r"\s*")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_KNOWN_ESCAPES: Final = r"\" \' \\ \/ \n \t \r \b \f and \uXXXX"
_HALVES: Final = range(0xD800, 0xE000)  # of the pairs of UTF-16: no characters by themselves
_MEANT: Final = {"==": "=", "=<": "<=", "=>": ">=", "<>": "!=", "&&": "and", "||": "or", "!": "not"}
NO_PATTERNS: Final = "There are no patterns: use `contains`, `starts` or `ends`."
"""Some patterns take for ever."""


class Sort(StrEnum):
    """What a token is, as errors name it."""

    WORD = "word"
    LITERAL = "literal"
    SIGN = "sign"
    DURATION = "duration"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text at the offset `at`. A literal has its value; true, false and null are words here."""

    sort: Sort
    text: str
    at: int
    value: Literal = None


def tokens(text: str) -> Iterator[Token]:
    """Cut a text; the last token is the end.

    Raises:
        InvalidDefinition: `bad_condition`, where a character or literal cannot stand.
    """
    if len(text) > MAX_LENGTH:
        raise bad(text, MAX_LENGTH, f"A condition has at most {MAX_LENGTH} characters.")
    at = _end_of_blank(text, 0)
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise bad(text, at, _why_not(text, at))
        yield _token(text, found)
        at = _end_of_blank(text, found.end())
    yield Token(Sort.END, "", len(text))


def bad(text: str, at: int, message: str, *, code: str = "bad_condition") -> InvalidDefinition:
    """Make the error of a condition's text."""
    return InvalidDefinition([Problem.within(text, at, code, message)])


def _end_of_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _token(text: str, found: re.Match[str]) -> Token:
    written, at = found[0], found.start()
    match found.lastgroup:
        case "word":
            return Token(Sort.WORD, written, at)
        case "duration":
            return Token(Sort.DURATION, written, at)
        case "number":
            return Token(Sort.LITERAL, written, at, _number(text, written, at))
        case "text":
            return Token(Sort.LITERAL, written, at, _unescaped(text, written[1:-1], at + 1))
        case "mistake":
            hint = f"Did you mean `{_MEANT[written]}`?" if written in _MEANT else NO_PATTERNS
            raise bad(text, at, f"`{written}` is not part of the language. {hint}")
    return Token(Sort.SIGN, written, at)


def _number(text: str, written: str, at: int) -> int | float:
    number = float(written)
    if not math.isfinite(number):
        raise bad(text, at, "This number is too large.")
    if not re.fullmatch(r"-?[0-9]+", written):
        return number
    # Python itself refuses to read an integer of thousands of digits.
    if len(written) > len(str(-MAX_INTEGER)) or abs(int(written)) > MAX_INTEGER:
        raise bad(text, at, "A whole number has at most 63 bits.")
    return int(written)


def _unescaped(text: str, inner: str, begin: int) -> str:
    def character(escape: re.Match[str]) -> str:
        name = escape[1]
        if name in _ESCAPED:
            return _ESCAPED[name]
        if len(name) == 1 or int(name[1:], 16) in _HALVES:
            raise bad(text, begin + escape.start(), f"`{escape[0]}` is no character. Known are {_KNOWN_ESCAPES}.")
        return chr(int(name[1:], 16))

    return _ESCAPE.sub(character, inner)


def _why_not(text: str, at: int) -> str:
    character = text[at]
    if character in {'"', "'"}:
        return "This text has no closing quote in its line."
    if character == ".":
        return "A dot stands between two names, without blanks."
    if character == "/":
        return f"`/` cannot stand here. {NO_PATTERNS}"
    return f"`{character}` cannot stand here."
