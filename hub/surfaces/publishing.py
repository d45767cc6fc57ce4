"""Publishing a template, or changing a topic: held to what is said of it already, and to the brand's kit."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from hub.definitions import Published
from hub.kit.errors import HubError
from hub.messaging.surfaces import Surface
from hub.profiles.topics import Topic, TopicClass
from hub.surfaces import service
from hub.surfaces.model import LiveMessage
from hub.wording import lint, snippet_store, ways_out
from hub.wording.brand_store import Kits
from hub.wording.library import Library
from hub.wording.lint import Purpose
from hub.wording.templates import Template


class NoWayOut(HubError):
    """A topic was to be advertising, and a live e-mail about it shows no way out."""

    code = "NO_WAY_OUT"

    def __init__(self, user: str, template: str, place: str) -> None:
        super().__init__(
            f"{user} says `{template}` about it by e-mail, whose {place} shows no way out: {ways_out.HOW}."
        )


async def publish_template(
    name: str, files: Mapping[str, str], purpose: Purpose, *, brand: str, by: str, key: str, now: datetime
) -> Published:
    """Check a template and have it said from now on, with the words of snippets that were agreed to.

    Args:
        name: the template.
        files: its parts, named `LANG/PART`.
        purpose: what its author says that it is for; the kit is looked up.
        brand: who says it.
        by: who publishes, the scope of `key`.
        key: repeating it answers the same version.
        now: when it is published.

    Raises:
        InvalidTemplate: with every flaw that is more than a hint, or where it shows no way out and advertises already.
    """
    purpose = replace(purpose, kit=(await Kits().current()).get(brand))
    checked = lint.checked(name, files, purpose, await snippet_store.approved())
    await check_use([checked.template])
    return await Library().publish(checked, by=by, key=key, now=now)


async def check_use(templates: Collection[Template]) -> None:
    """Hold templates that are to be said from now on to what live journeys and broadcasts say them for.

    Raises:
        InvalidTemplate: one is said as advertising by e-mail, and shows no way out.
    """
    users: defaultdict[str, set[str]] = defaultdict(set)
    for it in (await service.live())[Surface.EMAIL]:
        users[it.template or ""].add(_spoken(it))
    for template in templates:
        ways_out.check(template, users[template.name])


async def check_topic(topic: Topic) -> None:
    """Hold a topic that is to be advertising from now on to what live journeys say about it.

    Raises:
        NoWayOut: one of their e-mails shows no way out.
    """
    if topic.topic_class is not TopicClass.MARKETING:
        return
    said = [it for listed in (await service.live()).values() for it in listed if _is_about(it, topic)]
    stored = await Library().load({it.template for it in said if it.template})
    for it in said:
        template = stored.get(it.template or "")
        if template is not None and (place := next(ways_out.lacking(template), None)):
            raise NoWayOut(_spoken(it), template.name, place)


def _is_about(message: LiveMessage, topic: Topic) -> bool:
    of_somebody = message.journey is not None or message.broadcast is not None
    by_email = message.surface in {Surface.EMAIL, Surface.TRANSACTIONAL_EMAIL}
    return of_somebody and by_email and (message.brand, message.topic) == (topic.brand, topic.name)


def _spoken(message: LiveMessage) -> str:
    if message.broadcast is not None:
        return f"The broadcast `{message.broadcast}`"
    return f"The journey {message.journey} version {message.version}"
