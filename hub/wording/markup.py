"""The body of an HTML e-mail: MJML that is checked where it was written, and made into HTML for one person.

The body has to be MJML also with its Liquid taken out, so that a tag that is not closed is named by its own line
before anybody is written to, and what a customer is called changes no tag. MRML, which makes the HTML, overflows its
stack where tags nest a thousand deep, its carousel grows by the square, and what some elements hand down is written
into each one below them: all of that is refused here, before it looks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

import mjml

from hub.kit.errors import HubError
from hub.kit.problems import Problem, did_you_mean

DEPTH_LIMIT: Final = 64
"""How many tags may stand inside each other."""

HTML_LIMIT: Final = 256 * 1024
"""How long the HTML may get, in characters. Large mailboxes cut a mail after 102 KB."""

HANDED_DOWN_LIMIT: Final = 2 * 1024 * 1024
"""How long what elements hand down may be, in characters times the tags there are: MRML writes it up to five times."""

ELEMENTS: Final = frozenset(
    {"mjml", "mj-head", "mj-title", "mj-preview", "mj-style", "mj-font", "mj-breakpoint", "mj-attributes", "mj-all"}
    | {"mj-class", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-text", "mj-image", "mj-button"}
    | {"mj-divider", "mj-spacer", "mj-social", "mj-social-element", "mj-hero", "mj-navbar", "mj-navbar-link"}
    | {"mj-table", "mj-raw", "mj-accordion", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text"}
)
_REFUSED: Final = {
    "mj-include": "a template reads no files",
    "mj-carousel": "most mailboxes show nothing of it",
    "mj-carousel-image": "most mailboxes show nothing of it",
    "script": "no mailbox runs it",
    "iframe": "no mailbox shows it",
}
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)

_TOKEN: Final = re.compile(
    r"""<!--.*?-->|<(?P<close>/?)(?P<name>[A-Za-z][\w:.-]*)(?P<rest>(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)>|(?P<stray><)""",
    re.DOTALL,
)
_LIQUID: Final = re.compile(
    r"\{%-?\s*(?:comment|doc)\b.*?\{%-?\s*end(?:comment|doc)\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL
)
_BLANKS_BETWEEN: Final = re.compile(r">[ \t]\s*(?=</?mj-)")
"""MRML passes over a line end between elements, and stumbles over a blank."""
_NOT_BREAKS: Final = re.compile(r"[^\n]")
_HANDS_DOWN: Final = re.compile(
    r"""<mj-(?:accordion|attributes|navbar|social)(?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*+)?>"""
)
_ATTRIBUTES: Final = ("<mj-attributes", "</mj-attributes>")
_SRC: Final = re.compile(r"\ssrc\s*=")
_LANG: Final = re.compile(r"<mjml(?![^>]*\slang\s*=)")
_SURELY_SHALLOW: Final = 250
"""So many opening tags overflow no stack, however they nest."""


class BadMarkup(HubError):
    """What Liquid made of a body cannot be made into HTML. The sentence quotes none of it."""

    code = "BAD_MARKUP"


class TooMuchMarkup(BadMarkup):
    """The HTML is longer, or its tags nest deeper, than an e-mail may."""

    code = "TOO_MUCH_MARKUP"


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a body: where it stands, what it is called, and its attributes as they were written.

    One without a name is a `<` that begins no tag.
    """

    offset: int
    name: str
    rest: str
    closes: bool

    @property
    def stands_alone(self) -> bool:
        """Whether it has no end of its own."""
        return self.rest.endswith("/") or self.name in _VOID


def without_liquid(source: str) -> str:
    """Take Liquid out of a source and keep every offset: an output becomes zeros, a tag becomes blanks."""
    return _LIQUID.sub(lambda it: _NOT_BREAKS.sub("0" if it[0].startswith("{{") else " ", it[0]), source)


def problem_of(source: str) -> Problem | None:
    """Find the first fault of a body as it was written, Liquid and all."""
    markup = without_liquid(source)
    if fault := _fault_of(markup):
        return fault
    try:
        mjml.mjml2html(_with_line_ends(markup), fonts={})
    except ValueError as error:
        return Problem.within(
            source, _offset_in(str(error), markup), "bad_mjml", "MJML does not allow what stands here."
        )
    return None


def from_text(text: str) -> str:
    """Write text as MJML has it, Liquid and all: escaped between the Liquid, with its line ends."""
    pieces: list[str] = []
    end = 0
    for liquid in _LIQUID.finditer(text):
        pieces += (_escaped(text[end : liquid.start()]), liquid[0])
        end = liquid.end()
    return "".join([*pieces, _escaped(text[end:])])


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br />\n")


def html_of(body: str, *, language: str, preheader: str = "") -> str:
    """Make the HTML of an e-mail.

    Args:
        body: MJML, which Liquid has left with every value escaped.
        language: what it is written in, for those who have it read to them.
        preheader: what a mailbox shows behind the subject, as text; empty leaves what the body says itself.

    Raises:
        TooMuchMarkup: tags nest too deep, hand down too much, or the HTML gets too long.
        BadMarkup: it is not MJML.
    """
    if "<mj-carousel" in body or body.count("<") - body.count("</") > _SURELY_SHALLOW:
        _check_depth(body)
    if len(body) * body.count("<mj-") > HANDED_DOWN_LIMIT:
        _check_handed_down(body)
    body = _LANG.sub(f'<mjml lang="{language}"', body, count=1)
    if preheader:
        body = _with_preheader(body, escape(preheader))
    try:
        html: str = mjml.mjml2html(_with_line_ends(body), fonts={}, disable_comments=False)
    except ValueError as error:
        line = body.count("\n", 0, _offset_in(str(error), body)) + 1
        raise BadMarkup(f"what Liquid made of it is not MJML in its line {line}") from None
    if len(html) > HTML_LIMIT:
        raise TooMuchMarkup("the HTML gets too long")
    return html


def tags_of(markup: str) -> Iterator[Tag]:
    """List the tags of MJML in their order, comments left out."""
    for found in _TOKEN.finditer(markup):
        if found["stray"]:
            yield Tag(found.start(), "", "", closes=False)
        elif found["name"]:
            yield Tag(found.start(), found["name"].lower(), found["rest"], bool(found["close"]))


def _fault_of(markup: str) -> Problem | None:
    """Find the first tag that is unknown, refused, not closed or closed by another."""
    open_tags: list[Tag] = []
    for tag in tags_of(markup):
        if tag.closes:
            if not open_tags or open_tags[-1].name != tag.name:
                wanted = f", where </{open_tags[-1].name}> is due" if open_tags else ""
                said = f"</{tag.name}> ends nothing here{wanted}."
                return Problem.within(markup, tag.offset, "wrong_end", said)
            open_tags.pop()
        elif fault := _fault_of_tag(tag, markup):
            return fault
        elif not tag.stands_alone:
            open_tags.append(tag)
            if len(open_tags) > DEPTH_LIMIT:
                said = f"More than {DEPTH_LIMIT} tags stand inside each other."
                return Problem.within(markup, tag.offset, "too_deep", said)
    if open_tags:
        tag = open_tags[-1]
        return Problem.within(markup, tag.offset, "not_closed", f"<{tag.name}> is not closed.")
    return None


def _fault_of_tag(tag: Tag, markup: str) -> Problem | None:
    if not tag.name:
        said = "A < begins a tag, and none is here; as a sign it is written &lt;."
        return Problem.within(markup, tag.offset, "stray_bracket", said)
    if why := _REFUSED.get(tag.name):
        return Problem.within(markup, tag.offset, "refused_element", f"<{tag.name}> is refused: {why}.")
    if tag.name.startswith("mj") and tag.name not in ELEMENTS:
        said = f"MJML has no <{tag.name}>.{did_you_mean(tag.name, ELEMENTS)}"
        return Problem.within(markup, tag.offset, "unknown_element", said)
    if tag.name == "mj-social-element" and not _SRC.search(tag.rest):
        said = "<mj-social-element> needs its icon as src: none is fetched from elsewhere."
        return Problem.within(markup, tag.offset, "no_icon", said)
    return None


def _check_depth(body: str) -> None:
    depth = 0
    for tag in tags_of(body):
        if not tag.name or tag.name in _REFUSED:
            raise BadMarkup(f"what Liquid made of it has what is refused, <{tag.name}")
        if tag.closes:
            depth -= 1
        elif not tag.stands_alone:
            depth += 1
            if depth > DEPTH_LIMIT:
                raise TooMuchMarkup("its tags nest too deep")


def _check_handed_down(body: str) -> None:
    """Bound what MRML would write again and again: attributes that hold for all that is below, or everywhere."""
    length = sum(len(it[0]) for it in _HANDS_DOWN.finditer(body))
    begins, ends = _ATTRIBUTES
    at = body.find(begins)
    while at >= 0:
        end = body.find(ends, at)
        length += (end if end >= 0 else len(body)) - at
        at = body.find(begins, at + 1)
    if length * body.count("<mj-") > HANDED_DOWN_LIMIT:
        raise TooMuchMarkup("what its elements hand down is too long")


def _with_line_ends(markup: str) -> str:
    """Begin what is blank between elements with a line end; every offset stays."""
    return _BLANKS_BETWEEN.sub(lambda it: ">\n" + it[0][2:], markup)


def _with_preheader(body: str, preheader: str) -> str:
    preview = f"<mj-preview>{preheader}</mj-preview>"
    if "</mj-head>" in body:
        return body.replace("</mj-head>", f"{preview}</mj-head>", 1)
    return body.replace("<mj-body", f"<mj-head>{preview}</mj-head><mj-body", 1)


def _offset_in(reason: str, markup: str) -> int:
    """Read the offset out of MRML's sentence, which ends in `position 47:65`, in bytes, where it knows one."""
    found = re.search(r"position (\d+):\d+$", reason)
    return len(markup.encode()[: int(found[1])].decode(errors="ignore")) if found else 0
