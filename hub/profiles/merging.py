"""What a profile is after it has taken in another one, and after it has let it go. No row moves: merging links."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hub.profiles import answers, consent, rules
from hub.profiles.model import Profile

MERGED: Final = "Profile Merged"
UNMERGED: Final = "Profile Unmerged"
DECIDED: Final = frozenset({MERGED, UNMERGED})
"""What the hub announces once a person has decided who is one. What follows in journeys, the router does then."""


def taken_in(head: Profile, other: Profile, *, believed: bool) -> Profile:
    """Give what a head is once it has absorbed another profile. Rollups and stage are their owner's to join.

    Where both say something, the head's word stays, except where only the other's was vouched for. Of each consent the
    stricter holds, of each question the newer answer. Its next event comes after all that either has counted. Neither
    may have an event that is counted and not routed yet: what that leads to has keys made of the profile that it was
    counted in.

    Args:
        head: who absorbs.
        other: who is absorbed, with its own members.
        believed: whether a person or a server says that they are one. What only a client says brings no way to reach
            somebody who is vouched for: that client may be anybody's.
    """
    guarded = bool(head.verified) and not believed
    return replace(
        head,
        seq=max(head.seq, other.seq),
        traits=_traits(head, other, guarded=guarded),
        verified=head.verified | other.verified,
        devices=head.devices if guarded else _devices(head.devices, other.devices),
        locale=head.locale or other.locale,
        zone=head.zone or other.zone,
        events=head.events + other.events,
        first_seen_at=min(filter(None, (head.first_seen_at, other.first_seen_at)), default=None),
        last_seen_at=max(filter(None, (head.last_seen_at, other.last_seen_at)), default=None),
        members=(*head.members, other.id, *other.members),
        consents=consent.merged(head.consents, other.consents),
    )


def let_go(head: Profile, other: Profile, own: Profile, *, consents: Mapping[str, Any]) -> Profile:
    """Give what a head is once it no longer has absorbed another profile.

    Args:
        head: who had absorbed it.
        other: who goes; it is what it was when it came.
        own: what the head's own events make of an empty profile.
        consents: what holds by the head's own words.
    """
    gone = {other.id, *other.members}
    verified = own.verified | (head.verified - other.verified)
    # What is in no event stays: a device or an address that came by another way, and is not the other's.
    traits = {**_without(head.traits, other.traits), **own.traits}
    devices = _devices(own.devices, [it for it in head.devices if it not in {*own.devices, *other.devices}])
    return replace(
        head,
        traits=traits,
        verified=verified,
        devices=devices,
        locale=own.locale,
        zone=own.zone,
        events=own.events,
        first_seen_at=own.first_seen_at or head.first_seen_at,
        last_seen_at=own.last_seen_at or head.last_seen_at,
        members=tuple(it for it in head.members if it not in gone),
        consents=consents,
    )


def _traits(head: Profile, other: Profile, *, guarded: bool) -> Mapping[str, Any]:
    vouched = {name: other.traits[name] for name in other.verified - head.verified if name in other.traits}
    brought = {name: it for name, it in other.traits.items() if not guarded or name not in rules.CONTACT_TRAITS}
    both = answers.merged(head.traits, other.traits)
    return {**brought, **head.traits, **vouched, **({answers.TRAIT: both} if both else {})}


def _devices(ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    devices = tuple(it for it in theirs if it not in ours)
    for token in ours:
        devices = rules.with_device(devices, token)
    return devices


def _without(traits: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: it for name, it in traits.items() if name not in theirs or theirs[name] != it}
