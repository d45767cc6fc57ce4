"""Templates: what a message says, in parts and languages, and how it is rendered for one person."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from liquid import BoundTemplate
from liquid.exceptions import (
    ContextDepthError,
    LiquidError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
)

from hub.kit.languages import by_nearness
from hub.kit.problems import Problem, did_you_mean
from hub.profiles.model import Channel
from hub.wording import markup, plain, sandbox
from hub.wording.nodes import TimeUsedUp
from hub.wording.parts import NEEDED, InvalidTemplate, Limit, LimitExceeded, NoSuchPart, Part, RenderingFailed

PART_LIMIT: Final = 32 * 1024
"""How long one part may be, in characters."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BREAKS: Final = re.compile(r"[\t-\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROLS_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
_RUNS: Final = ("javascript:", "data:", "vbscript:", "file:", "blob:")
"""What is no place to go to, but something to run or to read."""


_PARTS: Final[Mapping[Channel, tuple[Part, ...]]] = {
    Channel.EMAIL: (Part.SUBJECT, Part.PREHEADER, Part.BODY, Part.TEXT),
    Channel.PUSH: (Part.SUBJECT, Part.PUSH, Part.LINK),
    Channel.SMS: (Part.SMS,),
    Channel.INBOX: (Part.SUBJECT, Part.INBOX, Part.LINK),
}
"""What a channel says, where it is written."""


_LIMIT_OF: Final[Mapping[type[Exception], Limit]] = {
    LoopIterationLimitError: Limit.WORK,
    OutputStreamLimitError: Limit.OUTPUT,
    LocalNamespaceLimitError: Limit.MEMORY,
    ContextDepthError: Limit.DEPTH,
    TimeUsedUp: Limit.TIME,
}


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template: the Liquid source of each part, by language (BCP 47, as `de-AT`) and name of the part.

    `snippets` are the versions of those that a part says, as `NAME/VERSION`, by `LANG/PART`.
    """

    name: str
    languages: Mapping[str, Mapping[str, str]]
    snippets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def reads(self, name: str) -> bool:
        """Tell whether any part may read something of this name. True where it only says the word."""
        return any(name in source for parts in self.languages.values() for source in parts.values())


@dataclass(frozen=True, slots=True)
class RenderContext:
    """All that a template may read.

    `profile` is the traits, `event` the properties of the event that led here, `links` the addresses of the hub's own
    pages: `preferences`, `unsubscribe` for what one can be rid of, `confirm` where something is to be confirmed.
    `signin` holds the `code` and the `link` of a message by which somebody signs in, `brand` how the brand looks.
    `card` is the member card, empty where nobody asks for it or there is no program.
    """

    profile: Mapping[str, Any]
    event: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)
    signin: Mapping[str, str] = field(default_factory=dict)
    brand: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message says. `subject` is one line: of an e-mail, or the title of a message in the app; none of an SMS.

    `link` is where a tap on a push message, or on one in the inbox, leads, None where it opens the app.
    `html` is what an e-mail shows instead of its text; None where there is no body of MJML. `snippets` are the versions
    of those that it says, as `NAME/VERSION`.
    """

    subject: str
    text: str
    link: str | None = None
    html: str | None = None
    snippets: tuple[str, ...] = ()


def template_of(name: str, files: Mapping[str, str]) -> Template:
    """Make a template of its files, named `LANG/PART` (`de-AT/subject`).

    Raises:
        InvalidTemplate: with everything that is wrong with it.
    """
    problems: list[Problem] = []
    if not _NAME.fullmatch(name):
        problems.append(Problem(1, 1, "bad_name", "A name is made of a-z, 0-9, - and _, at most 64 of them."))
    languages: dict[str, dict[str, str]] = {}
    for path, source in sorted(files.items()):
        language, _, part = path.partition("/")
        if problem := _problem_of(path, source):
            problems.append(problem)
        languages.setdefault(language, {})[part] = source
    for language, parts in languages.items():
        if Part.PREHEADER in parts and "<mj-preview" in parts.get(Part.BODY, ""):
            said_twice = f"{language}/{Part.BODY}: <mj-preview> says what {language}/{Part.PREHEADER} says too."
            problems.append(Problem(1, 1, "two_preheaders", said_twice))
    if not languages:
        problems.append(Problem(1, 1, "no_language", "There is not one language with a part."))
    if problems:
        raise InvalidTemplate(name, problems)
    return Template(name, languages)


def channels_of(template: Template) -> list[Channel]:
    """List the channels on which a template has something to say, in one language at least."""
    return [channel for channel in Channel if spoken_language(template, channel, None) is not None]


def render(template: Template, channel: Channel, *, language: str | None, context: RenderContext) -> Rendered:
    """Say it to one person, in the nearest language that has all the channel needs.

    For `de-AT` that is the first of `de-AT`, `de`, `en` and the others by name; parts of two languages never mix.
    It takes less than 100 ms of the processor and 50 MB, or is refused (see `sandbox` and `markup`): so it may be done
    on the event loop.

    Raises:
        NoSuchPart: no language has what the channel needs.
        LimitExceeded: the template wants more work, output, memory, depth or time than it may have.
        RenderingFailed: it meets a value that it cannot work with.
    """
    spoken = spoken_language(template, channel, language)
    if spoken is None:
        raise NoSuchPart(template.name, channel)
    rendered = _rendered_for(channel, _Said(template, spoken, context, sandbox.until()))
    if not template.snippets:
        return rendered
    said = {it for part in _PARTS[channel] for it in template.snippets.get(f"{spoken}/{part}", ())}
    return replace(rendered, snippets=tuple(sorted(said)))


def _rendered_for(channel: Channel, said: "_Said") -> Rendered:
    match channel:
        case Channel.EMAIL:
            return _email(said)
        case Channel.PUSH:
            return Rendered(said.line(Part.SUBJECT), said.text(Part.PUSH), _link(said))
        case Channel.SMS:
            return Rendered("", said.text(Part.SMS))
        case Channel.INBOX:
            return Rendered(said.line(Part.SUBJECT), said.text(Part.INBOX), _link(said))


def spoken_language(template: Template, channel: Channel, wished: str | None) -> str | None:
    """Find the language nearest to the one wished for that has all a channel needs; None where there is none."""
    if wished is not None and wished in template.languages and _speaks(template, channel, wished):
        return wished
    for nearest in by_nearness(template.languages, wished):
        if _speaks(template, channel, nearest):
            return nearest
    return None


def _speaks(template: Template, channel: Channel, language: str) -> bool:
    said = template.languages[language]
    return all(not parts.isdisjoint(said) for parts in NEEDED[channel])


@dataclass(frozen=True, slots=True)
class _Said:
    """The parts of one language as they are said to one person; a part that is not there says nothing."""

    template: Template
    language: str
    context: RenderContext
    until: float

    def has(self, part: Part) -> bool:
        return part in self.template.languages[self.language]

    def line(self, part: Part) -> str:
        return _one_line(self.raw(part))

    def text(self, part: Part) -> str:
        return _CONTROLS_IN_TEXT.sub("", self.raw(part).replace("\r\n", "\n")).strip()

    def raw(self, part: Part) -> str:
        if not self.has(part):
            return ""
        source = self.template.languages[self.language][part]
        return _rendered(self.template.name, f"{self.language}/{part}", source, self.context, self.until)


def _email(said: _Said) -> Rendered:
    subject = said.line(Part.SUBJECT)
    if not said.has(Part.BODY):
        return Rendered(subject, said.text(Part.TEXT))
    body = said.text(Part.BODY)
    place = f"{said.language}/{Part.BODY}"
    try:
        html = markup.html_of(body, language=said.language, preheader=said.line(Part.PREHEADER))
    except markup.TooMuchMarkup:
        raise LimitExceeded(said.template.name, place, Limit.OUTPUT) from None
    except markup.BadMarkup as error:
        raise RenderingFailed(said.template.name, place, error.message) from None
    text = said.text(Part.TEXT) if said.has(Part.TEXT) else plain.text_of(body)
    if time.thread_time() > said.until:
        raise LimitExceeded(said.template.name, place, Limit.TIME)
    return Rendered(subject, text, html=html)


def _problem_of(path: str, source: str) -> Problem | None:
    language, _, part = path.partition("/")
    if not _LANGUAGE.fullmatch(language):
        return Problem(1, 1, "unknown_language", f"{path}: a language is written as de or de-AT.")
    if part not in set(Part):
        hint = did_you_mean(part, list(Part)) or f" Known are {', '.join(Part)}."
        return Problem(1, 1, "unknown_part", f"{path}: there is no such part.{hint}")
    if len(source) > PART_LIMIT:
        return Problem(1, 1, "too_long", f"{path}: a part holds at most {PART_LIMIT} characters.")
    html = part == Part.BODY
    try:
        filters = sandbox.filters_of(sandbox.parse(source, html=html))
    except LiquidError as error:
        return Problem.within(source, sandbox.offset_of(error, source), "bad_liquid", f"{path}: {error.message}.")
    known = sandbox.HTML_FILTERS if html else sandbox.FILTERS
    for name, offset in filters.items():
        if name not in known:
            hint = did_you_mean(name, known)
            return Problem.within(source, offset, "unknown_filter", f"{path}: there is no filter `{name}`.{hint}")
    fault = markup.problem_of(source) if html else None
    return replace(fault, message=f"{path}: {fault.message}") if fault else None


def _rendered(name: str, place: str, source: str, context: RenderContext, until: float) -> str:
    parsed = sandbox.parse(source, html=place.endswith(Part.BODY))
    outcome = _outcome(parsed, context, until)
    if isinstance(outcome, str):
        return outcome
    # Raised here, outside the handler: Liquid's own error quotes the value it stumbled over, and would go along.
    offset = sandbox.offset_of(outcome, source) if isinstance(outcome, LiquidError) else 0
    line = source.count("\n", 0, offset) + 1
    if limit := _LIMIT_OF.get(type(outcome)):
        raise LimitExceeded(name, place, limit, line=line)
    raise RenderingFailed(name, place, f"a value does not fit ({type(outcome).__name__})", line=line)


def _outcome(parsed: BoundTemplate, context: RenderContext, until: float) -> str | Exception:
    names = {
        "profile": context.profile,
        "event": context.event,
        "links": context.links,
        "signin": context.signin,
        "brand": context.brand,
        "card": context.card,
    }
    try:
        return sandbox.render(parsed, names, until=until)
    except Exception as error:  # noqa: BLE001  a filter raises whatever Python raises for a customer's odd value
        return error


def _link(said: _Said) -> str | None:
    link = said.line(Part.LINK)
    if link and (not _ADDRESS.fullmatch(link) or link.lower().startswith(_RUNS)):
        place = f"{said.language}/{Part.LINK}"
        reason = "it is no address such as https://shop.example/cart or shop://cart"
        raise RenderingFailed(said.template.name, place, reason)
    return link or None


def _one_line(text: str) -> str:
    """Leave nothing that could end a header: breaks become spaces, control characters go."""
    return _CONTROLS.sub("", _BREAKS.sub(" ", text)).strip()
