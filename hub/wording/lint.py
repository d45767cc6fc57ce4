"""What is wrong with a template that can be used, as far as it can be told before it is sent.

A flaw names the part it is in. Those that are hints do not keep anybody from publishing: the message arrives, and
perhaps not as its author thinks.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from hub.conditions import catalogue
from hub.conditions.shapes import Items, Kind, Names, Shape
from hub.kit.problems import Problem, did_you_mean
from hub.profiles.model import Channel
from hub.wording import brands, gsm, linking, markup, member_card, samples, sandbox, templates, ways_out
from hub.wording.brands import Kit
from hub.wording.parts import NEEDED, InvalidTemplate, Part, RenderingFailed
from hub.wording.snippets import Expanded, Snippet, expand
from hub.wording.templates import RenderContext, Template, spoken_language

NO_SNIPPETS: Final[Mapping[str, Snippet]] = {}
PUSH_BYTES: Final = 4096
"""How large a push message may be, as Apple and Google take it."""

_SURELY_MEANT: Final = 0.75
_LINKS: Final = ("preferences", "unsubscribe", "confirm")
_SIGN_IN: Final = ("code", "link")
_ADDRESS: Final = re.compile(r"""\s(href|src)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SCHEMES: Final = {"href": ("https://", "http://", "mailto:", "tel:"), "src": ("https://", "http://")}
_LOOP: Final = re.compile(r"\bfor\s+(\w+)\s+in\s+(event|profile)\.(\w+)")


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """A problem in the part `place`, which is `LANG/PART`, a language, or empty where it is about the whole."""

    place: str
    problem: Problem
    is_hint: bool = False

    def __str__(self) -> str:
        return f"{self.place}:{self.problem}" if self.place else str(self.problem)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a template is for.

    Attributes:
        advertises: it needs a way out of being written to.
        event: the event that leads to it, whose properties are known then.
        own: names of traits and properties that this shop has besides those of the catalogue.
        kit: of the brand that says it; None where that is not known, and nothing of it is checked.
        url: where customers reach the hub: it stands in links that are led through it.
    """

    advertises: bool = True
    event: str | None = None
    own: frozenset[str] = frozenset()
    kit: Kit | None = None
    url: str = "https://hub.example"

    @property
    def short_link(self) -> str | None:
        """What becomes of an address in an SMS or a push message; None where it stays what it is."""
        return self.url.rstrip("/") + samples.SHORT_LINK if self.advertises and self.kit and self.kit.track else None


@dataclass(frozen=True, slots=True)
class Checked:
    """A template that may be published, and what it was made of."""

    template: Template
    expanded: Expanded


def flaws_of(
    name: str, files: Mapping[str, str], purpose: Purpose, snippets: Mapping[str, Snippet] = NO_SNIPPETS
) -> list[Flaw]:
    """Find what is wrong with a template by its files, named `LANG/PART`, sorted by place."""
    try:
        expanded = expand(name, files, snippets)
    except InvalidTemplate as error:
        return sorted(_placed(it, files) for it in error.problems)
    found = _flaws_of(name, expanded.files, purpose)
    return sorted(replace(it, problem=expanded.placed(it.place, it.problem)) for it in found)


def _flaws_of(name: str, files: Mapping[str, str], purpose: Purpose) -> set[Flaw]:
    try:
        template = templates.template_of(name, files)
    except InvalidTemplate as error:
        return {_placed(it, files) for it in error.problems}
    found = [*_channels(template), *_tried(template, purpose)]
    for language, parts in template.languages.items():
        for part, source in parts.items():
            strange = [*_names(source, part, purpose)]
            if purpose.kit:
                strange += brands.strays(purpose.kit, language, part, source, advertises=purpose.advertises)
            found += (Flaw(f"{language}/{part}", it) for it in strange)
        found += _addresses(language, parts.get(Part.BODY, ""))
    if purpose.advertises:
        said = f"Advertising shows how to be rid of it: {ways_out.HOW}."
        found += (Flaw(place, Problem(1, 1, "no_way_out", said)) for place in ways_out.lacking(template))
    return set(found)


def checked(
    name: str, files: Mapping[str, str], purpose: Purpose, snippets: Mapping[str, Snippet] = NO_SNIPPETS
) -> Checked:
    """Make a template of files that have no flaw but hints, with the words of its snippets in it.

    Raises:
        InvalidTemplate: with every flaw that is more than a hint.
    """
    flaws = flaws_of(name, files, purpose, snippets)
    if bad := [it for it in flaws if not it.is_hint]:
        raise InvalidTemplate(name, [_told(it) for it in bad])
    expanded = expand(name, files, snippets)
    return Checked(expanded.template(name), expanded)


def hints_of(
    name: str, files: Mapping[str, str], purpose: Purpose, snippets: Mapping[str, Snippet] = NO_SNIPPETS
) -> list[Problem]:
    """List the hints about a template, each with its place before its sentence."""
    return [_told(it) for it in flaws_of(name, files, purpose, snippets) if it.is_hint]


def _told(flaw: Flaw) -> Problem:
    """Write the place of a flaw before its sentence, as the problems of templates have it."""
    it = flaw.problem
    return replace(it, message=f"{flaw.place}: {it.message}") if flaw.place else it


def _placed(problem: Problem, files: Mapping[str, str]) -> Flaw:
    """Take the part out of the sentence of a problem, which begins with it."""
    place, _, sentence = problem.message.partition(": ")
    if place not in files:
        return Flaw("", problem)
    return Flaw(place, Problem(problem.line, problem.column, problem.code, sentence[:1].upper() + sentence[1:]))


def _channels(template: Template) -> Iterator[Flaw]:
    """Find the languages that lack what a channel needs, which they began or others have."""
    for channel, needed in NEEDED.items():
        spoken = [it for it, parts in template.languages.items() if all(any_of & parts.keys() for any_of in needed)]
        for language, parts in template.languages.items():
            lacking = [any_of for any_of in needed if not any_of & parts.keys()]
            if not lacking:
                continue
            lack = " and ".join(" or ".join(sorted(it, reverse=True)) for it in lacking)
            if channel is Channel.EMAIL and parts.keys() & {Part.TEXT, Part.BODY}:
                said = f"There is no {lack}, which {channel} needs."
                yield Flaw(language, Problem(1, 1, "missing_part", said))
            elif spoken:
                heard = spoken_language(template, channel, language)
                said = f"There is no {lack}: by {channel} these customers are written to in {heard}."
                yield Flaw(language, Problem(1, 1, "other_language", said), is_hint=True)


def _names(source: str, part: str, purpose: Purpose) -> Iterator[Problem]:
    """Find names that nothing has, and those that resemble one so much that it is surely meant."""
    analysis = sandbox.parse(source, html=part == Part.BODY).analyze(include_partials=False)
    event = samples.properties_of(purpose.event)
    roots: dict[str, Shape] = {
        "profile": catalogue.TRAITS,
        "event": event,
        "links": Names(dict.fromkeys(_LINKS, Kind.TEXT)),
        "signin": Names(dict.fromkeys(_SIGN_IN, Kind.TEXT)),
        "brand": _brand(purpose.kit),
        "card": member_card.SHAPE,
    }
    for alias, root, name in _LOOP.findall(source):
        of = {"profile": catalogue.TRAITS, "event": event}[root].get(name)
        if isinstance(of, Items) and alias not in roots:
            roots[alias] = of.of
    for root, variables in analysis.variables.items():
        for variable in variables:
            at = variable.span.index
            if root in roots:
                if said := _strange(variable.segments[1:], roots[root], purpose.own):
                    yield Problem.within(source, at, "unknown_variable", f"`{variable}`: {said}")
            elif variable in analysis.globals.get(root, ()):
                said = f"Nothing is called `{root}`.{did_you_mean(root, list(roots))}"
                yield Problem.within(source, at, "unknown_variable", said)


def _brand(kit: Kit | None) -> Shape:
    """Tell which names of a brand there are; where its kit is not known, any colour and font may be."""
    named = [kit.colours, kit.fonts] if kit else [None, None]
    colours, fonts = (Names({}, Kind.TEXT) if it is None else Names(dict.fromkeys(it, Kind.TEXT)) for it in named)
    return Names({"name": Kind.TEXT, "logo": Kind.TEXT, "colours": colours, "fonts": fonts})


def _strange(segments: Iterable[Any], shape: Shape, own: frozenset[str]) -> str:
    """Say what is strange about a name below a root; empty where nothing is."""
    for segment in segments:
        if isinstance(shape, Items):
            if isinstance(segment, int) or segment in {"first", "last"}:
                shape = shape.of
                continue
            return ""
        if not isinstance(segment, str) or segment in own or segment == "size":
            return ""
        if isinstance(shape, Names):
            below = shape.below(segment)
            if below is None:
                return f"there is no `{segment}`, only {', '.join(shape.known)}."
            shape = below
        elif isinstance(shape, Mapping):
            if segment not in shape:
                near = get_close_matches(segment, list(shape), n=1, cutoff=_SURELY_MEANT)
                return f"`{segment}` is not known.{did_you_mean(segment, near)}" if near else ""
            shape = shape[segment]
        else:
            return ""
    return ""


def _addresses(language: str, body: str) -> Iterator[Flaw]:
    """Find the links and pictures that lead nowhere, or where a mailbox does not follow."""
    for tag in markup.tags_of(markup.without_liquid(body)):
        end = tag.offset + len(tag.name) + len(tag.rest) + 1
        for found in _ADDRESS.finditer(body[tag.offset : end]):
            kind, address = found[1], (found[2] or found[3] or "").strip()
            if address.startswith(("{{", "{%", *_SCHEMES[kind])):
                continue
            at = tag.offset + found.start(1)
            if not address or address.startswith("#"):
                said = f"This {kind} leads nowhere."
            elif scheme := _SCHEME.match(address):
                said = f"{scheme[0]} is no address for a mail; there are {', '.join(_SCHEMES[kind])}."
            else:
                said = f"This {kind} is within a page, and a mail is on none: it begins with https://."
            yield Flaw(f"{language}/{Part.BODY}", Problem.within(body, at, "broken_link", said))


def _tried(template: Template, purpose: Purpose) -> Iterator[Flaw]:
    """Say it to made-up customers, in each language, and look at what comes out."""
    brand = purpose.kit.shown() if purpose.kit else {}
    for context in (samples.somebody(purpose.event, brand), samples.nobody_known(brand)):
        for language in template.languages:
            for channel in Channel:
                if spoken_language(template, channel, language) == language:
                    yield from _said_to(template, channel, language, context, purpose)


def _said_to(
    template: Template, channel: Channel, language: str, context: RenderContext, purpose: Purpose
) -> Iterator[Flaw]:
    try:
        rendered = templates.render(template, channel, language=language, context=context)
    except RenderingFailed as error:
        said = f"It fails for a made-up customer: {error.reason}."
        yield Flaw(error.part, Problem(error.line, 1, "fails", said))
        return
    short = purpose.short_link
    if channel is Channel.PUSH:
        link = short if short and rendered.link and linking.is_web_address(rendered.link) else rendered.link
        payload = {"title": rendered.subject, "body": rendered.text, **({"link": link} if link else {})}
        size = len(json.dumps(payload, ensure_ascii=False).encode())
        if size > PUSH_BYTES:
            said = f"It has {size} bytes for a made-up customer; a push message has at most {PUSH_BYTES}."
            yield Flaw(f"{language}/{Part.PUSH}", Problem(1, 1, "too_large", said))
    if channel is Channel.SMS:
        text = linking.text_led(rendered.text, lambda _: short) if short else rendered.text
        sms = gsm.size_of(text)
        if sms.count > 1:
            said = f"It takes {sms} for a made-up customer{', with its links led through the hub' if short else ''}."
            yield Flaw(f"{language}/{Part.SMS}", Problem(1, 1, "several_sms", said), is_hint=True)
