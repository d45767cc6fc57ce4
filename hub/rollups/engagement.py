"""Engagement: on which channel and at which hour a customer takes notice of messages, by what they opened of late.

A state holds in `of` the last of these events, the newest first: each with `at`, `event`, the `message`, its `channel`
and the `weight` of the sign. It is the set of all such events cut to the newest, so that it is the same in whatever
order they come. What is best is found out when it is asked for: of a message that was opened and clicked the strongest
sign counts, and the hour is that of the clocks where the customer is now. In a profile it has its `version` and `last`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.events.announcing import HUB
from hub.events.model import Event
from hub.profiles.model import Channel
from hub.rollups.model import Engagement, State

ENOUGH: Final = 3
"""From how many messages on, that a customer took notice of, their habits are believed."""

_CHANNELS: Final = frozenset(Channel)


@dataclass(frozen=True, slots=True)
class Habit:
    """A channel, or an hour of the day, and what speaks for it.

    Attributes:
        value: the name of the channel, or the hour, `0` to `23`.
        points: the weights of the messages that speak for it.
        messages: how many these are.
        at: when the last of them was taken notice of.
        event: the event that told so.
    """

    value: str
    points: int
    messages: int
    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class Habits:
    """What is known of when and where a customer takes notice, the strongest first. Both are empty where it is little.

    Attributes:
        channels: by channel.
        hours: by hour of the day in `zone`.
        messages: of how many messages it is known.
        zone: where the customer is.
    """

    channels: tuple[Habit, ...] = ()
    hours: tuple[Habit, ...] = ()
    messages: int = 0
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


def single(engagement: Engagement, event: Event) -> State | None:
    """Make the state of one event; None where it says nothing of a message of the hub's."""
    message, channel = _id(event.properties.get("message_id")), event.properties.get("channel")
    weights = [sign.weight for sign in engagement.signs if sign.event == event.name]
    # What the hub itself has found out: anybody may send an event of this name.
    if event.source != HUB.id or not weights or channel not in _CHANNELS or message is None:
        return None
    told = {"at": event.at, "event": event.id, "message": message, "channel": channel, "weight": max(weights)}
    return {"of": [told]}


def merged(engagement: Engagement, one: State, other: State) -> State:
    """Bring two states together. One without `of` is that of no event."""
    if "of" not in one or "of" not in other:
        return one if "of" in one else other
    events = {it["event"]: it for state in (one, other) for it in state["of"]}
    return {"of": sorted(events.values(), key=_order, reverse=True)[: engagement.last]}


def habits(state: State | None, zone: ZoneInfo) -> Habits:
    """Tell what is known of a customer whose clocks are those of a zone."""
    strongest: dict[UUID, Mapping[str, Any]] = {}
    for it in (state or {}).get("of", ()):
        strongest[it["message"]] = max(it, strongest.get(it["message"], it), key=_strength)
    if len(strongest) < ENOUGH:
        return Habits(messages=len(strongest), zone=zone)
    taken = strongest.values()
    return Habits(
        channels=_ranked((it["channel"], it) for it in taken),
        hours=_ranked((str(it["at"].astimezone(zone).hour), it) for it in taken),
        messages=len(strongest),
        zone=zone,
    )


def _ranked(signs: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Habit, ...]:
    by_value: dict[str, list[Mapping[str, Any]]] = {}
    for value, it in signs:
        by_value.setdefault(value, []).append(it)
    found = [_habit(value, listed) for value, listed in by_value.items()]
    return tuple(sorted(found, key=lambda it: (it.points, it.at, it.event), reverse=True))


def _habit(value: str, signs: list[Mapping[str, Any]]) -> Habit:
    last = max(signs, key=_order)
    return Habit(value, sum(it["weight"] for it in signs), len(signs), last["at"], str(last["event"]))


def _id(written: object) -> UUID | None:
    """Read the id of a message, which a profile keeps in half the room of its text."""
    try:
        return UUID(written) if isinstance(written, str) else None
    except ValueError:
        return None


def _order(it: Mapping[str, Any]) -> tuple[datetime, UUID]:
    return it["at"], it["event"]


def _strength(it: Mapping[str, Any]) -> tuple[int, float, UUID]:
    # Of equals the first: a message that is opened again in the evening was found in the morning.
    at: datetime = it["at"]
    return it["weight"], -at.timestamp(), it["event"]
