"""YAML, and JSON as a part of it, read so that every key and value knows its line and column.

Scalars follow the JSON schema of YAML 1.2: only `true`, `false`, `null` (or nothing, or `~`) and JSON's numbers of up
to 18 digits are no text. So `NO` is a country, `01234` a zip code and `2026-11-01` stays as it was written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import yaml
from yaml.error import Mark

from hub.kit.problems import InvalidDefinition, Problem

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 64

_UNPRINTABLE: Final = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,2})?")
_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}

# One match for each character of a value that is no white space, by the style in which the value is written.
_UNITS: Final = {
    "'": re.compile(r"''|\S"),
    '"': re.compile(r"\\(?:x.{2}|u.{4}|U.{8}|\s+|.)|\S"),
    "plain": re.compile(r"\S"),
}
_BLANK_ESCAPES: Final = frozenset(" \t\r\nntrvfN_LP")


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar. `written` is its piece of the source, from its quote or block mark on."""

    value: str | int | float | bool | None
    line: int
    column: int
    written: str
    style: str

    def outside(self, problem: Problem) -> Problem:
        """Move a problem found inside this text to its place in the document, across quotes, escapes and folds."""
        text = str(self.value)
        lines = text.split("\n")
        at = sum(len(line) + 1 for line in lines[: problem.line - 1]) + problem.column - 1
        offset = self._offset(text, at)
        breaks = self.written.count("\n", 0, offset)
        column = offset - self.written.rfind("\n", 0, offset) if breaks else self.column + offset
        return Problem(self.line + breaks, column, problem.code, problem.message)

    def _offset(self, text: str, at: int) -> int:
        # White space may be folded or escaped in the source, everything else stands there in the same order.
        begin, end = 0, len(self.written)
        if self.style in {"|", ">"}:
            begin = self.written.find("\n") + 1
        elif self.style != "plain":
            begin, end = 1, end - 1
        pattern = _UNITS.get(self.style, _UNITS["plain"])
        units = [unit for unit in pattern.finditer(self.written, begin, end) if not _is_blank(unit[0])]
        if not units or len(units) != len("".join(text.split())):
            return 0
        before = len("".join(text[:at].split()))
        return units[before].start() if before < len(units) else units[-1].end()


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fields:
    """Keys and values, in the order of the document. Each key comes with its own place."""

    fields: Mapping[str, "Field"]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Field:
    """A key and what it holds."""

    key: Value
    node: "Node"


Node: TypeAlias = Value | Items | Fields


def load(source: str) -> Node:
    """Read one document.

    Refused are: more than 256 KB or 64 levels, several documents, anchors and aliases (a few of them can unfold into
    gigabytes), tags, duplicate keys, keys that are no text, tabs as indentation (JSON may have them).

    Raises:
        InvalidDefinition: with `too_large`, `too_deep`, `duplicate_key` or `bad_yaml`.
    """
    source = source.removeprefix("\ufeff")
    if len(source.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidDefinition([Problem(1, 1, "too_large", f"A document has at most {MAX_BYTES // 1024} KB.")])
    if found := _UNPRINTABLE.search(source):
        message = f"The character U+{ord(found[0]):04X} is not allowed in a document."
        raise InvalidDefinition([Problem.within(source, found.start(), "bad_yaml", message)])
    try:
        return _Reader(source).document()
    except yaml.MarkedYAMLError as error:
        raise InvalidDefinition([_problem_of(error, source)]) from error


class _Reader:
    """Builds nodes from the parser's events: unlike PyYAML's own nodes they can be refused before they unfold."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._events = yaml.parse(source, Loader=yaml.CSafeLoader)
        self._duplicates: list[Problem] = []

    def document(self) -> Node:
        next(self._events)
        if isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise _refused(event, "bad_yaml", "The document is empty.")
        node = self._node(next(self._events), 1)
        next(self._events)
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise _refused(event, "bad_yaml", "A file holds one document, here begins a second one.")
        if self._duplicates:
            raise InvalidDefinition(self._duplicates)
        return node

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _refused(event, "too_deep", f"A document has at most {MAX_DEPTH} levels.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused(event, "bad_yaml", "Anchors (&) and aliases (*) are not allowed: write the value out.")
        if getattr(event, "tag", None):
            raise _refused(event, "bad_yaml", "Tags (!) are not allowed.")
        if isinstance(event, yaml.ScalarEvent):
            return self._value(event)
        line, column = _place(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(inner, depth + 1))
            return Items(tuple(items), line, column)
        return Fields(self._fields(depth), line, column)

    def _fields(self, depth: int) -> dict[str, Field]:
        fields: dict[str, Field] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Value) or not isinstance(key.value, str):
                raise _refused(event, "bad_yaml", "A key must be text.")
            field = Field(key, self._node(next(self._events), depth + 1))
            if (first := fields.setdefault(key.value, field)) is not field:
                message = f"`{key.value}` stands already in line {first.key.line}."
                self._duplicates.append(Problem(key.line, key.column, "duplicate_key", message))
        return fields

    def _value(self, event: yaml.ScalarEvent) -> Value:
        line, column = _place(event)
        written = self._source[_known(event.start_mark).index : _known(event.end_mark).index]
        plain = event.style in {None, ""}
        return Value(
            value=_plain_value(event.value) if plain else event.value,
            line=line,
            column=column,
            written=written,
            style="plain" if plain else str(event.style),
        )


def _plain_value(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if number := _NUMBER.fullmatch(text):
        return float(text) if number[1] or number[2] else int(text)
    return text


def _is_blank(unit: str) -> bool:
    return unit[0] == "\\" and unit[1:2] in _BLANK_ESCAPES


def _refused(event: yaml.Event, code: str, message: str) -> InvalidDefinition:
    return InvalidDefinition([Problem(*_place(event), code, message)])


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = _known(event.start_mark)
    return mark.line + 1, mark.column + 1


def _known(mark: object) -> Mark:
    # Only events made by hand have no marks; the parser sets them always.
    return cast(Mark, mark)


def _problem_of(error: yaml.MarkedYAMLError, source: str) -> Problem:
    mark = error.problem_mark
    if mark is None:
        return Problem(1, 1, "bad_yaml", f"This is no YAML: {error.problem}.")
    lines = source.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    if line[mark.column : mark.column + 1] == "\t":
        return Problem(mark.line + 1, mark.column + 1, "bad_yaml", "A tab cannot indent YAML: use spaces.")
    context = f" {error.context}" if error.context else ""
    began = f" that began in line {error.context_mark.line + 1}" if error.context and error.context_mark else ""
    return Problem(mark.line + 1, mark.column + 1, "bad_yaml", f"This is no YAML: {error.problem}{context}{began}.")
