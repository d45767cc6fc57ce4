"""Snippets: what many templates say in the same words, defined once and agreed to by a second person.

snippet: footer
tone: warm
texts: {en: "Little Finch Coffee, Berlin", de: "Little Finch Coffee, Berlin"}
html: {en: "<mj-text align='center'>Little Finch Coffee, Berlin</mj-text>"}

A template says `{% snippet 'footer' %}`. When it is published the words of the snippet are put there, so that a
version of a template never changes. In `body.mjml` that is its `html`; where it has none its text, escaped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from liquid.exceptions import LiquidError

from hub.kit import documents
from hub.kit.documents import Fields, Node
from hub.kit.languages import by_nearness
from hub.kit.problems import InvalidDefinition, Problem, did_you_mean
from hub.kit.reading import Reading, spoken
from hub.wording import markup, sandbox
from hub.wording.parts import InvalidTemplate, Part
from hub.wording.templates import Template, template_of

LONGEST_NAME: Final = 64
LONGEST_TEXT: Final = 8_000

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TAG: Final = re.compile(r"""\{%-?\s*snippet\s+["']([^"'%]*)["']\s*-?%\}""")


@dataclass(frozen=True, slots=True)
class Snippet:
    """What it says, by language: as text, and as MJML where that is not the text. `version` is 0 until it is stored."""

    name: str
    tone: str
    texts: Mapping[str, str]
    html: Mapping[str, str]
    version: int = 0

    def said(self, part: str, language: str) -> str:
        """Give its words for a part, in the language nearest to the one of the part."""
        if part != Part.BODY:
            return self.texts[by_nearness(self.texts, language)[0]].strip()
        if self.html:
            return self.html[by_nearness(self.html, language)[0]].strip()
        return markup.from_text(self.texts[by_nearness(self.texts, language)[0]].strip())


@dataclass(frozen=True, slots=True)
class Put:
    """Where a snippet stands: from `begins` on in the expanded file, and in place of which tag of the written one."""

    begins: int
    length: int
    tag_begins: int
    tag_length: int


@dataclass(frozen=True, slots=True)
class Expanded:
    """The files of a template with the words of its snippets in them, and which versions each of them says."""

    files: Mapping[str, str]
    said: Mapping[str, Mapping[str, int]]
    written: Mapping[str, str]
    puts: Mapping[str, Sequence[Put]]

    @property
    def used(self) -> Mapping[str, int]:
        """The versions of all snippets that it says, by name."""
        return {name: version for used in self.said.values() for name, version in used.items()}

    def template(self, name: str) -> Template:
        """Make a template of it.

        Raises:
            InvalidTemplate: with everything that is wrong with it.
        """
        ids = {path: tuple(f"{it}/{version}" for it, version in used.items()) for path, used in self.said.items()}
        return replace(template_of(name, self.files), snippets=ids)

    def placed(self, path: str, problem: Problem) -> Problem:
        """Say where a problem of an expanded file is in the file that was written: in a snippet, at its tag."""
        if not self.puts.get(path):
            return problem
        lines = self.files[path].splitlines(keepends=True)
        offset = sum(map(len, lines[: problem.line - 1])) + problem.column - 1
        grown = 0
        for put in self.puts[path]:
            if offset < put.begins:
                break
            if offset < put.begins + put.length:
                return Problem.within(self.written[path], put.tag_begins, problem.code, problem.message)
            grown += put.length - put.tag_length
        return Problem.within(self.written[path], offset - grown, problem.code, problem.message)


def read(source: str) -> Snippet:
    """Read the document of a snippet, YAML or JSON.

    Raises:
        InvalidDefinition: with every problem that it has; one that is no YAML has that one only.
    """
    reading = Reading()
    fields = reading.fields(
        documents.load(source), "a snippet", ("snippet", "tone", "texts", "html"), "snippet", "texts"
    )
    name = reading.text(fields["snippet"].node, "`snippet`", longest=LONGEST_NAME) if "snippet" in fields else None
    if name is not None and not _NAME.fullmatch(name):
        reading.report(fields["snippet"].node, "bad_name", "A snippet's name is lower case with hyphens, as in footer.")
    tone = reading.text(fields["tone"].node, "`tone`", longest=LONGEST_NAME) if "tone" in fields else ""
    texts = _texts(fields["texts"].node, reading, html=False) if "texts" in fields else {}
    html = _texts(fields["html"].node, reading, html=True) if "html" in fields else {}
    if reading.problems or name is None:
        raise InvalidDefinition(reading.problems)
    return Snippet(name, tone or "", texts, html)


def expand(name: str, files: Mapping[str, str], snippets: Mapping[str, Snippet]) -> Expanded:
    """Put the words of snippets into the files of a template, named `LANG/PART`.

    Raises:
        InvalidTemplate: it names a snippet that there is not.
    """
    problems: list[Problem] = []
    said: dict[str, dict[str, int]] = {}
    expanded: dict[str, str] = {}
    puts: dict[str, list[Put]] = {}
    for path, source in files.items():
        language, _, part = path.partition("/")
        pieces: list[str] = []
        length = end = 0
        for tag in _TAG.finditer(source):
            snippet = snippets.get(tag[1])
            if snippet is None:
                message = f"{path}: there is no snippet `{tag[1]}`.{did_you_mean(tag[1], list(snippets))}"
                problems.append(Problem.within(source, tag.start(), "unknown_snippet", message))
                continue
            said.setdefault(path, {})[snippet.name] = snippet.version
            words = snippet.said(part, language)
            before = source[end : tag.start()]
            puts.setdefault(path, []).append(Put(length + len(before), len(words), tag.start(), len(tag[0])))
            pieces += (before, words)
            length, end = length + len(before) + len(words), tag.end()
        expanded[path] = "".join([*pieces, source[end:]])
    if problems:
        raise InvalidTemplate(name, problems)
    return Expanded(expanded, said, dict(files), puts)


def named_in(source: str) -> list[str]:
    """List the snippets that a text says, in its order."""
    return [tag[1] for tag in _TAG.finditer(source)]


def put_into(source: str, language: str, snippets: Mapping[str, Snippet]) -> str:
    """Put the words of snippets into a plain text. One that there is not says nothing."""
    if "snippet" not in source:
        return source

    def words(tag: re.Match[str]) -> str:
        snippet = snippets.get(tag[1])
        return snippet.said(Part.TEXT, language) if snippet else ""

    return _TAG.sub(words, source)


def _texts(node: Node, reading: Reading, *, html: bool) -> dict[str, str]:
    """Read words in one or more languages, which are Liquid."""
    if not isinstance(node, Fields) or not node.fields:
        reading.report(node, "wrong_type", f"Here stand languages and texts ({{en: Hello}}), not {spoken(node)}.")
        return {}
    texts: dict[str, str] = {}
    for language, field in node.fields.items():
        if not _LANGUAGE.fullmatch(language):
            reading.report(field.key, "unknown_language", "A language is written as de or de-AT.")
        text = reading.text(field.node, "a text", longest=LONGEST_TEXT)
        if text is None:
            continue
        texts[language] = text
        try:
            sandbox.parse(text, html=html)
        except LiquidError as error:
            reading.report(field.node, "bad_liquid", f"This is not Liquid: {error.message}.")
    return texts
