"""When advertising may go out: by the contact policy's quiet hours and caps, the law's hours, and who else waits.

What is decided here for a batch is only a forecast: the place under the caps is taken after the claim. But a message
that has none in sight need not be claimed for that.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.contact import caps, hours, legal, store
from hub.contact.model import Obstacle, Place, Policy, Then
from hub.contact.service import Wish
from hub.contact.store import Contact, Policies
from hub.decisions.model import Reason
from hub.messaging import delivery
from hub.messaging import store as messages_store
from hub.messaging.model import Message
from hub.profiles import cases
from hub.profiles.model import Channel, Profile
from hub.profiles.topics import Catalogue, TopicClass

_AHEAD: Final = timedelta(hours=12)
"""A message of higher priority that waits so long at most, over a night, has the place of one that could go out now."""
_LOOK_AGAIN: Final = timedelta(hours=1)
"""After which time to ask again whether a case is closed: nobody knows when it will be."""
_OBSTACLES: Final[Mapping[Obstacle, Reason]] = {
    Obstacle.CAPPED: Reason.CAPPED,
    Obstacle.QUIET_HOURS: Reason.QUIET_HOURS,
    Obstacle.OPEN_CASE: Reason.OPEN_CASE,
}


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a message must not go out on a channel now, what follows, and until when: None where no end is in sight."""

    reason: Reason
    then: Then
    until: datetime | None


@dataclass(slots=True)
class Timing:
    """What holds for one batch. It counts the places of those that were found ready, so that the next sees them.

    Attributes:
        policy: as it is now.
        now: the time of the batch.
        contacts: what the customers were told of late, by head.
        rivals: messages that wait for the same customers, by head.
        waiting: the heads who wait for an answer of the service.
    """

    policy: Policy
    now: datetime
    contacts: Mapping[UUID, Contact] = field(default_factory=dict)
    rivals: Mapping[UUID, Sequence[Message]] = field(default_factory=dict)
    waiting: Collection[UUID] = ()
    _reserved: defaultdict[UUID, list[Place]] = field(default_factory=lambda: defaultdict(list))

    def hinders(self, message: Message, profile: Profile) -> Hindrance | None:
        """Tell what stands in the way of advertising on the channel it is on. None where nothing does."""
        if profile.id in self.waiting:
            return self._met(Obstacle.OPEN_CASE, self.now + _LOOK_AGAIN)
        channel = message.channel
        quiet = hours.concerned(self.policy.quiet, channel, message.brand, message.topic)
        if channel is Channel.SMS and profile.phone:
            quiet += legal.quiet_for(profile.phone)
        if quiet:
            until = hours.quiet_until(quiet, hours.zones(profile.zone, profile.phone, self.policy), self.now)
            if until is None or until > self.now:
                return self._met(Obstacle.QUIET_HOURS, until)
        return self._capped(message, profile) if self.policy.caps else None

    def wish(self, message: Message, profile: Profile) -> Wish:
        """Count a message as one that goes out now, and give the place that it needs, where there are caps."""
        place = _place(message, self.now)
        self._reserved[profile.id].append(place)
        [zone, *_] = hours.zones(profile.zone, profile.phone, self.policy)
        return Wish(profile.id, place, zone, self.contacts[profile.id])

    def decided(self, message: Message, met: Hindrance) -> Message:
        """Give the message as it stands after what it has met: skipped, or deferred as long as it is worth sending."""
        if met.then is not Then.DEFER:
            return delivery.skipped(message, met.reason)
        if met.until is None or met.until - message.created_at > self.policy.longest:
            return delivery.skipped(message, Reason.NO_LONGER_WORTH_IT)
        # Spread by the message's id, so that deciding it again tells the same time.
        share = random.Random(message.id.int).random()  # noqa: S311 - it spreads a load, it guards nothing
        return delivery.deferred(message, met.reason, until=met.until + share * self.policy.spread)

    def _capped(self, message: Message, profile: Profile) -> Hindrance | None:
        [zone, *_] = hours.zones(profile.zone, profile.phone, self.policy)
        wanted, standing = _place(message, self.now), self.contacts[profile.id].places
        room = caps.room_at(self.policy.caps, standing, wanted, zone)
        if room > self.now:
            return self._met(Obstacle.CAPPED, room)
        before = [it for it in self.rivals.get(profile.id, ()) if it.priority > message.priority]
        ahead = [*self._reserved[profile.id], *(_place(it, self.now) for it in before)]
        room = caps.room_at(self.policy.caps, [*standing, *ahead], wanted, zone)
        if room > self.now:
            return Hindrance(Reason.LOWER_PRIORITY, self.policy.then[Obstacle.CAPPED], room)
        return None

    def _met(self, obstacle: Obstacle, until: datetime | None) -> Hindrance:
        return Hindrance(_OBSTACLES[obstacle], self.policy.then[obstacle], until)


class Timekeeper:
    """Gives what holds for each batch of one process."""

    def __init__(self) -> None:
        self._policies = Policies()

    async def policy(self) -> Policy:
        """Give the policy as it is now, at most a second old."""
        return await self._policies.current()

    async def free(self, places: Sequence[tuple[UUID, Channel]]) -> None:
        """Return places under the caps, of messages on channels where they did not go out."""
        if places and (await self.policy()).caps:
            await store.give_back(places)

    async def of(
        self, messages: Sequence[Message], heads: Mapping[UUID, Profile], topics: Catalogue, now: datetime
    ) -> Timing:
        """Read what is asked of the customers of these messages: what they were told only where there are caps.

        Args:
            messages: those that are decided together.
            heads: their customers, by the profiles that the messages name.
            topics: which of them are advertising.
            now: the time.
        """
        policy = await self.policy()
        told = {head.id: head for it in messages if is_advertising(it, topics) and (head := heads.get(it.profile_id))}
        waiting = await cases.with_open(told.values()) if told else set()
        if not told or not policy.caps:
            return Timing(policy, now, waiting=waiting)
        own_ids = {head.id: head.own_ids for head in told.values()}
        contacts = await store.load(own_ids)
        head_of = {id_: head for head, ids in own_ids.items() for id_ in ids}
        batch = {it.id for it in messages}
        rivals: defaultdict[UUID, list[Message]] = defaultdict(list)
        for rival in await messages_store.waiting(head_of, since=now - policy.longest, until=now + _AHEAD):
            if rival.id not in batch and is_advertising(rival, topics):
                rivals[head_of[rival.profile_id]].append(rival)
        return Timing(policy, now, contacts, rivals, waiting)


def is_advertising(message: Message, topics: Catalogue) -> bool:
    """Tell whether a message is one that nobody is obliged to send: the policy is about these only."""
    return topics.topic(message.brand, message.topic).topic_class is TopicClass.MARKETING


def _place(message: Message, at: datetime) -> Place:
    return Place(message.id, message.channel, message.brand, message.topic, at)
