"""Recording: events become orders, and orders are counted in the totals of their profiles, each exactly once.

An order is stored first. A new one foretells what its profile will have counted of it, once that has taken in the
event which told of it: this holds or not by the write that saves the profile, and costs no other.

For whatever else changes, the profile names in the write that saves it what it has counted of the order; then the order
notes that as told, and only when it is noted does the name leave the profile. So what a profile has counted of an order
is known at any moment, whoever dies or works beside (docs/adr/0011).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from uuid import UUID

from hub.commerce import cards, orders, reading, totals
from hub.commerce.model import Order
from hub.commerce.orders import Kept
from hub.commerce.properties import BadOrder
from hub.commerce.told import NOTHING_TOLD, Told
from hub.commerce.totals import ROLLUP, Contribution, Totals
from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.events import store as events_store
from hub.events.model import Event, Trust
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile

Tried: TypeAlias = Order | BadOrder | None
NOTHING_TRIED: Final[Mapping[UUID, Tried]] = MappingProxyType({})

_COUNTED: Final = "counted"
"""Where a profile's totals name what was counted and may not be noted in its order yet."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Orders that are stored, and the profiles with their totals, which have still to be saved."""

    profiles: Mapping[UUID, Profile]
    unnoted: Sequence[tuple[UUID, UUID, Told]] = ()
    waiting: Mapping[UUID, set[UUID]] = field(default_factory=dict)

    async def finish(self, saved: set[UUID]) -> set[UUID]:
        """Note in the orders what the profiles that were saved have counted.

        Returns:
            The events that are not finished, for a profile that counts their order was changed by somebody else: they
            have to be recorded again.
        """
        await orders.tell([it for it in self.unnoted if it[1] in saved])
        return {event_id for event_id, profile_ids in self.waiting.items() if not saved >= profile_ids}


async def record(
    events: Sequence[Event],
    profiles: Mapping[UUID, Profile],
    *,
    now: datetime,
    fresh: Collection[UUID] = (),
    tried: Mapping[UUID, Tried] = NOTHING_TRIED,
) -> Recorded:
    """Store what events say of orders, and count the orders in their profiles.

    Args:
        events: unrouted events with their profiles.
        profiles: the profiles of these events, as they will be saved where `rev` is still the one that was read.
        now: when refusals are recorded.
        fresh: the events that these profiles count since they were read.
        tried: what was read of these events already.

    Returns:
        All these profiles with their totals, and others that an order has left; save them, then call `finish`.
    """
    orders_of = await _heard([it for it in events if it.name in reading.EVENTS], tried, now)
    if not orders_of and not any(map(_counted, profiles.values())):
        return Recorded(profiles)
    heard = _joined(orders_of.values())
    kept = await orders.join(heard)
    everybody, missing = dict(profiles), set[UUID]()
    # A profile is read before the orders that it counts: so the others that these orders concern, and then them again.
    while others := {it for key in heard for it in _concerned(kept[key])} - everybody.keys() - missing:
        found = await profiles_store.load(others)
        everybody |= found
        missing |= others - found.keys()  # erased: nobody counts for them any more
        kept |= await orders.read(heard.keys())
    counting = _Counting(everybody, kept, fresh)
    await counting.look_up_notes()
    for order_id in heard:
        counting.count(order_id)
    bounds = await orders.bounds(counting.shortened) if counting.shortened else {}
    saved = {it: counting.saved(it, bounds) for it in profiles.keys() | counting.changes.keys()}
    changed = counting.changed_by_order()
    return Recorded(
        profiles=saved,
        unnoted=[
            (order_id, profile_id, it)
            for profile_id, profile in saved.items()
            for order_id, it in _counted(profile).items()
        ],
        waiting={event_id: changed[order.id] for event_id, order in orders_of.items() if order.id in changed},
    )


