"""Preferring: where a customer likes to shop, told by the days on which something spoke for it.

A day counts once for a shop, by the strongest sign of that day: whoever looks at a hundred pages before ordering has
been there on one day. A state holds in `of` for every `value` the weight of its `days` (UTC, by their number since
1970) and the `last` event that spoke for it. In a profile it has its `version` and the days it looks back, `within`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.events.model import Event
from hub.rollups.counting import day_of
from hub.rollups.model import Preference, Sign, State

MOST_VALUES: Final = 50
"""Of how many shops a profile keeps the days: those it was at last."""
LONGEST_VALUE: Final = 64


@dataclass(frozen=True, slots=True)
class Preferred:
    """What is preferred, and why: it has the most `points`, on so many `days` of the window, the last time `at`."""

    value: str
    points: int
    days: int
    within_days: int
    at: datetime
    event: str
    version: str


def single(preference: Preference, event: Event) -> State | None:
    """Make the state of one event; None where it speaks for nothing."""
    found = ((sign, value) for sign in preference.signs if (value := _value(sign, event)) is not None)
    strongest = max(found, key=lambda it: it[0].weight, default=None)
    if strongest is None:
        return None
    sign, value = strongest
    days = {str(day_of(event.at)): sign.weight}
    return {"of": [{"value": value, "days": days, "last": {"at": event.at, "event": event.id}}]}


def merged(preference: Preference, one: State, other: State) -> State:
    """Bring two states of the same preference together. One without `of` is that of no event."""
    if "of" not in one or "of" not in other:
        return one if "of" in one else other
    of = {it["value"]: it for it in one["of"]}
    for it in other["of"]:
        of[it["value"]] = _both(of[it["value"]], it) if it["value"] in of else it
    newest = max(day_of(it["last"]["at"]) for it in of.values())
    kept = (_since(newest - preference.within_days, it) for it in of.values())
    return {"of": sorted((it for it in kept if it["days"]), key=_recency)[:MOST_VALUES]}


def preferred(state: State | None, *, now: datetime) -> Preferred | None:
    """Tell what is preferred at `now`: the most points, of equals what was there last; None where nothing is."""
    if not state or "of" not in state:
        return None
    today = day_of(now)
    found = (_told(state, it, today) for it in state["of"])
    return max((it for it in found if it.days), key=lambda it: (it.points, it.at, it.event), default=None)


def _told(state: State, it: Mapping[str, Any], today: int) -> Preferred:
    inside = [weight for day, weight in it["days"].items() if today - state["within"] < int(day) <= today]
    last = it["last"]
    return Preferred(
        value=it["value"],
        points=sum(inside),
        days=len(inside),
        within_days=state["within"],
        at=last["at"],
        event=str(last["event"]),
        version=state["version"],
    )


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    days = {**one["days"]}
    for day, weight in other["days"].items():
        days[day] = max(weight, days.get(day, 0))
    return {"value": one["value"], "days": days, "last": max(one["last"], other["last"], key=_order)}


def _since(horizon: int, it: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**it, "days": {day: weight for day, weight in it["days"].items() if int(day) > horizon}}


def _recency(it: Mapping[str, Any]) -> tuple[float, int, str]:
    at, event = _order(it["last"])
    return -at.timestamp(), -event.int, it["value"]


def _order(moment: Mapping[str, Any]) -> tuple[datetime, UUID]:
    return moment["at"], moment["event"]


def _value(sign: Sign, event: Event) -> str | None:
    if sign.event != event.name:
        return None
    if sign.by is None:
        return sign.always
    return _text(_reached(event.properties, sign.by[1:]))


def _reached(value: Any, names: Iterable[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: object) -> str | None:
    """Read the name of a shop; some sources send numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= LONGEST_VALUE else None
