"""The plain text of an HTML e-mail, for those whose mailbox shows none: what is said, and where links lead."""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import unescape
from typing import Final, NamedTuple

_TAG: Final = re.compile(r"""(<!--.*?-->|<[/A-Za-z][^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*+>)""", re.DOTALL)
_PARTS: Final = re.compile(r"<(/?)([A-Za-z][\w:.-]*)(.*)>", re.DOTALL)
_BREAK: Final = "\x01"
"""Where a line ends, until all spaces are one: Liquid has left no such character in the body."""
_EMPTY_LINES: Final = re.compile(r"\x01\x01+")
_OF_BODY: Final = re.compile(r"<mj-body\b")

_SILENT: Final = frozenset({"mj-style", "style", "script", "title"})
_LINKS: Final = frozenset({"a", "mj-button", "mj-navbar-link", "mj-social-element"})
_PICTURES: Final = frozenset({"img", "mj-image"})
_APART: Final = (
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "table",
    "mj-text",
    "mj-button",
    "mj-table",
)
_OWN_LINE: Final = ("tr", "br", "mj-navbar-link", "mj-social-element", "mj-accordion-title", "mj-accordion-text")
_AROUND: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(_APART, (_BREAK * 2, _BREAK * 2)),
    **dict.fromkeys(_OWN_LINE, (_BREAK, "")),
    **dict.fromkeys(("td", "th"), ("", " ")),
    **dict.fromkeys(("hr", "mj-divider"), (f"{_BREAK * 2}----------{_BREAK * 2}", "")),
    "li": (f"{_BREAK}- ", ""),
}
"""What stands in the text where a tag begins, and where it ends."""


class _Sound(NamedTuple):
    """What one tag does to the text: what it puts there, and which links and silences begin and end with it."""

    put: str = ""
    silent: int = 0
    begins: str | None = None
    ends: bool = False


def text_of(body: str) -> str:
    """Derive the text of a body of MJML, as Liquid has left it.

    A link becomes its label and its address in brackets, a picture what it says instead, a cell is parted by a space.
    """
    said: list[str] = []
    links: list[tuple[str, int]] = []
    silent = 0
    found = _OF_BODY.search(body)
    pieces = _TAG.split(body[found.start() if found else 0 :])
    for place in range(1, len(pieces), 2):
        put, change, begins, ends = _sound_of(pieces[place])
        silent += change
        if silent:
            continue
        if ends and links:
            _close(said, *links.pop())
        if put:
            said.append(put)
        if begins is not None:
            links.append((begins, len(said)))
        said.append(pieces[place + 1])
    text = " ".join(unescape("".join(said)).split())  # one space for all that lie together
    text = text.replace(f" {_BREAK}", _BREAK).replace(f"{_BREAK} ", _BREAK)
    return _EMPTY_LINES.sub("\n\n", text).replace(_BREAK, "\n").strip()


@lru_cache(maxsize=4096)
def _sound_of(tag: str) -> _Sound:
    """Read a tag. Most are the same in every mail of a template, so that they are read once."""
    found = _PARTS.fullmatch(tag)
    if found is None:
        return _SILENCE
    closes, name, rest = found[1] == "/", found[2].lower(), found[3]
    alone = rest.endswith("/")
    if name in _SILENT:
        return _Sound(silent=-1 if closes else 0 if alone else 1)
    around = _AROUND.get(name, ("", ""))
    if closes:
        return _Sound(around[1], ends=name in _LINKS)
    if name in _PICTURES:
        return _Sound(_picture(rest, own_line=name == "mj-image"))
    return _Sound(around[0], begins=_attribute(rest, "href") if name in _LINKS and not alone else None)


_SILENCE: Final = _Sound()


def _picture(rest: str, *, own_line: bool) -> str:
    said, leads_to = _attribute(rest, "alt"), _attribute(rest, "href")
    shown = f"{said} ({leads_to})" if said and leads_to else said or leads_to
    return f"{_BREAK * 2}{shown}{_BREAK * 2}" if own_line and shown else shown


def _close(pieces: list[str], address: str, since: int) -> None:
    """Put the address behind the label of a link that ends, unless the label is the address."""
    label = "".join(pieces[since:]).strip()
    if address and address != label:
        pieces.append(f" ({address})" if label else address)


def _attribute(rest: str, name: str) -> str:
    found = re.search(rf"""(?:^|\s){name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", rest)
    return (found[1] or found[2] or "").strip() if found else ""
