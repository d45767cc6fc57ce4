"""The way out: advertising by e-mail shows whoever reads it how to be rid of it.

The hub adds no footer of its own: how a mail ends is the brand's to say, in a snippet if it likes. So it refuses what
has no way out. What counts is what made-up customers read, and not what stands in a condition or a comment.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hub.kit.problems import Problem
from hub.profiles.model import Channel
from hub.profiles.topics import Catalogue, TopicClass
from hub.wording import samples, templates
from hub.wording.parts import InvalidTemplate, Part, RenderingFailed
from hub.wording.templates import RenderContext, Template, spoken_language

HOW: Final = "link to `links.unsubscribe` or `links.preferences`"

_SHOWN: Final = ("unsubscribe", "preferences")


def lacking(template: Template) -> Iterator[str]:
    """List the parts of its e-mails, as `LANG/PART`, in which a made-up customer finds no way out."""
    for language in template.languages:
        if spoken_language(template, Channel.EMAIL, language) == language:
            yield from sorted({part for who in _CUSTOMERS for part in _lacking_for(template, language, who)})


@dataclass(frozen=True, slots=True)
class WaysOut:
    """What may be said as advertising: these templates, by name, and which topics are advertising."""

    templates: Mapping[str, Template]
    topics: Catalogue

    @classmethod
    def of(cls, said: Iterable[Template], about: Catalogue) -> "WaysOut":
        """Make it of these templates; of one name the last counts."""
        return cls({it.name: it for it in said}, about)

    def fault_of(self, template: str, channels: Iterable[Channel], brand: str, topic: str) -> str | None:
        """Say in a sentence why a template must not be said so. None where it may, or is not known here."""
        known = self.templates.get(template)
        advertises = self.topics.topic(brand, topic).topic_class is TopicClass.MARKETING
        if known is None or not advertises or Channel.EMAIL not in channels:
            return None
        place = next(lacking(known), None)
        return place and f"`{template}` advertises by e-mail, and its {place} shows no way out: {HOW}."


def check(template: Template, used_by: Iterable[str]) -> None:
    """Hold a template to what it is used for already, whatever its author says that it is.

    Args:
        template: the one that is to be said from now on.
        used_by: who says it as advertising by e-mail, in words, such as `broadcast Winter sale`.

    Raises:
        InvalidTemplate: it is used so and shows no way out.
    """
    places = list(lacking(template)) if (users := sorted(used_by)) else []
    if places:
        said = f"{users[0]} says it as advertising: {HOW}."
        raise InvalidTemplate(template.name, [Problem(1, 1, "no_way_out", f"{place}: {said}") for place in places])


def _lacking_for(template: Template, language: str, context: RenderContext) -> Iterator[str]:
    try:
        rendered = templates.render(template, Channel.EMAIL, language=language, context=context)
    except RenderingFailed:
        return  # to such a customer it is not sent
    parts = template.languages[language]
    if rendered.html is not None and not _shows(rendered.html):
        yield f"{language}/{Part.BODY}"
    if Part.TEXT in parts and not _shows(rendered.text):
        yield f"{language}/{Part.TEXT}"


def _shows(said: str) -> bool:
    return any(samples.LINKS[name] in said for name in _SHOWN)


_CUSTOMERS: Final = (samples.somebody(), samples.nobody_known())
