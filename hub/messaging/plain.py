"""The plain text of an HTML e-mail, for those whose mailbox shows none: what is said, and where links lead."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Final

_TOKEN: Final = re.compile(r"""<!--.*?-->|<(/?)([A-Za-z][\w:.-]*)((?:[^<>"']|"[^"]*"|'[^']*')*+)>""", re.DOTALL)
_SPACES: Final = re.compile(r"[ \t\r\n\xa0]+")
_SPACED_BREAK: Final = re.compile(r" *\n *")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")

_SILENT: Final = frozenset({"mj-head", "mj-style", "style", "script", "title", "head"})
_LINKS: Final = frozenset({"a", "mj-button", "mj-navbar-link", "mj-social-element"})
_RULE: Final = "\n\n----------\n\n"
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
    **dict.fromkeys(_APART, ("\n\n", "\n\n")),
    **dict.fromkeys(_OWN_LINE, ("\n", "")),
    **dict.fromkeys(("td", "th"), ("", " ")),
    **dict.fromkeys(("hr", "mj-divider"), (_RULE, "")),
    "li": ("\n- ", ""),
}
"""What stands in the text where a tag begins, and where it ends."""


def text_of(body: str) -> str:
    """Derive the text of a body of MJML, as Liquid has left it.

    A link becomes its label and its address in brackets, a picture what it says instead, a cell is parted by a space.
    """
    pieces: list[str] = []
    links: list[tuple[str, int]] = []
    silent = 0
    end = 0
    for found in _TOKEN.finditer(body):
        if not silent and end < found.start():
            pieces.append(_SPACES.sub(" ", body[end : found.start()]))
        end = found.end()
        closes, name, rest = found[1], found[2], found[3]
        if name is None:
            continue
        name = name.lower()
        alone = rest.endswith("/")
        if name in _SILENT:
            silent += 0 if alone else -1 if closes else 1
        if silent:
            continue
        if name in _LINKS and closes and links:
            _close(pieces, *links.pop())
        pieces.append(_AROUND.get(name, ("", ""))[1 if closes else 0])
        if name in {"img", "mj-image"} and not closes:
            pieces.append(_picture(rest, own_line=name == "mj-image"))
        if name in _LINKS and not closes and not alone:
            links.append((_attribute(rest, "href"), len(pieces)))
    if not silent:
        pieces.append(_SPACES.sub(" ", body[end:]))
    text = unescape("".join(pieces))
    return _EMPTY_LINES.sub("\n\n", _SPACED_BREAK.sub("\n", text)).strip()


def _picture(rest: str, *, own_line: bool) -> str:
    said, leads_to = _attribute(rest, "alt"), _attribute(rest, "href")
    shown = f"{said} ({leads_to})" if said and leads_to else said or leads_to
    return f"\n\n{shown}\n\n" if own_line and shown else shown


def _close(pieces: list[str], address: str, since: int) -> None:
    """Put the address behind the label of a link that ends, unless the label is the address."""
    label = "".join(pieces[since:]).strip()
    if address and address != label:
        pieces.append(f" ({address})" if label else address)


def _attribute(rest: str, name: str) -> str:
    found = re.search(rf"""(?:^|\s){name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", rest)
    return (found[1] or found[2] or "").strip() if found else ""
