"""Apply: events change their profiles, each once, whoever else works on the same part at the same time.

The update that changes a profile also names in it the events it counts, and is guarded by the profile's `rev`. A name
is taken away only by a later update, once its event is marked routed. So an attempt that reads the profiles first and
then looks which of its events are still unrouted can neither miss nor repeat one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.commerce import reading, recording
from hub.commerce.properties import BadOrder
from hub.commerce.recording import Tried
from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.events import store as events_store
from hub.events.model import Event
from hub.intake import identify, joining, standing
from hub.intake.standing import NOTHING_DEFINED, Defined
from hub.kit import ids
from hub.profiles import rules
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile


@dataclass(frozen=True, slots=True)
class Applied:
    """Events that are in their profiles, with profile and seq, in order of seq, and those profiles as they now are."""

    events: Sequence[Event]
    profiles: Mapping[UUID, Profile]


async def apply(
    batch: Sequence[Event], *, now: datetime, defined: Defined = NOTHING_DEFINED, region: str = ""
) -> Applied:
    """Bring a batch of accepted events into their profiles.

    Events whose profile was changed by another process meanwhile are left out: they stay on the work list. So are those
    that have to wait until somebody can be joined.

    Args:
        batch: in order of acceptance.
        now: the time.
        defined: what profiles count of the events, and how they are sorted.
        region: the country that phone numbers without a country's code are of.
    """
    found = await identify.profiles_of(batch, now=now, region=region)
    names_left = [name for profile in found.lineage.values() for name in profile.counted]
    unrouted = await events_store.unrouted([event.id for event in batch], names_left)
    joined = await joining.join(batch, found, unrouted, defined, now=now)
    # Announced about somebody who was erased since: they must not come back by it.
    orphans = {
        it.id for it in batch if it.about is not None and joined.profiles.get(it.id, it.about) not in joined.heads
    }
    plan = _Plan(joined.heads, unrouted, defined, now)
    for event in batch:
        if event.id in unrouted and event.id in joined.profiles and event.id not in orphans:
            plan.add(event, joined.profiles[event.id])
    # Before the profiles: once an event is counted, nobody asks again whether it was believed.
    await decisions.record([_decision(it, now) for it in plan.untrusted])
    # Orders before the profiles that count them, which are read by now: see `recording`.
    recorded = await recording.record(plan.events, plan.profiles, now=now, fresh=plan.fresh, tried=plan.tried)
    written = await profiles_store.save(list(recorded.profiles.values()), token=ids.new_id(), joined=joined.changed)
    unfinished = await recorded.finish(written)
    await standing.tell(standing.as_saved(recorded.profiles.values(), written), now=now)
    await events_store.mark_routed(orphans)
    finished = (it for it in plan.events if it.profile_id in written and it.id not in unfinished)
    return Applied(
        events=sorted(finished, key=lambda it: it.seq or 0),
        profiles={it: profile for it, profile in recorded.profiles.items() if it in written},
    )


class _Plan:
    """What a batch makes of its profiles, decided in memory."""

    def __init__(
        self, before: Mapping[UUID, Profile], unrouted: Collection[UUID], defined: Defined, now: datetime
    ) -> None:
        self._now = now
        self._milliseconds = int(now.timestamp() * 1000)
        self._defined = defined
        self._unrouted = unrouted
        self._before = before
        self.profiles: dict[UUID, Profile] = {}
        self.events: list[Event] = []
        self.fresh: set[UUID] = set()
        self.untrusted: list[Event] = []
        self.tried: dict[UUID, Tried] = {}

    def add(self, event: Event, profile_id: UUID) -> None:
        profile = self.profiles.get(profile_id) or self._begin(profile_id)
        counted = profile.counted.get(event.id)
        seq = rules.next_seq(profile, self._milliseconds) if counted is None else counted
        event = replace(event, profile_id=profile_id, seq=seq)
        self.tried[event.id] = found = reading.tried(event)
        if counted is None:
            if rules.untrusted_traits(profile, event):
                self.untrusted.append(event)
            before = standing.passed(profile, self._defined, now=self._now)
            profile = rules.apply(before, event, seq=seq)
            counts = not isinstance(found, BadOrder)  # what is set aside is no purchase
            profile = standing.taken_in(before, profile, event, self._defined, now=self._now, counts=counts)
            self.fresh.add(event.id)
        self.profiles[profile_id] = profile
        self.events.append(event)

    def _begin(self, profile_id: UUID) -> Profile:
        """Take a profile up, without the names of events that are marked routed."""
        profile = self._before.get(profile_id) or standing.begun(Profile(id=profile_id), self._defined)
        counted = {event: seq for event, seq in profile.counted.items() if event in self._unrouted}
        return replace(profile, counted=counted)


def _decision(event: Event, now: datetime) -> Decision:
    if event.profile_id is None:
        raise ValueError(f"Event {event.id} has no profile.")
    return Decision(
        profile_id=event.profile_id,
        question="identify",
        cause=str(event.id),
        reason=Reason.UNTRUSTED_SOURCE,
        at=now,
        detail={"source": event.source},
    )
