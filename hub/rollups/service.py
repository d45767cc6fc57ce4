"""Use cases of rollups, preferences and stages: publish a definition, and announce who has passed to another stage."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources
from typing import Final

from hub import definitions
from hub.definitions import Published
from hub.events.announcing import Announcement, announce
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.rollups import language, rules, store

STAGE_CHANGED: Final = "Stage Changed"
PURCHASES: Final = "purchases"
"""The rollup that comes with the hub, and which its stages read."""
SHIPPED: Final = ("purchases.rollup.yaml", "channel.preference.yaml", "store.preference.yaml", "stages.yaml")
SHIPPED_BY: Final = "hub"
"""Who publishes what comes with the hub. Once somebody else has published a version of it, theirs stays."""


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a definition and have it counted: at once for new profiles, for the others as the back-fill comes to them.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    return await store.DEFINITIONS.publish(
        source, read=lambda live: language.read(source, rollups=live.keys()).name, by=by, key=key, now=now
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


async def tell(profiles: Sequence[Profile], *, now: datetime) -> None:
    """Announce the transitions of profiles as they are stored, then forget them in the profiles.

    Nobody needs it to succeed: a profile that still holds a transition is due, and the keeper announces it again under
    the same key.
    """
    telling = [profile for profile in profiles if rules.unannounced(profile)]
    if not telling:
        return
    await announce(
        [
            Announcement(
                name=STAGE_CHANGED,
                profile_id=profile.id,
                cause=it.cause,
                at=it.at,
                properties={"from": it.from_, "to": it.to, "evidence": dict(it.evidence)},
            )
            for profile in telling
            for it in rules.unannounced(profile)
        ],
        now=now,
    )
    await profiles_store.save([rules.announced(profile) for profile in telling], token=ids.new_id())


def as_saved(profile: Profile) -> Profile:
    """Give a profile as it is stored after it was saved."""
    return replace(profile, rev=profile.rev + 1)
