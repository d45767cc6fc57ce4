"""Use cases of broadcasts: create, pause, resume and cancel one.

A change is written here and acted upon by the broadcast's workflow, which the keeper rings: nobody who asks for it
needs Temporal. What can be done at once is: messages that nobody has begun to send are held, let go or taken back.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.access.audit import Change
from hub.access.model import Limited
from hub.broadcasts import rules, store
from hub.broadcasts.model import BadBroadcast, Broadcast, Definition, NotAdvertising, NoWayOut, State
from hub.kit import ids
from hub.kit.problems import did_you_mean
from hub.messaging import broadcasting
from hub.profiles import topics
from hub.profiles.topics import TopicClass
from hub.segments import service as segments
from hub.segments.service import NoSuchSegment
from hub.wording.library import Library


@dataclass(frozen=True, slots=True)
class Changed:
    """A broadcast as it stands now, and what the audit is told: nothing where nothing has changed."""

    broadcast: Broadcast
    change: Change | None


async def create(definition: Definition, *, by: str, key: str, now: datetime, brands: Collection[str] = ()) -> Changed:
    """Store a broadcast, which starts by itself when its time has come.

    Args:
        definition: what is to be said to whom, and when.
        by: who asks, the scope of `key`.
        key: repeating it answers the same broadcast and changes nothing.
        now: the time.
        brands: whose messages the asking may send; of all, if none is named.

    Raises:
        Limited: it is another brand's.
        BadBroadcast: something of it cannot be.
    """
    broadcast_id = ids.key_of("broadcast", by, key)
    if brands and definition.brand not in brands:
        raise Limited
    if not (standing := await store.load([broadcast_id])):
        await _check(definition, now)
        starts_at = rules.starts_at(definition, now=now)
        await store.insert(
            Broadcast(
                id=broadcast_id,
                rev=1,
                definition=definition,
                state=State.SCHEDULED,
                created_at=now,
                created_by=by,
                starts_at=starts_at,
                due=starts_at,
            )
        )
        standing = await store.load([broadcast_id])
    created = standing[broadcast_id]
    after = {"name": created.definition.name, "segment": created.definition.segment, "starts_at": created.starts_at}
    return Changed(created, _change("create broadcast", created, None, after))


async def pause(broadcast_id: UUID, *, now: datetime, brands: Collection[str] = ()) -> Changed:
    """Stop a broadcast for a while. What a sender has already is sent, the rest is held.

    Raises:
        NoSuchBroadcast: there is none.
        Limited: it is another brand's than these.
        WrongState: it is over.
    """
    changed = await _decide(broadcast_id, "pause broadcast", brands, lambda it: rules.paused(it, now=now))
    if changed.broadcast.state is State.PAUSED:
        await broadcasting.hold(broadcast_id)
    return changed


async def resume(broadcast_id: UUID, *, now: datetime, brands: Collection[str] = ()) -> Changed:
    """Let a paused broadcast go on from where it was. The errors are those of `pause`."""
    changed = await _decide(broadcast_id, "resume broadcast", brands, lambda it: rules.resumed(it, now=now))
    if changed.broadcast.state is State.RUNNING:
        await broadcasting.release(broadcast_id)
    return changed


async def cancel(broadcast_id: UUID, *, now: datetime, brands: Collection[str] = ()) -> Changed:
    """End a broadcast for good: nobody else hears of it. The errors are those of `pause`."""
    changed = await _decide(broadcast_id, "cancel broadcast", brands, lambda it: rules.cancelled(it, now=now))
    await broadcasting.take_back(broadcast_id, reason="cancelled")
    return changed


async def _decide(
    broadcast_id: UUID, what: str, brands: Collection[str], decide: Callable[[Broadcast], Broadcast]
) -> Changed:
    """Write what is decided, and look again where somebody was faster."""
    while True:
        before = await store.find(broadcast_id)
        if brands and before.definition.brand not in brands:
            raise Limited
        after = decide(before)
        if after is before:
            return Changed(before, None)
        if await store.save(before, after):
            change = _change(what, after, {"state": before.state.value}, {"state": after.state.value})
            return Changed(await store.find(broadcast_id), change)


def _change(what: str, broadcast: Broadcast, before: dict[str, object] | None, after: dict[str, object]) -> Change:
    return Change(what, str(broadcast.id), before, after, frozenset({broadcast.definition.brand}))


async def _check(definition: Definition, now: datetime) -> None:
    rules.check(definition, now=now)
    try:
        await segments.live(definition.segment)
    except NoSuchSegment as error:
        raise BadBroadcast("segment", error.message) from None
    templates = await Library().names()
    if definition.template not in templates:
        hint = did_you_mean(definition.template, templates)
        raise BadBroadcast("template", f"There is no template `{definition.template}`.{hint}")
    topic = (await topics.load()).topic(definition.brand, definition.topic)
    if topic.topic_class is not TopicClass.MARKETING:
        raise NotAdvertising(definition.brand, definition.topic)
    ways = await Library().ways_out()
    if fault := ways.fault_of(definition.template, definition.channels, definition.brand, definition.topic):
        raise NoWayOut(fault)
