"""The messages of a broadcast to a few of its recipients: one for each person, whoever became one with whom since."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.broadcasts import rules
from hub.broadcasts.model import Broadcast, Definition
from hub.contact import hours
from hub.contact.model import Policy
from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.kit.local_time import zone_of
from hub.messaging import broadcasting, habits
from hub.messaging.model import Message, State
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.rollups import engagement, facts
from hub.rollups.engagement import Habits
from hub.rollups.model import ENGAGEMENT

BEST_HOUR: Final = "best_hour"
"""Why a message is deferred to the hour in which the customer takes most notice."""
OTHER_ZONE: Final = "other_zone"
"""Why a message is deferred to the time in the zone in which the customer is by now."""
HOUR: Final = timedelta(hours=1)


async def messages(
    broadcast: Broadcast, profile_ids: Sequence[UUID], *, policy: Policy, now: datetime
) -> list[Message]:
    """Make the messages of these customers. Who has been told as part of another profile gets a decision instead.

    A message is the listed profile's, whoever has absorbed it: so it has the same key whenever it is made.

    Args:
        broadcast: the broadcast.
        profile_ids: those of its recipients that are next. Who was erased since is left out.
        policy: says the zone of those customers of whom none is known.
        now: the time.
    """
    heads = await profiles_store.kin(profile_ids)
    teller = _Teller(broadcast, policy, await _habits(broadcast.definition, profile_ids, policy), now)
    told = await _told(broadcast, heads)
    made: list[Message] = []
    merged: list[UUID] = []
    persons: set[UUID] = set()
    for profile_id in profile_ids:
        head = heads.get(profile_id)
        if head is None:
            continue
        by_others = told.intersection(head.own_ids) - {profile_id}
        if head.id in persons or (by_others and profile_id not in told):
            merged.append(profile_id)
            continue
        persons.add(head.id)
        made.append(teller.message(profile_id, head))
    await decisions.record([_decision(broadcast, it, now) for it in merged])
    return made


async def _told(broadcast: Broadcast, heads: dict[UUID, Profile]) -> set[UUID]:
    """Tell which profiles of persons who are more than one have a message of this broadcast."""
    keys = {broadcast.message_id(own): own for head in heads.values() if len(head.own_ids) > 1 for own in head.own_ids}
    return {keys[it] for it in await broadcasting.told(keys)} if keys else set()


async def _habits(definition: Definition, profile_ids: Sequence[UUID], policy: Policy) -> dict[UUID, Habits]:
    """Read where and when these customers take notice, by the ids that were asked for, where that counts."""
    if not definition.best_first and not definition.at_best_hour:
        return {}
    profiles = await facts.load(profile_ids, rollups={ENGAGEMENT})
    found: dict[UUID, Habits] = {}
    for profile_id, it in profiles.items():
        [zone, *_] = hours.zones(it.zone, it.phone, policy)
        found[profile_id] = engagement.habits(it.rollups.get(ENGAGEMENT), zone)
    return found


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes the messages of one broadcast to a few of its recipients, by what is known of their habits."""

    broadcast: Broadcast
    policy: Policy
    known: Mapping[UUID, Habits]
    now: datetime

    def message(self, profile_id: UUID, head: Profile) -> Message:
        broadcast, definition = self.broadcast, self.broadcast.definition
        at, reason = self._moment(head), OTHER_ZONE
        why: Mapping[str, str] = {}
        channels = definition.channels
        if known := self.known.get(profile_id):
            best, _ = habits.moment(definition, known, at)
            if best > at:
                # Spread over the hour by the message's id, so that making it again tells the same time.
                share = random.Random(broadcast.message_id(profile_id).int).random()  # noqa: S311 - it guards nothing
                at, reason = best + share * HOUR, BEST_HOUR
            way = habits.route(definition, known)
            channels, why = way.channels, {**way.why, **habits.hour(definition, known, at)}
        is_later = at > self.now
        return Message(
            id=broadcast.message_id(profile_id),
            profile_id=profile_id,
            broadcast_id=broadcast.id,
            campaign=definition.name,
            template=definition.template,
            channels=channels,
            brand=definition.brand,
            topic=definition.topic,
            priority=definition.priority,
            created_at=self.now,
            # What is for later is not ahead of the senders, and keeps nobody else from being stored.
            state=State.DEFERRED if is_later else State.QUEUED,
            reason=reason if is_later else None,
            due=at,
            why=why,
        )

    def _moment(self, head: Profile) -> datetime:
        # Their zone may be another by now: then it is the clock of today that counts.
        zone = zone_of(self.policy.zone) or ZoneInfo("UTC")
        started_at = self.broadcast.started_at or self.now
        return max(self.now, rules.moment_of(self.broadcast.definition, head.zone, default=zone, started_at=started_at))


def _decision(broadcast: Broadcast, profile_id: UUID, now: datetime) -> Decision:
    return Decision(
        profile_id=profile_id,
        question=f"send {broadcast.definition.template}",
        cause=str(broadcast.message_id(profile_id)),
        reason=Reason.MERGED,
        at=now,
        detail={"broadcast": str(broadcast.id)},
    )
