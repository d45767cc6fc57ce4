"""The templates that the hub brings along: what it sends of its own accord, until a shop says it in its own words.

They lie beside this file as `texts/NAME/LANG/PART.liquid`. One that is stored under the same name takes its place.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from hub.profiles.topics import ACCOUNT, SERVICE
from hub.wording import templates
from hub.wording.templates import Template

ALREADY_A_MEMBER: Final = "already-a-member"
CONFIRM_CONSENT: Final = "confirm-consent"
ORDER_READY_FOR_PICKUP: Final = "order-ready-for-pickup"
PROGRAM_JOINED: Final = "program-joined"
SIGN_IN: Final = "sign-in"
TOPICS: Final[Mapping[str, str]] = {
    ALREADY_A_MEMBER: SERVICE,
    CONFIRM_CONSENT: SERVICE,
    ORDER_READY_FOR_PICKUP: SERVICE,
    PROGRAM_JOINED: SERVICE,
    SIGN_IN: ACCOUNT,
}
"""What each of them is about."""

_TEXTS: Final = Path(__file__).parent / "texts"


@cache
def template(name: str) -> Template | None:
    """Read a template that the hub brings along. None where there is none of this name."""
    if name not in {folder.name for folder in _TEXTS.iterdir()}:
        return None
    files = sorted((_TEXTS / name).glob("*/*.liquid"))
    return templates.template_of(name, {f"{it.parent.name}/{it.stem}": it.read_text(encoding="utf-8") for it in files})
