"""Advance: what becomes of a broadcast, one small step after another, each of which may be repeated.

Messages first, then the cursor: whoever dies in between stores the same messages under the same keys again, and that
changes nothing. What somebody else has decided meanwhile, such as a pause, is seen by the next step.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from hub.access import audit
from hub.access.audit import Actor, Change
from hub.broadcasts import numbers, recipients, rules, store, telling
from hub.broadcasts.model import Broadcast, Limits, State
from hub.contact.store import Policies
from hub.kit import ids
from hub.kit.local_time import zone_of
from hub.messaging import broadcasting
from hub.messaging import store as messages_store
from hub.messaging.model import State as MessageState
from hub.segments import store as segments_store
from hub.segments import tallying

log = structlog.get_logger(__name__)

BATCH: Final = 500
AHEAD: Final = 2_000
"""Messages of one broadcast that wait for a sender at most, so that a pause has few to hold and nobody else waits."""
LEASE: Final = timedelta(seconds=15)
"""After which somebody else looks at a broadcast that is being advanced, if nobody has said otherwise."""
LATE: Final = timedelta(seconds=2)
"""How late its workflow may be before somebody else looks."""

_AT_ONCE: Final = timedelta()
_SOON: Final = timedelta(milliseconds=100)
_SENDING: Final = timedelta(milliseconds=500)
_SORTING: Final = timedelta(seconds=1)
_SETTLING: Final = timedelta(seconds=2)
_LONGEST: Final = timedelta(minutes=10)
_WATCHING: Final = timedelta(seconds=5)
_USUAL: Final = Limits()
_ITSELF: Final = Actor("hub", "broadcasts")


@dataclass(frozen=True, slots=True)
class Step:
    """What a step has done: whether it stored messages, and for how long there is nothing to do.

    None: until somebody changes the broadcast.
    """

    idle: timedelta | None
    queued: bool = False


class Advancer:
    """Advances the broadcasts of one process.

    Args:
        limits: at which a broadcast pauses itself.
    """

    def __init__(self, limits: Limits = _USUAL) -> None:
        self._policies = Policies()
        self._limits = limits
        self._watched: dict[UUID, datetime] = {}

    async def begin(self, broadcast_id: UUID, now: datetime) -> None:
        """Say that somebody looks at a broadcast."""
        broadcast = await store.find(broadcast_id)
        if broadcast.due is not None:
            await store.look_again(broadcast_id, broadcast.rev, now + LEASE)

    async def end(self, broadcast_id: UUID, clock: Callable[[], datetime]) -> timedelta | None:
        """Take the last step, note when to look again, and give how long that is from now; None: there is nothing."""
        # It may be changed between: then it is looked at again at once.
        rev = (await store.find(broadcast_id)).rev
        step = await self.step(broadcast_id, clock())
        if (await store.find(broadcast_id)).rev != rev:
            return _AT_ONCE
        await store.look_again(broadcast_id, rev, None if step.idle is None else clock() + step.idle + LATE)
        return step.idle

    async def step(self, broadcast_id: UUID, now: datetime) -> Step:
        """Take one step."""
        broadcast = await store.find(broadcast_id)
        match broadcast.state:
            case State.SCHEDULED:
                return await self._start(broadcast, now)
            case State.RUNNING:
                return await self._go_on(broadcast, now)
            case State.PAUSED | State.CANCELLED:
                return await _take_back(broadcast)
            case State.FINISHED:
                return Step(None)

    async def _go_on(self, broadcast: Broadcast, now: datetime) -> Step:
        if broadcast.may_hold:
            await broadcasting.release(broadcast.id)
            await store.save(broadcast, replace(broadcast, may_hold=False))
            return Step(_AT_ONCE, queued=True)
        if broadcast.moments is None:
            return await self._list(broadcast)
        if broadcast.is_watched and (reason := await self._stumbles(broadcast, now)):
            log.warning("broadcast_paused_itself", broadcast=str(broadcast.id), reason=reason)
            await store.save(broadcast, rules.paused(broadcast, now=now, reason=reason))
            return Step(_AT_ONCE)
        if not broadcast.is_written:
            return await self._tell(broadcast, now)
        return await _finish(broadcast, now)

    async def _start(self, broadcast: Broadcast, now: datetime) -> Step:
        """Fix the recipients: once the time has come, and everybody is sorted by the segment as it is published."""
        if now < broadcast.starts_at:
            return Step(broadcast.starts_at - now)
        live = await segments_store.DEFINITIONS.live([broadcast.definition.segment])
        if not live:
            await store.save(broadcast, rules.cancelled(broadcast, now=now, reason="no_segment"))
            return Step(_AT_ONCE)
        if not await tallying.is_complete(live[0]):
            return Step(_SORTING)
        await store.save(broadcast, replace(broadcast, state=State.RUNNING, started_at=now, paced_at=now))
        return Step(_AT_ONCE)

    async def _list(self, broadcast: Broadcast) -> Step:
        if await recipients.list_page(broadcast, await self._zone()):
            await store.save(broadcast, replace(broadcast, moments=await recipients.moments(broadcast)))
        return Step(_AT_ONCE)

    async def _tell(self, broadcast: Broadcast, now: datetime) -> Step:
        """Store the messages of the next customers: as many as the pace and the senders let through."""
        moment = (broadcast.moments or ())[broadcast.cursor.moment]
        if now < moment.at:
            return Step(moment.at - now)
        pace, paced_at = broadcast.definition.per_minute, broadcast.paced_at or now
        count, again = (BATCH, now) if pace is None else rules.room(pace, paced_at, now)
        if not count:
            return Step(again - now)
        count = min(count, BATCH, AHEAD - await broadcasting.ahead(broadcast.id, AHEAD, now=now))
        if not count:
            return Step(_SOON)
        profile_ids, cursor = await recipients.after(broadcast, count)
        messages = await telling.messages(broadcast, profile_ids, policy=await self._policies.current(), now=now)
        await messages_store.queue(messages)
        after = replace(
            broadcast,
            cursor=cursor,
            queued=broadcast.queued + len(messages),
            left_out=broadcast.left_out + len(profile_ids) - len(messages),
            paced_at=None if pace is None else rules.paced(pace, paced_at, len(messages), now),
        )
        if not await store.save(broadcast, after):
            # Perhaps it is paused, and what was just stored came too late to be held by that.
            return await self.step(broadcast.id, now)
        return Step(_AT_ONCE, queued=bool(messages))

    async def _stumbles(self, broadcast: Broadcast, now: datetime) -> str | None:
        """Look at what came back, every few seconds."""
        if now - self._watched.get(broadcast.id, broadcast.created_at) < _WATCHING:
            return None
        self._watched[broadcast.id] = now
        return rules.stumbles(self._limits, await numbers.feedback(broadcast.id))

    async def _zone(self) -> ZoneInfo:
        """Give the retailer's zone, as the contact policy says it."""
        return zone_of((await self._policies.current()).zone) or ZoneInfo("UTC")


