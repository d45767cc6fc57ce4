"""Joining: what a device did before its user said who they are becomes part of the profile of that user.

The one that is absorbed is pointed to its head first; from then on its events are its head's. Then the head is saved
with it among its members, by the same write that counts the event which said so. A process that dies in between leaves
a pointer to a head that does not know of it, and whoever comes next takes it in there: what it was is still in its row.

Nobody is absorbed while one of their events is counted and not routed. What such an event leads to has keys made of the
profile it was counted in, and somebody may be at it: it is waited for, with all that comes after the join.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.events.model import Event
from hub.intake import standing
from hub.intake.assignment import Join
from hub.intake.identify import Found
from hub.intake.standing import Defined
from hub.kit import ids
from hub.ledger import gathering
from hub.profiles import merging, store
from hub.profiles.model import Profile


@dataclass(frozen=True, slots=True)
class Joined:
    """Whose the events of a batch are, once everybody is joined who could be.

    Attributes:
        profiles: the head's id by the event's id. Events that have to wait are left out.
        heads: the heads that exist, as they are to be.
        changed: those of them that took somebody in.
    """

    profiles: Mapping[UUID, UUID]
    heads: Mapping[UUID, Profile]
    changed: Collection[UUID]


async def join(
    batch: Sequence[Event], found: Found, unrouted: Collection[UUID], defined: Defined, *, now: datetime
) -> Joined:
    """Absorb who is to be absorbed, and take in whom others have absorbed and not taken in yet.

    Args:
        batch: the events.
        found: whose they are.
        unrouted: which of them, and of the events counted in their profiles, are not routed yet. It was looked up after
            the profiles were read.
        defined: what profiles count, and how they are sorted.
        now: the time.
    """
    taking = _Taking(found.lineage, unrouted, defined, now)
    taking.take_in_the_absorbed()
    ready, waiting = taking.sorted_out(found.joins)
    absorbed = await store.absorb([(taking.read(it.absorbed), it.head) for it in ready], token=ids.new_id())
    for it in ready:
        if it.absorbed in absorbed:
            taking.take_in(it)
        else:
            waiting.append(it)
    # Those as well whom another one has absorbed and not lived to hand over.
    await gathering.gather(absorbed | taking.taken_in, now=now)
    profiles = _without_waiting(batch, found.profiles, waiting, {it: taking.head(it) for it in absorbed})
    return Joined(profiles, taking.heads, taking.changed)


class _Taking:
    """Takes profiles into their heads, in memory."""

    def __init__(
        self, lineage: Mapping[UUID, Profile], unrouted: Collection[UUID], defined: Defined, now: datetime
    ) -> None:
        self._lineage = lineage
        self._unrouted = unrouted
        self._defined = defined
        self._now = now
        self._head_of = {it: head.id for it, head in store.heads_in(lineage).items()}
        self.heads = {head: lineage[head] for head in self._head_of.values()}
        self.changed: set[UUID] = set()
        self.taken_in: set[UUID] = set()

    def take_in_the_absorbed(self) -> None:
        """Take in those whose head does not name them: whoever absorbed them died before it was saved."""
        # The nearest first: it may bring others with it.
        for it in sorted(self._head_of, key=self._distance):
            if it not in self.heads[self._head_of[it]].own_ids:
                self._add(self._head_of[it], self._lineage[it])

    def sorted_out(self, joins: Iterable[Join]) -> tuple[list[Join], list[Join]]:
        """Tell which joins can be made now, and which have to wait: for an event, or for a join before them."""
        ready: list[Join] = []
        waiting: list[Join] = []
        for it in joins:
            both = {it.absorbed, it.head}
            behind = any(both & {other.absorbed, other.head} for other in waiting)
            (waiting if behind or not all(map(self._is_quiet, both)) else ready).append(it)
        return ready, waiting

    def take_in(self, join: Join) -> None:
        """Take in somebody who was just absorbed."""
        other = self.heads.pop(join.absorbed, None) or standing.begun(Profile(id=join.absorbed), self._defined)
        self._head_of = {it: join.head if head == other.id else head for it, head in self._head_of.items()}
        self._head_of[other.id] = join.head
        self.changed.discard(other.id)
        self._add(join.head, other)

    def read(self, profile_id: UUID) -> Profile:
        """Give a profile as it was read; a new one that does not exist yet."""
        return self._lineage.get(profile_id) or Profile(id=profile_id)

    def head(self, profile_id: UUID) -> UUID:
        """Tell whose part a profile is by now."""
        return self._head_of.get(profile_id, profile_id)

    def _add(self, head_id: UUID, other: Profile) -> None:
        head = self.heads.get(head_id) or standing.begun(Profile(id=head_id), self._defined)
        head = standing.passed(head, self._defined, now=self._now)
        both = merging.taken_in(head, other, believed=False)
        self.taken_in |= {other.id, *other.members}
        self.heads[head_id] = standing.merged(head, other, both, self._defined, now=self._now)
        self.changed.add(head_id)

    def _is_quiet(self, profile_id: UUID) -> bool:
        return self.read(profile_id).counted.keys().isdisjoint(self._unrouted)

    def _distance(self, profile_id: UUID) -> int:
        steps, at = 0, self._lineage[profile_id]
        while at.absorbed_by is not None:
            steps, at = steps + 1, self._lineage[at.absorbed_by]
        return steps


def _without_waiting(
    batch: Sequence[Event], profiles: Mapping[UUID, UUID], waiting: Sequence[Join], absorbed: Mapping[UUID, UUID]
) -> dict[UUID, UUID]:
    """Leave out an event that says of a join which has to wait, and what comes after it for these people: in order."""
    waiting_for = {it.event_id: it for it in waiting}
    held: set[UUID] = set()
    kept: dict[UUID, UUID] = {}
    for event in batch:
        profile_id = absorbed.get(profiles[event.id], profiles[event.id])
        if (join := waiting_for.get(event.id)) is not None:
            held |= {absorbed.get(it, it) for it in (join.absorbed, join.head)}
        if profile_id not in held:
            kept[event.id] = profile_id
    return kept
