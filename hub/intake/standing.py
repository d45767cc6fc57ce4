"""Standing: at which stage a customer is and in which segments, as events and time lead from one to another.

Stages follow from rollups, and segments from stages; here are the two in this order, and the announcements of both.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.events.announcing import Announcement, announce
from hub.events.model import Event
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.rankings import model as rankings
from hub.rankings.model import Place
from hub.rollups import catalogue as rollups_catalogue
from hub.rollups import rules as rollups
from hub.segments import catalogue as segments_catalogue
from hub.segments import membership

STAGE_CHANGED: Final = "Stage Changed"


@dataclass(frozen=True, slots=True)
class Defined:
    """What is counted of profiles and who is sorted how, as one moment has it."""

    rollups: rollups_catalogue.Catalogue = rollups_catalogue.NOTHING_DEFINED
    segments: segments_catalogue.Catalogue = segments_catalogue.NOTHING_DEFINED
    uncounted: frozenset[str] = field(init=False)
    """What segments ask of events and nobody counts yet, or any more: they move nobody by it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "uncounted", frozenset(self.segments.tallies.keys() - self.rollups.tallies))

    @property
    def is_settled(self) -> bool:
        """Tell whether just what segments ask of events is counted."""
        return self.segments.tallies.keys() == self.rollups.tallies


NOTHING_DEFINED: Final = Defined()


class Definitions:
    """Keeps the newest snapshot of this process."""

    def __init__(self) -> None:
        self._rollups = rollups_catalogue.Catalogues()
        self._segments = segments_catalogue.Catalogues()

    async def current(self) -> Defined:
        """Give what is defined as of now: two small reads."""
        # In this order: what a segment asks for is published after it, and deleted after it.
        segments = await self._segments.current()
        return Defined(await self._rollups.current(), segments)


def begun(profile: Profile, defined: Defined) -> Profile:
    """Prepare a profile that is being made: it has no history, so it is complete for all that is defined."""
    return rollups.begun(profile, defined.rollups)


def taken_in(
    before: Profile, told: Profile, event: Event, defined: Defined, *, now: datetime, counts: bool = True
) -> Profile:
    """Say where a profile stands after an event.

    Args:
        before: as it was, brought up to `now`.
        told: with the traits that the event brings.
        event: what happened.
        defined: what is counted and how is sorted.
        now: the time.
        counts: whether rollups count it. What is set aside is no purchase.

    Raises:
        OutdatedError: something newer is defined.
    """
    after = rollups.taken_in(told, event, defined.rollups, now=now) if counts else told
    return membership.moved(before, after, event, defined.segments, now=now, uncounted=_uncounted(after, defined))


def passed(profile: Profile, defined: Defined, *, now: datetime) -> Profile:
    """Bring a profile up to `now`, one moment at which time alone changes it after the other.

    A stage by rules that are no longer the published ones cannot be decided: the back-fill says when to look again. It
    holds up no segment.
    """
    uncounted = _uncounted(profile, defined)
    staged = True
    while (due := _due(profile, staged=staged)) is not None and due <= now:
        after = rollups.passed(profile, defined.rollups, now=due) if staged else profile
        after = membership.passed(profile, after, defined.segments, at=due, uncounted=uncounted)
        if (_due(after, staged=False), after.life.get("due")) == (_due(profile, staged=False), profile.life.get("due")):
            if not staged:
                return after
            staged = False
        profile = after
    return profile


def completed(profile: Profile, history: Iterable[Event], defined: Defined, *, now: datetime) -> Profile:
    """Complete a profile for all that is defined, by its whole history. What was found out is not announced."""
    profile = passed(profile, defined, now=now)  # that has happened, and is announced
    filled = rollups.replayed(profile, history, defined.rollups, now=now)
    return membership.settled(profile, filled, defined.segments, now=now, uncounted=_uncounted(filled, defined))


def merged(head: Profile, other: Profile, both: Profile, defined: Defined, *, now: datetime) -> Profile:
    """Say where a head stands that has taken in another profile; `both` has what the two are without it.

    Raises:
        OutdatedError: something newer is defined.
    """
    counted = rollups.merged(both, other, defined.rollups, now=now)
    uncounted = _uncounted(counted, defined)
    return membership.merged(head, other, counted, defined.segments, now=now, uncounted=uncounted)


def counted(profile: Profile, defined: Defined) -> dict[str, Place | None]:
    """Tell where a profile stands in rankings, by each number that is complete for it; see `rankings.model`.

    It has no place by a number that it does not have, nor as part of somebody else. What is not complete is counted by
    the back-fill, and stands until then as it was.
    """
    uncounted = _uncounted(profile, defined)
    return {
        rankings.number_of(it): rankings.place_of(it.path, profile)
        for it in defined.segments.ranked
        if it.path[0] not in uncounted or profile.absorbed_by is not None
    }


def reranked(profile: Profile, defined: Defined, *, now: datetime, cause: str, announced: bool) -> Profile:
    """Say where a profile stands after boundaries of rankings have moved."""
    before = passed(profile, defined, now=now)
    uncounted = _uncounted(profile, defined)
    return membership.reranked(before, defined.segments, at=now, cause=cause, uncounted=uncounted, announced=announced)


def undecided(profile: Profile, *, now: datetime) -> Profile:
    """Have nobody look at a profile again for what is past and could not be decided."""
    return rollups.undue(membership.undue(profile, now=now), now=now)


def anew(profile: Profile, defined: Defined) -> Profile:
    """Have a profile completed anew by the back-fill: its history is no longer what it was."""
    return membership.anew(rollups.anew(profile, defined.rollups))


def is_moved(profile: Profile) -> bool:
    """Tell whether something is decided of a profile that is perhaps not announced yet."""
    return bool(rollups.unannounced(profile) or membership.unannounced(profile))


async def tell(profiles: Iterable[Profile], *, now: datetime) -> None:
    """Announce the moves of profiles as they are stored, then forget them in the profiles.

    Nobody needs it to succeed: a profile that still holds one is due, and the keeper announces it again under the same
    key.
    """
    telling = [profile for profile in profiles if is_moved(profile)]
    if not telling:
        return
    await announce([it for profile in telling for it in _announcements(profile)], now=now)
    told = [membership.announced(rollups.announced(profile)) for profile in telling]
    await profiles_store.save_standing(told, token=ids.new_id())


def as_saved(profiles: Iterable[Profile], written: Collection[UUID]) -> list[Profile]:
    """Give those profiles that were written as they are stored now."""
    return [replace(profile, rev=profile.rev + 1, unranked=None) for profile in profiles if profile.id in written]


def _due(profile: Profile, *, staged: bool) -> datetime | None:
    return profile.due if staged else profile.segments.get("due")


def _uncounted(profile: Profile, defined: Defined) -> frozenset[str]:
    """Name the rollups that are not complete for a profile: usually none."""
    if profile.edition == defined.rollups.edition:
        return defined.uncounted
    return defined.uncounted.union(it.name for it in rollups.missing(profile, defined.rollups))


def _announcements(profile: Profile) -> Iterator[Announcement]:
    for it in rollups.unannounced(profile):
        properties = {"from": it.from_, "to": it.to, "evidence": dict(it.evidence)}
        yield Announcement(STAGE_CHANGED, profile.id, it.cause, it.at, properties)
    for move in membership.unannounced(profile):
        yield Announcement(move.name, profile.id, f"{move.cause}/{move.segment}", move.at, {"segment": move.segment})
