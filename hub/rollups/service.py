"""Use cases of rollups, preferences and stages: publish a definition."""

from datetime import datetime
from importlib import resources
from typing import Final

from hub import definitions
from hub.definitions import Published
from hub.rollups import language, store
from hub.rollups.language import NOTHING_NEEDED, Needed
from hub.rollups.tallies import is_tally

PURCHASES: Final = "purchases"
"""The rollup that comes with the hub, and which its stages read."""
SHIPPED: Final = (
    "purchases.rollup.yaml",
    "channel.preference.yaml",
    "store.preference.yaml",
    "engagement.yaml",
    "stages.yaml",
)
SHIPPED_BY: Final = "hub"
"""Who publishes what comes with the hub. Once somebody else has published a version of it, theirs stays."""


async def publish(source: str, *, by: str, key: str, now: datetime, needed: Needed = NOTHING_NEEDED) -> Published:
    """Check a definition and have it counted: at once for new profiles, for the others as the back-fill comes to them.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.
        needed: the windows that somebody asks a rollup for, and who does. They cannot be taken away.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    return await store.DEFINITIONS.publish(
        source,
        read=lambda live: language.read(source, rollups=[it for it in live if not is_tally(it)], needed=needed).name,
        by=by,
        key=key,
        now=now,
    )


def shipped() -> list[str]:
    """Read the definitions that come with the hub, in an order in which each finds what it reads."""
    return [(resources.files("hub.rollups") / "shipped" / name).read_text(encoding="utf-8") for name in SHIPPED]


async def ship(*, now: datetime) -> None:
    """Publish what comes with the hub, where it is new and nobody has put something else in its place."""
    standing = {it.name: it.published_by for it in await store.DEFINITIONS.live()}
    for source in shipped():
        name = language.read(source, rollups=(PURCHASES,)).name
        if standing.get(name, SHIPPED_BY) == SHIPPED_BY:
            await publish(source, by=SHIPPED_BY, key=definitions.digest_of(source), now=now)
