"""What the staff say and write in their own mails: the snippets that were agreed to, in words for one customer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from liquid.exceptions import LiquidError

from hub.content.visitors import Visitor
from hub.kit.languages import by_nearness
from hub.wording import sandbox
from hub.wording.brand_store import Kits
from hub.wording.snippet_store import Agreed
from hub.wording.snippets import Snippet

log = structlog.get_logger(__name__)

_agreed: Final = Agreed()
_kits: Final = Kits()


@dataclass(frozen=True, slots=True)
class Spoken:
    """A snippet in one language, as plain text."""

    name: str
    tone: str
    version: int
    language: str
    text: str


async def spoken(
    visitor: Visitor, *, language: str | None, brand: str, names: Collection[str] | None = None
) -> list[Spoken]:
    """Say the snippets that were agreed to, by name.

    One whose words stumble over what they read of the customer is left out, and the log names it.

    Args:
        visitor: the customer, and what may be read of them.
        language: the one that is wished for; theirs, where it is None.
        brand: who speaks.
        names: only these; all, where it is None.
    """
    wished = language or (visitor.profile.language if visitor.profile else None)
    kit = (await _kits.current()).get(brand)
    read = {"profile": visitor.readable, "brand": kit.shown() if kit else {}}
    found: list[Spoken] = []
    for name, snippet in sorted((await _agreed.current()).items()):
        if names is None or name in names:
            said = _said(snippet, wished, read)
            found += [said] if said else []
    return found


def _said(snippet: Snippet, wished: str | None, read: Mapping[str, Any]) -> Spoken | None:
    language = by_nearness(snippet.texts, wished)[0]
    try:
        text = sandbox.render(sandbox.parse(snippet.texts[language]), read, until=sandbox.until())
    except (LiquidError, ArithmeticError, ValueError, TypeError) as error:
        log.warning("snippet_not_rendered", snippet=snippet.name, reason=type(error).__name__)
        return None
    return Spoken(snippet.name, snippet.tone, snippet.version, language, text.strip())
