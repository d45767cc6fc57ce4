"""Merging: a person decides that two profiles are one, or that they are two after all.

It links and moves nothing but points: one transaction changes the two profiles, hands the points over and announces it.
What follows in journeys, the router does when it takes in the announcement, and before anybody enters.
"""

import asyncio
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from hub.events import store as events
from hub.events.announcing import Announcement
from hub.intake import standing
from hub.intake.standing import Definitions
from hub.kit.errors import HubError, TryLater
from hub.ledger import flushing, gathering
from hub.profiles import consent, consent_store, merging, rules, store, unions
from hub.profiles.model import Profile

WAIT_SECONDS: Final = 5.0
"""How long to wait for a moment in which no event of either is counted and not routed yet."""
PAUSE_SECONDS: Final = 0.05


class NoSuchProfile(HubError):
    """An id names no profile."""

    code = "NOT_FOUND"

    def __init__(self, profile_id: UUID) -> None:
        super().__init__("There is no such profile.")
        self.profile_id = profile_id


class CannotMerge(HubError):
    """Two profiles cannot be merged as they stand, or not be divided."""


class SameProfile(CannotMerge):
    """Both are one already."""

    code = "SAME_PROFILE"

    def __init__(self) -> None:
        super().__init__("A profile cannot be merged into itself.")


class AlreadyMerged(CannotMerge):
    """One of them was merged into another profile."""

    code = "ALREADY_MERGED"

    def __init__(self, head: UUID) -> None:
        super().__init__("A profile that was merged into another one cannot be merged again. Merge that one.")
        self.head = head


class NotMerged(CannotMerge):
    """It is a profile of its own."""

    code = "NOT_MERGED"

    def __init__(self) -> None:
        super().__init__("This profile was not merged into another one.")


class MergedFurther(CannotMerge):
    """The profile it was merged into was merged itself."""

    code = "MERGED_FURTHER"

    def __init__(self) -> None:
        super().__init__("The profile that this one was merged into was merged itself. Divide those two first.")


class AtWork(TryLater):
    """Events of these profiles come without a pause."""

    code = "CONFLICT"

    def __init__(self) -> None:
        super().__init__("Events of these profiles are being taken in. Ask again in a second.", retry_after=1)


async def merge(head_id: UUID, other_id: UUID, *, key: UUID, now: datetime) -> UUID:
    """Make one profile of two: the other one becomes part of the head. Under the same key it is done once.

    Returns:
        The id of the head.

    Raises:
        NoSuchProfile: one of them does not exist.
        CannotMerge: they are the same, or one of them was merged into another one.
        AtWork: no moment was found in which nobody works on one of them.
    """
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while (done := await unions.decided(key)) is None:
        head, other = await _both(head_id, other_id)
        if head_id == other_id:
            raise SameProfile
        for it in (head, other):
            if it.absorbed_by is not None:
                raise AlreadyMerged(it.absorbed_by)
        if await _is_quiet(head, other):
            defined = await Definitions().current()
            head = standing.passed(head, defined, now=now)
            taken = merging.taken_in(head, other, believed=True)
            after = standing.merged(head, other, taken, defined, now=now)
            said = Announcement(merging.MERGED, head.id, cause=str(key), at=now, properties={"absorbed": str(other.id)})
            points = partial(gathering.unite, other=other.id, head=head.id, now=now)
            await flushing.flush([other.id])
            if await unions.unite(after, other, points, key=key, announcements=[said], now=now):
                return head.id
        await _pause(deadline)
    return done


async def unmerge(other_id: UUID, *, key: UUID, now: datetime) -> UUID:
    """Make two profiles of one again: the one that was merged stands by itself, as it was when it was merged.

    What happened since stays with the head, which becomes what its own events make of it. Under the same key it is done
    once.

    Returns:
        The id of the head that it was part of.

    Raises:
        NoSuchProfile: it does not exist.
        CannotMerge: it was not merged, or the head was merged itself.
        AtWork: no moment was found in which nobody works on the head.
    """
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while (done := await unions.decided(key)) is None:
        (other,) = await _both(other_id)
        if other.absorbed_by is None:
            raise NotMerged
        (head,) = await _both(other.absorbed_by)
        if head.absorbed_by is not None:
            raise MergedFurther
        if other.id in head.members and await _is_quiet(head):
            after, free = await _divided(head, other)
            said = [
                Announcement(merging.UNMERGED, it.id, cause=str(key), at=now, properties={"other": str(them.id)})
                for it, them in ((head, other), (other, head))
            ]
            points = partial(gathering.divide, other=other.id, head=head.id, now=now)
            if await unions.divide(after, free, points, key=key, announcements=said, now=now):
                return head.id
        await _pause(deadline)
    return done


async def _divided(head: Profile, other: Profile) -> tuple[Profile, Profile]:
    """Give both as they are to be: rollups and stage are counted anew by the back-fill."""
    defined = await Definitions().current()
    gone = {other.id, *other.members}
    kept = [it for it in head.own_ids if it not in gone]
    own = Profile(id=head.id)
    async for event in events.history(kept):
        own = rules.apply(own, event, seq=event.seq or 0)
    said = consent.folded({}, await consent_store.said_by(kept))
    after = merging.let_go(head, other, own, consents=said)
    return standing.anew(after, defined), standing.anew(other, defined)


async def _both(*profile_ids: UUID) -> list[Profile]:
    found = await store.load(profile_ids)
    for profile_id in profile_ids:
        if profile_id not in found:
            raise NoSuchProfile(profile_id)
    return [found[profile_id] for profile_id in profile_ids]


async def _is_quiet(*profiles: Profile) -> bool:
    """Tell whether all that these profiles count is routed: what follows from it has keys made of their ids."""
    return not await events.unrouted([], [event_id for profile in profiles for event_id in profile.counted])


async def _pause(deadline: float) -> None:
    if asyncio.get_running_loop().time() >= deadline:
        raise AtWork
    await asyncio.sleep(PAUSE_SECONDS)