class _Counting:
    """What a batch changes in the totals of its profiles, decided in memory.

    Args:
        profiles: as they were read before the orders.
        kept: the orders that were heard of, with all that was heard of them.
        fresh: the events that profiles have taken in since.
    """

    def __init__(self, profiles: Mapping[UUID, Profile], kept: Mapping[UUID, Kept], fresh: Collection[UUID]) -> None:
        self._profiles = profiles
        self._kept = kept
        self._fresh = fresh
        self._routed: Mapping[UUID, UUID] = {}
        self._named = {it: counted for it, profile in profiles.items() if (counted := _counted(profile))}
        self._noted = {order_id: it.told for order_id, it in kept.items()}
        self._holders: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for profile_id, counted in self._named.items():
            for order_id in counted:
                self._holders[order_id].add(profile_id)
        self.changes: defaultdict[UUID, dict[UUID, tuple[Contribution | None, Contribution | None]]] = defaultdict(dict)
        self.shortened: set[UUID] = set()

    async def look_up_notes(self) -> None:
        """Read what other orders, which profiles still name, have noted since, and which foretold events are over."""
        self._noted |= await orders.told_of(self._holders.keys() - self._kept.keys())
        self._routed = await events_store.routed_as(
            {
                note.event
                for told in self._noted.values()
                for profile_id, note in told.items()
                if note.event and profile_id in self._profiles and note.event not in self._profiles[profile_id].counted
            }
        )

    def count(self, order_id: UUID) -> None:
        """Compare what every profile has counted of an order with what it should have."""
        kept = self._kept[order_id]
        contents, contribution = kept.order.contents, Contribution.of(kept.order)
        for profile_id in (_concerned(kept) | self._holders[order_id]) & self._profiles.keys():
            was = self._told(profile_id, order_id).contribution
            wanted = contribution if contents and contents.profile_id == profile_id else None
            # What is foretold otherwise must not come true: the profile has to name what it counts.
            if was != wanted or self._expected(profile_id, order_id) not in {None, wanted}:
                self.changes[profile_id][order_id] = (was, wanted)
                if totals.takes_back(was, wanted):
                    self.shortened.add(profile_id)

    def changed_by_order(self) -> dict[UUID, set[UUID]]:
        """List the profiles whose totals change, by the order that changes them."""
        changed: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for profile_id, changes in self.changes.items():
            for order_id in changes:
                changed[order_id].add(profile_id)
        return changed

    def saved(self, profile_id: UUID, bounds: Mapping[UUID, tuple[datetime, datetime]]) -> Profile:
        """Give a profile as it is to be saved: with its changes, and without names that are noted by now."""
        profile = self._profiles[profile_id]
        changes, named = self.changes.get(profile_id, {}), self._named.get(profile_id, {})
        counted = {it: told for it, told in named.items() if self._note(profile_id, it).rev < told.rev}
        if not changes and len(counted) == len(named):
            return profile
        total = Totals.of(profile.rollups)
        for order_id, (was, wanted) in changes.items():
            total = totals.moved(total, was, wanted)
            if not self._comes_true(profile_id, order_id, wanted):
                counted[order_id] = Told(profile.rev + 1, wanted)
        if profile_id in self.shortened:
            first_at, last_at = bounds.get(profile_id, (None, None))
            total = replace(total, first_at=first_at, last_at=last_at)
        rollup = {**total.row, _COUNTED: {str(order_id): it.row for order_id, it in counted.items()}}
        return replace(profile, rollups={**profile.rollups, ROLLUP: rollup})

    def _note(self, profile_id: UUID, order_id: UUID) -> Told:
        return self._noted.get(order_id, {}).get(profile_id, NOTHING_TOLD)

    def _told(self, profile_id: UUID, order_id: UUID) -> Told:
        """Say what a profile has counted of an order: as it names itself, or as the order has noted since."""
        named = self._named.get(profile_id, {}).get(order_id, NOTHING_TOLD)
        note = self._note(profile_id, order_id)
        if note.event and not self._counted_before(profile_id, note.event):
            return named
        return named if named.rev > note.rev else note

    def _expected(self, profile_id: UUID, order_id: UUID) -> Contribution | None:
        """Say what is foretold that a profile counts of an order, where it has not come true, nor been overruled."""
        note = self._note(profile_id, order_id)
        if order_id in self._named.get(profile_id, {}) or not note.event:
            return None
        return None if self._counted_before(profile_id, note.event) else note.contribution

    def _counted_before(self, profile_id: UUID, event_id: UUID) -> bool:
        """Tell whether a profile had taken in an event when it was read: it still names it, or the event is routed."""
        if event_id in self._profiles[profile_id].counted:
            return event_id not in self._fresh
        return self._routed.get(event_id) == profile_id

    def _comes_true(self, profile_id: UUID, order_id: UUID, wanted: Contribution | None) -> bool:
        """Tell whether saving a profile makes true what is foretold that it counts of an order."""
        note = self._note(profile_id, order_id)
        fresh = note.event in self._fresh and note.event in self._profiles[profile_id].counted
        return fresh and note.contribution == wanted and order_id not in self._named.get(profile_id, {})


async def _heard(events: Sequence[Event], tried: Mapping[UUID, Tried], now: datetime) -> dict[UUID, Order]:
    """Read what events say of orders, by the event's id. What cannot be believed or used is recorded as such."""
    heard: dict[UUID, Order] = {}
    decided: list[Decision] = []
    refused: list[tuple[Event, BadOrder]] = []
    for event in events:
        if event.trust is not Trust.SERVER:
            decided.append(_decision(event, "order", Reason.UNTRUSTED_SOURCE, now))
            continue
        if cards.is_blanked(event.properties):
            decided.append(_decision(event, "keep a card number", Reason.CARD_NUMBER, now))
        found = tried.get(event.id) or reading.tried(event)
        if isinstance(found, Order):
            heard[event.id] = found
        elif found is not None:
            refused.append((event, found))
    if decided:
        await decisions.record(decided)
    if refused:
        await events_store.set_aside([(event, error.code.lower(), error.message) for event, error in refused], now=now)
    return heard


def _joined(told: Iterable[Order]) -> dict[UUID, Order]:
    """Join all that a batch says of each order, by the order's id."""
    heard: dict[UUID, Order] = {}
    for order in told:
        order_id = order.id
        heard[order_id] = heard[order_id].joined(order) if order_id in heard else order
    return heard


def _concerned(kept: Kept) -> set[UUID]:
    """Name the profile whose order it is, and those that have counted it."""
    contents = kept.order.contents
    return {*kept.told, *({contents.profile_id} if contents else ())}


def _counted(profile: Profile) -> dict[UUID, Told]:
    rows: Mapping[str, Any] = profile.rollups.get(ROLLUP, {}).get(_COUNTED, {})
    return {UUID(order_id): Told.of(row) for order_id, row in rows.items()}


def _decision(event: Event, question: str, reason: Reason, now: datetime) -> Decision:
    if event.profile_id is None:
        raise ValueError(f"Event {event.id} has no profile.")
    return Decision(event.profile_id, question, str(event.id), reason, now, {"source": event.source})
