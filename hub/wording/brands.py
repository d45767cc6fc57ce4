"""Brand kits: how a brand looks and speaks in its messages, and what of a template steps outside.

brand: default
name: Little Finch Coffee
sender: Little Finch
logo: https://hub.example/a/0123456789abcdef0123456789abcdef.png
colours: {primary: "#8a3f1d", ink: "#3b2a20", paper: "#ffffff"}
fonts: {body: "Georgia, serif"}
banned: [cheap, act now]
required: {en: [Little Finch Coffee, Berlin]}
track: true

A template reads it as `brand.name`, `brand.logo`, `brand.colours.primary` and `brand.fonts.body`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.kit import documents
from hub.kit.documents import Fields, Node, Value
from hub.kit.languages import by_nearness
from hub.kit.problems import InvalidDefinition, Problem
from hub.kit.reading import Reading, spoken
from hub.wording import markup
from hub.wording.parts import Part

LONGEST: Final = 200
_KEYS: Final = ("brand", "name", "sender", "logo", "colours", "fonts", "banned", "required", "track")
_NAME: Final = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SENDER: Final = re.compile(r'[^"\\<>@\x00-\x1f\x7f]+')
_HEX: Final = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_COLOUR: Final = re.compile(r"(?<=[\"'\s:,(])#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\([^)]*\)")
_NAMED: Final = re.compile(
    r"""[\w-]*color\s*=\s*(?:"([A-Za-z]+)"|'([A-Za-z]+)')|[\w-]*color\s*:\s*([A-Za-z]+)\s*(?=[;"'}])"""
)
_NO_COLOUR: Final = frozenset({"transparent", "inherit", "currentcolor", "none"})
_FONT: Final = re.compile(r"""font-family\s*(?:=\s*"([^"]*)"|=\s*'([^']*)'|:\s*([^;"}]+))""")
_STYLES: Final = re.compile(r"<(mj-style|style)\b[^>]*>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Kit:
    """A brand kit.

    `sender` stands before the address of e-mails; empty leaves that to the settings. With `track` the links in its SMS
    and push messages are led through the hub.
    """

    brand: str
    name: str
    sender: str
    logo: str
    colours: Mapping[str, str]
    fonts: Mapping[str, str]
    banned: tuple[str, ...]
    required: Mapping[str, tuple[str, ...]]
    track: bool = False

    def shown(self) -> dict[str, Any]:
        """Give what a template may read."""
        return {"name": self.name, "logo": self.logo, "colours": self.colours, "fonts": self.fonts}

    def sender_of(self, email_from: str) -> str:
        """Put the brand's name before the address of a sender."""
        address = email_from.rpartition("<")[2].rstrip("> ")
        return f'"{self.sender}" <{address}>' if self.sender else email_from


def read(source: str) -> Kit:
    """Read the document of a kit, YAML or JSON.

    Raises:
        InvalidDefinition: with every problem that it has; one that is no YAML has that one only.
    """
    reading = Reading()
    fields = reading.fields(documents.load(source), "a brand kit", _KEYS, "brand", "name", "colours", "fonts")

    def text(key: str, fits: Callable[[str], object], said: str) -> str:
        if key not in fields:
            return ""
        written = reading.text(fields[key].node, f"`{key}`", longest=LONGEST)
        if written is not None and not fits(written):
            reading.report(fields[key].node, "bad_name", said)
        return written or ""

    def texts(key: str, fits: Callable[[str], object], said: str) -> dict[str, str]:
        return _texts(fields[key].node, reading, fits, said) if key in fields else {}

    kit = Kit(
        text("brand", _NAME.fullmatch, "A brand's name is lower case with hyphens, as in little-finch."),
        text("name", str.strip, "A name says something."),
        text("sender", _SENDER.fullmatch, 'A sender is a name without quotes, brackets and @, as in "Little Finch".'),
        text("logo", lambda it: it.startswith("https://"), "A logo is an address that begins with https://."),
        texts("colours", _HEX.fullmatch, "A colour is written as #8a3f1d."),
        texts("fonts", str.strip, "A font is written as in CSS, with what takes its place: Georgia, serif."),
        tuple(_list(fields["banned"].node, reading)) if "banned" in fields else (),
        _required(fields["required"].node, reading) if "required" in fields else {},
        "track" in fields and _flag(fields["track"].node, "`track`", reading),
    )
    if reading.problems:
        raise InvalidDefinition(reading.problems)
    return kit


def strays(kit: Kit, language: str, part: str, source: str, *, advertises: bool) -> Iterator[Problem]:
    """Find what of a part steps outside of the kit: colours, fonts, banned words, and lines that must be there."""
    if part == Part.BODY:
        yield from _looks(kit, source)
    said = markup.without_liquid(source)
    for word in kit.banned:
        for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", said, re.IGNORECASE):
            yield Problem.within(source, found.start(), "banned_word", f"`{word}` is not said by {kit.name}.")
    if advertises and part in {Part.BODY, Part.TEXT} and kit.required:
        for line in kit.required[by_nearness(kit.required, language)[0]]:
            if line not in source:
                yield Problem(1, 1, "missing_line", f"{kit.name} always says: {line}")


def _looks(kit: Kit, source: str) -> Iterator[Problem]:
    colours = {_long(it) for it in kit.colours.values()}
    fonts = {_plain(it) for it in kit.fonts.values()}
    for at, styled in _styled(source):
        for found in (*_COLOUR.finditer(styled), *_NAMED.finditer(styled)):
            colour = next((it for it in found.groups() if it), found[0]) if found.re is _NAMED else found[0]
            if _long(colour) not in colours and colour.lower() not in _NO_COLOUR:
                said = f"The colour {colour} is not of {kit.name}, which has {', '.join(kit.colours.values())}."
                yield Problem.within(source, at + found.start(), "off_brand", said)
        for found in _FONT.finditer(styled):
            font = next(it for it in found.groups() if it is not None).strip()
            if font.strip(" ") and _plain(font) not in fonts:
                said = f"The font {font} is not of {kit.name}, which has {'; '.join(kit.fonts.values())}."
                yield Problem.within(source, at + found.start(), "off_brand", said)


def _styled(source: str) -> Iterator[tuple[int, str]]:
    """List what says how a body looks, with where it stands: attributes of tags, and styles; Liquid is blanked."""
    blank = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", lambda it: " " * len(it[0]), source, flags=re.DOTALL)
    for tag in markup.tags_of(blank):
        begins = tag.offset + 1 + len(tag.name)
        yield begins, blank[begins : begins + len(tag.rest)]
    for style in _STYLES.finditer(blank):
        yield style.start(2), style[2]


def _long(colour: str) -> str:
    colour = colour.lower()
    return "#" + "".join(it * 2 for it in colour[1:]) if re.fullmatch(r"#[0-9a-f]{3}", colour) else colour


def _plain(font: str) -> str:
    return re.sub(r"[\s\"']", "", font).lower()


def _texts(node: Node, reading: Reading, fits: Callable[[str], object], said: str) -> dict[str, str]:
    if not isinstance(node, Fields):
        reading.report(node, "wrong_type", f"Here stand names and what they mean, not {spoken(node)}.")
        return {}
    texts: dict[str, str] = {}
    for name, field in node.fields.items():
        if not _NAME.fullmatch(name):
            reading.report(field.key, "bad_name", "A name is lower case, as in primary.")
        if (text := reading.text(field.node, f"`{name}`", longest=LONGEST)) is not None:
            if not fits(text):
                reading.report(field.node, "bad_name", said)
            texts[name] = text
    return texts


def _list(node: Node, reading: Reading) -> Iterator[str]:
    for item in reading.items(node, "this"):
        if (text := reading.text(item, "a text", longest=LONGEST)) is not None:
            yield text


def _flag(node: Node, name: str, reading: Reading) -> bool:
    if isinstance(node, Value) and isinstance(node.value, bool):
        return node.value
    reading.report(node, "wrong_type", f"{name} is true or false, not {spoken(node)}.")
    return False


def _required(node: Node, reading: Reading) -> dict[str, tuple[str, ...]]:
    if not isinstance(node, Fields) or not node.fields:
        reading.report(node, "wrong_type", f"Here stand languages and lines ({{en: [Hello]}}), not {spoken(node)}.")
        return {}
    for language, field in node.fields.items():
        if not _LANGUAGE.fullmatch(language):
            reading.report(field.key, "unknown_language", "A language is written as de or de-AT.")
    return {language: tuple(_list(field.node, reading)) for language, field in node.fields.items()}
