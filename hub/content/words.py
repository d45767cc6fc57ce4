"""The words of a content: read from its document, and said to one visitor in the nearest language."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from liquid.exceptions import LiquidError

from hub.content.model import Words
from hub.kit.documents import Fields, Node
from hub.kit.errors import HubError
from hub.kit.languages import by_nearness
from hub.kit.problems import did_you_mean
from hub.kit.reading import Reading, spoken
from hub.wording import sandbox
from hub.wording.snippets import Snippet, named_in, put_into

NO_SNIPPETS: Final[Mapping[str, Snippet]] = {}
LONGEST: Final[Mapping[str, int]] = {"title": 200, "text": 5_000, "button": 100}
LONGEST_LINK: Final = 2_000

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class NotSaid(HubError):
    """A text met a value that it cannot work with, or wanted more than it may have. The sentence names no value."""

    code = "RENDERING_FAILED"

    def __init__(self, part: str, language: str, reason: str) -> None:
        super().__init__(f"The {part} in {language} could not be rendered ({reason}).")


@dataclass(frozen=True, slots=True)
class Said:
    """What one visitor reads: plain text, which whoever shows it as HTML has to escape."""

    language: str
    text: str
    title: str | None
    button: str | None
    link: str | None


def say(
    texts: Mapping[str, Words],
    wished: str | None,
    profile: Mapping[str, Any],
    snippets: Mapping[str, Snippet] = NO_SNIPPETS,
) -> Said:
    """Say it in the nearest language.

    Args:
        texts: what it says, by language.
        wished: the language that is wished for.
        profile: what the texts may read of the visitor, by name.
        snippets: those whose words it may say, by name, as they were agreed to.

    Raises:
        NotSaid: a text met a value that it cannot work with.
    """
    language = by_nearness(texts, wished)[0]
    words = texts[language]
    parts = {"title": words.title, "text": words.text, "button": words.button}
    said = {
        part: None if source is None else _said(part, language, put_into(source, language, snippets), profile)
        for part, source in parts.items()
    }
    return Said(language, said["text"] or "", said["title"], said["button"], words.link)


def snippets_in(texts: Mapping[str, Words]) -> frozenset[str]:
    """Name the snippets that the texts say."""
    sources = (it for words in texts.values() for it in (words.title, words.text, words.button) if it)
    return frozenset(name for source in sources for name in named_in(source))


def read(node: Node, reading: Reading, snippets: Collection[str] | None) -> Mapping[str, Words]:
    """Read the texts of a document, by language. They may say these snippets; where it is None, nobody asks."""
    if not isinstance(node, Fields):
        reading.report(node, "wrong_type", f"`texts` takes languages ({{en: {{text: Hello}}}}), not {spoken(node)}.")
        return {}
    if not node.fields:
        reading.report(node, "missing_key", "`texts` needs one language at least.")
    found: dict[str, Words] = {}
    for language, field in node.fields.items():
        if not _LANGUAGE.fullmatch(language):
            reading.report(field.key, "bad_language", "A language is written as `de` or `de-AT`.")
        fields = reading.fields(field.node, f"`{language[:20]}`", (*LONGEST, "link"), "text")
        parts = {part: _part(fields[part].node, part, reading, snippets) for part in LONGEST if part in fields}
        link = _link(fields["link"].node, reading) if "link" in fields else None
        found[language] = Words(parts.get("text") or "", parts.get("title"), parts.get("button"), link)
    return found


def _part(node: Node, part: str, reading: Reading, snippets: Collection[str] | None) -> str | None:
    source = reading.text(node, f"`{part}`", longest=LONGEST[part])
    if source is None:
        return None
    for name in named_in(source):
        if snippets is not None and name not in snippets:
            hint = did_you_mean(name, snippets)
            reading.report(node, "unknown_snippet", f"`{part}`: there is no snippet `{name}`.{hint}")
    try:
        filters = sandbox.filters_of(sandbox.parse(put_into(source, "", NO_SNIPPETS)))
    except LiquidError as error:
        reading.report(node, "bad_liquid", f"`{part}`: {error.message}.")
        return None
    for name in filters:
        if name not in sandbox.FILTERS:
            hint = did_you_mean(name, sandbox.FILTERS)
            reading.report(node, "unknown_filter", f"`{part}`: there is no filter `{name}`.{hint}")
    return source


def _link(node: Node, reading: Reading) -> str | None:
    link = reading.text(node, "`link`", longest=LONGEST_LINK)
    if link is None or _leads(link):
        return link
    reading.report(node, "bad_link", "`link` begins with https://, or with one / for a page of your own.")
    return None


def _leads(link: str) -> bool:
    """Tell whether it leads to a page: `//` would lead to another host, and a browser reads a backslash as a slash."""
    if not link.isascii() or any(it.isspace() or it in "\"<>'\\" for it in link):
        return False
    if link.startswith("/"):
        return not link.startswith("//")
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def _said(part: str, language: str, source: str, profile: Mapping[str, Any]) -> str:
    try:
        text = sandbox.render(sandbox.parse(source), {"profile": profile}, until=sandbox.until())
    except Exception as error:  # noqa: BLE001 - a filter raises whatever Python raises for a customer's odd value
        failed = type(error).__name__
    else:
        return _CONTROLS.sub("", text.replace("\r\n", "\n")).strip()
    # Raised outside the handler: Liquid's own error quotes the value it stumbled over, and would go along.
    raise NotSaid(part, language, failed)
