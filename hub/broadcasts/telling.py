"""The messages of a broadcast to a few of its recipients: one for each person, whoever became one with whom since."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.broadcasts import rules
from hub.broadcasts.model import Broadcast
from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.messaging import broadcasting
from hub.messaging.model import Message
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile


async def messages(
    broadcast: Broadcast, profile_ids: Sequence[UUID], *, zone: ZoneInfo, now: datetime
) -> list[Message]:
    """Make the messages of these customers. Who has been told as part of another profile gets a decision instead.

    A message is the listed profile's, whoever has absorbed it: so it has the same key whenever it is made.

    Args:
        broadcast: the broadcast.
        profile_ids: those of its recipients that are next. Who was erased since is left out.
        zone: of those customers of whom none is known.
        now: the time.
    """
    heads = await profiles_store.kin(profile_ids)
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
        made.append(_message(broadcast, profile_id, head, zone, now))
    await decisions.record([_decision(broadcast, it, now) for it in merged])
    return made


async def _told(broadcast: Broadcast, heads: dict[UUID, Profile]) -> set[UUID]:
    """Tell which profiles of persons who are more than one have a message of this broadcast."""
    keys = {broadcast.message_id(own): own for head in heads.values() if len(head.own_ids) > 1 for own in head.own_ids}
    return {keys[it] for it in await broadcasting.told(keys)} if keys else set()


def _message(broadcast: Broadcast, profile_id: UUID, head: Profile, zone: ZoneInfo, now: datetime) -> Message:
    definition = broadcast.definition
    # Their zone may be another by now: then it is the clock of today that counts.
    at = rules.moment_of(definition, head.zone, default=zone, started_at=broadcast.started_at or now)
    return Message(
        id=broadcast.message_id(profile_id),
        profile_id=profile_id,
        broadcast_id=broadcast.id,
        campaign=definition.name,
        template=definition.template,
        channels=definition.channels,
        brand=definition.brand,
        topic=definition.topic,
        priority=definition.priority,
        created_at=now,
        due=max(at, now),
    )


def _decision(broadcast: Broadcast, profile_id: UUID, now: datetime) -> Decision:
    return Decision(
        profile_id=profile_id,
        question=f"send {broadcast.definition.template}",
        cause=str(broadcast.message_id(profile_id)),
        reason=Reason.MERGED,
        at=now,
        detail={"broadcast": str(broadcast.id)},
    )
