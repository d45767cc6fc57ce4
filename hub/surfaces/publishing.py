"""Publishing a template: it is held to its brand's kit, and to what it is said for already, wherever that is."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from hub.definitions import Published
from hub.messaging.surfaces import Surface
from hub.surfaces import service
from hub.surfaces.model import LiveMessage
from hub.wording import lint, snippet_store, ways_out
from hub.wording.brand_store import Kits
from hub.wording.library import Library
from hub.wording.lint import Purpose
from hub.wording.templates import Template


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


def _spoken(message: LiveMessage) -> str:
    if message.broadcast is not None:
        return f"The broadcast `{message.broadcast}`"
    return f"The journey {message.journey} version {message.version}"