async def _finish(broadcast: Broadcast, now: datetime) -> Step:
    """Wait until all messages are settled. What is held here was caught by a pause that is over."""
    left = await broadcasting.unsettled(broadcast.id)
    if MessageState.HELD in left.states:
        await broadcasting.release(broadcast.id)
        return Step(_AT_ONCE, queued=True)
    if left.states:
        until = (left.due or now) - now
        return Step(min(max(until, _SETTLING), _LONGEST))
    await recipients.forget(broadcast.id)
    await store.save(broadcast, replace(broadcast, state=State.FINISHED, ended_at=now, due=None))
    return Step(_AT_ONCE)


async def _take_back(broadcast: Broadcast) -> Step:
    """Hold or cancel what nobody has begun to send, until nobody is at it who may give something back."""
    if broadcast.state is State.CANCELLED:
        await broadcasting.take_back(broadcast.id, reason="cancelled")
    else:
        await _tell_of_itself(broadcast)
        await broadcasting.hold(broadcast.id)
        if (await store.find(broadcast.id)).state is State.RUNNING:
            await broadcasting.release(broadcast.id)  # it was resumed meanwhile
            return Step(_AT_ONCE, queued=True)
    if MessageState.SENDING in (await broadcasting.unsettled(broadcast.id)).states:
        return Step(_SENDING)
    if broadcast.state is State.CANCELLED:
        await recipients.forget(broadcast.id)
    return Step(None)


async def _tell_of_itself(broadcast: Broadcast) -> None:
    """Tell the audit of a broadcast that has paused itself, once: if its process died, whoever looks next does."""
    if broadcast.reason is None or broadcast.due is None:
        return
    states = {"state": State.RUNNING.value}, {"state": broadcast.state.value, "reason": broadcast.reason}
    change = Change("pause broadcast", str(broadcast.id), *states, frozenset({broadcast.definition.brand}))
    await audit.record(_ITSELF, change, cause=ids.key_of("broadcast paused itself", broadcast.id, broadcast.rev))
