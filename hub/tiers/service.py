"""Use cases of tiers: look again where members stand, announce what they have reached or lost, and show it.

A standing is read before the purse it follows from, and written only if nobody has changed it since. So of two that
look at the same time the one with the older points never has the last word. A change is saved first and announced then;
a sweep finishes what a process has left behind between.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.database import OwnIds
from hub.events.announcing import Announcement, announce
from hub.events.model import Event
from hub.ledger import service as ledger
from hub.ledger.model import Wallet
from hub.profiles.model import Profile
from hub.programs import service as programs
from hub.programs.catalogue import Catalogue
from hub.programs.model import Program
from hub.programs.tiers import Tiers
from hub.tiers import rules, store
from hub.tiers.model import Change, Standing

REACHED = "Tier Reached"
LOST = "Tier Lost"
MERGED = "Profile Merged"
BATCH = 500


async def review(program: Program, owners: Mapping[UUID, Collection[UUID]], *, at: datetime, now: datetime) -> int:
    """Look again where members stand in a program, and announce what has changed.

    Args:
        program: the version that holds.
        owners: heads, each with the ids of whom it absorbed; what those had is not lost.
        at: as of when: when the points were earned, where that was told late.
        now: the time.

    Returns:
        How many tiers have changed.
    """
    if program.tiers is None:
        return 0
    left, changed = dict(owners), 0
    while left:
        told = {member for ids in left.values() for member in ids} | left.keys()
        standings = await store.load(program.name, told)
        purses = await ledger.purses(program.name, left)
        reviewed: list[Standing] = []
        for owner, absorbed in left.items():
            before = _folded(standings[owner], [standings[it] for it in absorbed if it != owner])
            wallet = purses[owner].wallet(program.tiers.wallet)
            after = before
            for moment in sorted({max(at, before.since or at), now}):
                after = rules.reviewed(after, program.tiers, wallet, at=moment, zone=program.zone)
            if after is not standings[owner]:
                reviewed.append(after)
        if await store.save(reviewed):
            left = {}
            changed += sum(it.told < len(it.changes) for it in reviewed)
            await tell(reviewed, now=now)
    return changed


async def tell(standings: Sequence[Standing], *, now: datetime) -> None:
    """Announce the changes of standings that are not announced yet."""
    untold = [it for it in standings if it.told < len(it.changes)]
    if untold:
        await announce(
            [_announcement(it, number) for it in untold for number in range(it.told, len(it.changes))], now=now
        )
        await store.close(untold)


async def sweep(*, now: datetime) -> int:
    """Announce what a process has saved and not announced, and tell of how many members."""
    left = await store.untold(BATCH)
    await tell(left, now=now)
    return len(left)


async def follow(events: Sequence[Event], profiles: Mapping[UUID, Profile], known: Catalogue, *, now: datetime) -> None:
    """Look again at members of whose points the hub has said something."""
    active = {version.name: it for version, it in known.at(now).items()}
    asked: dict[tuple[str, datetime], dict[UUID, Collection[UUID]]] = {}
    for event in events:
        if event.profile_id and (head := profiles.get(event.profile_id)):
            for name in _programs_of(event, active):
                asked.setdefault((name, min(event.at, now)), {})[head.id] = head.own_ids
    for (name, at), owners in sorted(asked.items(), key=lambda it: it[0]):
        await review(active[name], owners, at=at, now=now)


async def standing_of(profile: Profile, program: str) -> Standing:
    """Read where somebody stands, with what those have reached whom their profile has absorbed."""
    found = await store.load(program, profile.own_ids)
    return _folded(found[profile.id], [found[it] for it in profile.own_ids if it != profile.id])


async def standings_of(program: Program, profiles: Collection[Profile]) -> dict[UUID, Standing]:
    """Read where each of these profiles stands, with what those have reached whom it has absorbed."""
    found = await store.load(program.name, {it for profile in profiles for it in profile.own_ids})
    return {
        it.id: _folded(found[it.id], [found[member] for member in it.own_ids if member != it.id]) for it in profiles
    }


async def tiers_of(program: Program, profiles: Collection[Profile]) -> dict[UUID, str | None]:
    """Tell the tier of each of these profiles."""
    return {id_: it.tier for id_, it in (await standings_of(program, profiles)).items()}


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a member stands in a program, with all that is shown of it."""

    program: Program
    tiers: Tiers
    standing: Standing
    wallet: Wallet

    @property
    def rank(self) -> int:
        """How high the tier is; 0 is none."""
        return self.tiers.rank(self.standing.tier)


async def shown(owners: Collection[OwnIds]) -> dict[OwnIds, list[Shown]]:
    """Read where people stand in all programs with tiers, by the program's name. `owners` begin with their heads."""
    found: dict[OwnIds, list[Shown]] = {it: [] for it in owners}
    for program in (await programs.current()).newest_of_all():
        if program.tiers is None:
            continue
        standings = await store.load(program.name, {it for own_ids in owners for it in own_ids})
        purses = await ledger.purses(program.name, {own_ids[0] for own_ids in owners})
        for own_ids, listed in found.items():
            standing = _folded(standings[own_ids[0]], [standings[it] for it in own_ids[1:]])
            listed.append(Shown(program, program.tiers, standing, purses[own_ids[0]].wallet(program.tiers.wallet)))
    return found


def _programs_of(event: Event, active: Collection[str]) -> Collection[str]:
    """Name the programs in which an event may move a tier: that of points, or all where two have become one."""
    if event.about is None:
        return ()
    if event.name == MERGED:
        return active
    about_points = event.name.startswith("Points ")
    return [it for it in active if about_points and it == event.properties.get("program")]


def _folded(head: Standing, absorbed: Sequence[Standing]) -> Standing:
    """Give a head what those had reached whom it absorbed: of each level what stays longer, and the better tier."""
    for it in absorbed:
        if not it.rev or it.owner in head.folded:
            continue
        grants = dict(it.grants)
        for name, grant in head.grants.items():
            other = grants.get(name)
            longer = other is None or grant.until is None or (other.until is not None and grant.until >= other.until)
            grants[name] = grant if longer or other is None else other
        changes = head.changes or [replace(change) for change in it.changes]
        told = head.told if head.changes else it.told
        head = replace(head, grants=grants, changes=tuple(changes), told=told, folded=head.folded | {it.owner})
    return head


def _announcement(standing: Standing, number: int) -> Announcement:
    change: Change = standing.changes[number]
    said = {"program": standing.program, "tier": change.tier if change.up else change.was, "number": number + 1}
    other = {"was": change.was} if change.up else {"now": change.tier}
    properties = {**said, **{name: tier for name, tier in other.items() if tier}}
    return Announcement(
        REACHED if change.up else LOST, standing.owner, f"{standing.id}/{number}", change.at, properties
    )
