"""Brand kits in MongoDB, and those that a process knows."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from pymongo import IndexModel

from hub import definitions
from hub.definitions import DefinitionDocument, Definitions, Published
from hub.wording import brands
from hub.wording.brands import Kit

FRESH_SECONDS: Final = 1.0
"""How long kits that were read are taken for the newest without asking."""


class BrandDocument(DefinitionDocument):
    """A published version of a brand kit."""

    class Settings:
        """Where kits lie and how they are found."""

        name = "brand_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


DEFINITIONS: Final = Definitions(BrandDocument, "brand")


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a kit and let messages of its brand look so.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    return await DEFINITIONS.publish(source, read=lambda _: brands.read(source).brand, by=by, key=key, now=now)


class Kits:
    """The brand kits of this process, asked about again after a second."""

    def __init__(self) -> None:
        self._kits: Mapping[str, Kit] = {}
        self._edition = -1
        self._asked_at = float("-inf")

    async def current(self) -> Mapping[str, Kit]:
        """Give the newest kits by brand, at most a second old."""
        now = time.monotonic()
        if now - self._asked_at >= FRESH_SECONDS:
            edition = await DEFINITIONS.edition()
            if edition != self._edition:
                self._kits = {it.name: brands.read(it.source) for it in await DEFINITIONS.live()}
            self._edition, self._asked_at = edition, now
        return self._kits
